import { expect } from 'chai';
import type { SinonFakeTimers } from 'sinon';
import type { Revocation, RevocationRule, RevocationStore } from '../../lib/types';
import { Warnings } from '../support/warnings';
import { fakeClock, LiveSession, Node, START } from './kit';

const SECOND = START / 1000;

describe('the revocations of a node', () => {
  let clock: SinonFakeTimers;
  let node: Node;

  beforeEach(() => {
    clock = fakeClock();
  });
  afterEach(() => {
    node.close();
    clock.restore();
  });

  it('of a user end every live session, however far ahead the clock of the issuer is', async () => {
    node = new Node();
    const sessions = [-9, 0, 3, undefined].map(
      (ahead) => new LiveSession(node, { sub: 'bob', ...(ahead !== undefined && { iat: SECOND + ahead }) }),
    );
    const eve = new LiveSession(node, { sub: 'eve' });
    expect(await node.revocations.revoke({ sub: 'bob' })).to.deep.equal({ issuedBefore: SECOND + 1 });
    for (const session of sessions) expect(session.events).to.deep.equal(['revoked, retryable']);
    expect(eve.isLive).to.equal(true);
    // Shown later, by what they say themselves.
    expect(node.revocations.refuses({ sub: 'bob', iat: SECOND })).to.deep.equal({ retryable: true });
    expect(node.revocations.refuses({ sub: 'bob', iat: SECOND + 1 })).to.equal(undefined);
  });

  it('of a user end every live session, even if the clock was set back since it began', async () => {
    node = new Node();
    const session = new LiveSession(node, { sub: 'bob', iat: SECOND });
    clock.setSystemTime(START - 60_000);
    await node.revocations.revoke({ sub: 'bob' });
    expect(session.isLive).to.equal(false);
  });

  it('with issuedBefore end the sessions whose token was issued before', async () => {
    node = new Node();
    const [old, later] = [9, 10].map((iat) => new LiveSession(node, { sub: 'bob', iat }));
    expect(await node.revocations.revoke({ sub: 'bob', issuedBefore: 10 })).to.deep.equal({
      issuedBefore: 10,
    });
    expect([old?.isLive, later?.isLive]).to.deep.equal([false, true]);
  });

  for (const rule of [{ jti: 'one' }, { sid: 'session' }] as Revocation[]) {
    it(`by ${Object.keys(rule)[0]} are final`, async () => {
      node = new Node();
      const identity = { jti: 'one', sid: 'session', sub: 'bob', iat: SECOND + 99 };
      const session = new LiveSession(node, identity);
      expect(await node.revocations.revoke(rule)).to.deep.equal({});
      expect(session.events).to.deep.equal(['revoked']);
      expect(node.revocations.refuses(identity)).to.deep.equal({ retryable: false });
    });
  }

  it('by jti and iss are not forgotten with the session of another issuer that has the same jti', async () => {
    node = new Node();
    const other = new LiveSession(node, { jti: 'one', iss: 'other' }, START + 1_000);
    await node.revocations.revoke({ jti: 'one', iss: 'own' });
    expect(other.isLive).to.equal(true);
    clock.tick(600_000);
    // So many that expired rules are forgotten.
    for (let index = 0; index < 1100; index += 1) await node.revocations.revoke({ jti: `other ${index}` });
    expect(node.revocations.refuses({ jti: 'one', iss: 'own' })).to.deep.equal({ retryable: false });
    expect(node.published[0]).to.include({ expiresAt: null });
  });

  it('by jti are not forgotten with a session whose token lives longer for another authorizer of the store', async () => {
    const store: RevocationStore = { add: () => undefined, isRevoked: () => false };
    const [strict, lax] = [new Node({ store, maxTokenLife: 60_000 }), new Node({ store })];
    node = strict;
    try {
      const sessions = ['one', 'two', 'three'].map(
        (jti) => new LiveSession(jti === 'three' ? lax : strict, { jti }, START + 30_000),
      );
      await strict.revocations.revoke({ jti: 'one' });
      await lax.revocations.revoke({ jti: 'three' });
      lax.close();
      await strict.revocations.revoke({ jti: 'two' });
      const ends = [...strict.published, ...lax.published].map(
        (rule) => (rule as { expiresAt: unknown }).expiresAt,
      );
      expect(ends).to.deep.equal([null, START + 30_000, null]);
      expect(sessions.some(({ isLive }) => isLive)).to.equal(false);
    } finally {
      lax.close();
    }
  });

  it('end all other sessions if the application throws when one ends', async () => {
    node = new Node();
    const warnings = new Warnings();
    const sessions = [1, 2].map(() => new LiveSession(node, { sub: 'bob' }));
    Object.assign(sessions[0] as LiveSession, {
      revoke: () => {
        throw new Error('of the application');
      },
    });
    await node.revocations.revoke({ sub: 'bob' });
    expect(sessions[1]?.isLive).to.equal(false);
    clock.restore();
    expect((await warnings.next()).message).to.match(/the end of a session/);
    warnings.close();
  });

  it('are published as a message that another node understands, whatever its clock says', async () => {
    node = new Node();
    const other = new Node();
    const session = new LiveSession(other, { sub: 'bob', iss: 'a', iat: SECOND + 3 });
    const stranger = new LiveSession(other, { sub: 'bob', iss: 'b' });
    await node.revocations.revoke({ sub: 'bob', iss: 'a' });
    clock.setSystemTime(START + 3_600_000);
    for (const message of node.published) other.revocations.receive(JSON.parse(JSON.stringify(message)));
    for (const message of [null, 7, {}, { sub: 'bob' }]) other.revocations.receive(message);
    expect([session.isLive, stranger.isLive]).to.deep.equal([false, true]);
    other.close();
  });

  it('from other nodes are written to the store, and reported if that fails', async () => {
    const kept: RevocationRule[] = [];
    const store: RevocationStore = {
      add: (rule) => {
        kept.push(rule);
        return kept.length > 1 ? Promise.reject(new Error('down')) : undefined;
      },
      isRevoked: () => false,
    };
    node = new Node({ store });
    clock.restore();
    const warnings = new Warnings();
    const session = new LiveSession(node, { jti: 'one' });
    node.revocations.receive({ jti: 'one', expiresAt: null });
    expect(session.isLive).to.equal(false);
    expect(kept).to.deep.equal([{ jti: 'one', expiresAt: null }]);
    node.revocations.receive({ jti: 'two', expiresAt: null });
    expect((await warnings.next()).message).to.match(/revocation store/);
    warnings.close();
    expect(node.revocations.refuses({ jti: 'two' })).to.deep.equal({ retryable: false });
  });

  it('that the store has are remembered for ten minutes, and others until they expire', async () => {
    let isDown = false;
    node = new Node({
      store: {
        add: () => {
          if (isDown) throw new Error('down');
        },
        isRevoked: () => false,
      },
    });
    await node.revocations.revoke({ jti: 'stored' });
    isDown = true;
    const failure = await node.revocations
      .revoke({ jti: 'not stored' })
      .catch((error: Error) => error.message);
    expect(failure).to.equal('down');
    clock.tick(700_000);
    // So many that those which are over are looked for.
    isDown = false;
    for (let index = 0; index < 1100; index += 1) await node.revocations.revoke({ jti: `${index}` });
    expect(node.revocations.refuses({ jti: 'stored' })).to.equal(undefined);
    expect(node.revocations.refuses({ jti: 'not stored' })).to.deep.equal({ retryable: false });
  });

  it('reject when the store is silent for too long', async () => {
    node = new Node({ store: { add: () => new Promise(() => undefined), isRevoked: () => false } });
    const failed = node.revocations.revoke({ jti: 'one' }).catch((error: Error) => error.message);
    await clock.tickAsync(1_001);
    expect(await failed).to.match(/did not answer/);
  });

  describe('ask the store', () => {
    const asked: object[] = [];
    beforeEach(() => asked.splice(0));

    function ask(identity: object, answer: (asked: object) => unknown): unknown {
      node = new Node({
        store: {
          add: () => undefined,
          isRevoked: (one) => {
            asked.push(one);
            return answer(one) as boolean;
          },
        },
      });
      return node.revocations.isRevoked(identity);
    }

    for (const later of [false, true]) {
      const say = (answer: boolean): unknown => (later ? Promise.resolve(answer) : answer);
      const how = later ? 'that answers later' : 'that answers at once';

      it(`${how}, once for a token that it accepts`, async () => {
        const identity = { jti: 'one', sub: 'bob' };
        const answer = ask(identity, () => say(false));
        expect(answer instanceof Promise).to.equal(later);
        expect(await answer).to.equal(undefined);
        expect(asked).to.deep.equal([identity]);
      });

      it(`${how}, once more without the user, to learn whether a fresh token can be accepted`, async () => {
        const identity = { jti: 'one', sub: 'bob', sid: 'session', iss: 'a', iat: 5 };
        expect(await ask(identity, (one) => say('sub' in one))).to.deep.equal({ retryable: true });
        const { sub, ...others } = identity;
        expect(asked).to.deep.equal([identity, others]);
        expect(sub).to.equal('bob');
        node.close();
        expect(await ask(identity, () => say(true))).to.deep.equal({ retryable: false });
      });
    }

    it('only once if one answer is enough', async () => {
      expect(await ask({ sub: 'bob', iat: 5 }, () => true)).to.deep.equal({ retryable: true });
      node.close();
      expect(await ask({ jti: 'one' }, () => true)).to.deep.equal({ retryable: false });
      expect(asked).to.have.length(2);
    });

    it('and take every answer but false as a refusal', async () => {
      for (const odd of [undefined, null, 0, 'false']) {
        expect(await ask({ jti: 'one' }, () => odd)).to.deep.equal({ retryable: false });
        node.close();
      }
    });

    it('only if this process has no matching rule', async () => {
      expect(ask({ jti: 'one' }, () => false)).to.equal(undefined);
      await node.revocations.revoke({ jti: 'one' });
      expect(node.revocations.isRevoked({ jti: 'one' })).to.deep.equal({ retryable: false });
      expect(asked).to.have.length(1);
    });
  });
});
