import { expect } from 'chai';
import type { SinonFakeTimers } from 'sinon';
import type { NewRules, RevocationRule, RevocationStore } from '../../lib/types';
import { Warnings } from '../support/warnings';
import { fakeClock, LiveSession, Node, START } from './kit';

const INTERVAL = 10_000;
const SECOND = START / 1000;

describe('a node and a store that lists its rules', () => {
  let clock: SinonFakeTimers;
  let node: Node;
  /** The cursors that the store was asked with, and when, in ms from the clock's start. */
  let asked: { cursor: unknown; at: number }[];
  let answer: (cursor: unknown) => unknown;
  let lookedUp: number;

  beforeEach(() => {
    clock = fakeClock();
    asked = [];
    lookedUp = 0;
    answer = () => ({ rules: [], cursor: asked.length });
    const store: RevocationStore = {
      add: () => undefined,
      isRevoked: ({ jti }) => {
        lookedUp += 1;
        return jti === 'revoked';
      },
      rulesSince: (cursor) => {
        asked.push({ cursor, at: Date.now() - START });
        return answer(cursor) as NewRules;
      },
    };
    node = new Node({ store, recheckInterval: INTERVAL });
  });
  afterEach(() => {
    node.close();
    clock.restore();
  });

  /** Has the store tell rules at the next question, and waits for that. */
  async function tell(...rules: RevocationRule[]): Promise<void> {
    answer = () => ({ rules, cursor: 'told' });
    await clock.tickAsync(INTERVAL);
    answer = () => ({ rules: [], cursor: 'told' });
  }

  it('asks for rules at its start, and then once an interval, from the last cursor on', async () => {
    node.revocations.start();
    node.revocations.start();
    await clock.tickAsync(2 * INTERVAL);
    expect(asked).to.deep.equal([
      { cursor: undefined, at: 0 },
      { cursor: 1, at: INTERVAL },
      { cursor: 2, at: 2 * INTERVAL },
    ]);
  });

  it('keeps the interval while answers take their time', async () => {
    answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 900));
      return { rules: [], cursor: 0 };
    };
    node.revocations.start();
    await clock.tickAsync(2 * INTERVAL);
    expect(asked.map(({ at }) => at)).to.deep.equal([0, INTERVAL, 2 * INTERVAL]);
  });

  for (const when of ['while it waits', 'while the store is asked']) {
    it(`keeps the interval although the wall clock is set back ${when}`, async () => {
      const setBack = (): void => clock.setSystemTime(START - 86_400_000);
      answer = async () => {
        if (when === 'while the store is asked') setBack();
        return { rules: [], cursor: 0 };
      };
      node.revocations.start();
      await clock.tickAsync(INTERVAL / 2);
      setBack();
      await clock.tickAsync(3 * INTERVAL);
      expect(asked).to.have.length.within(4, 5);
    });
  }

  it('ends sessions and refuses tokens by a rule whose message it missed', async () => {
    node.revocations.start();
    const sessions = [{ jti: 'one' }, { sid: 's' }, { sub: 'bob', iat: 1 }, { sub: 'eve' }].map(
      (identity) => new LiveSession(node, identity),
    );
    await tell(
      { jti: 'one', expiresAt: null },
      { sid: 's', expiresAt: null },
      { sub: 'bob', issuedBefore: 2, expiresAt: null },
    );
    expect(sessions.map(({ events }) => events)).to.deep.equal([
      ['revoked'],
      ['revoked'],
      ['revoked, retryable'],
      [],
    ]);
    expect(node.revocations.refuses({ jti: 'one' })).to.deep.equal({ retryable: false });
  });

  it('ends every session of a user that began before the revocation, and none that began later', async () => {
    node.revocations.start();
    const early = new LiveSession(node, { sub: 'bob', iat: SECOND + 9 });
    await clock.tickAsync(500);
    const revokedAt = Date.now();
    await clock.tickAsync(600);
    const later = new LiveSession(node, { sub: 'bob', iat: SECOND + 1 });
    const rule = { sub: 'bob', issuedBefore: SECOND + 1, revokedAt, expiresAt: null };
    await tell(rule);
    // Told again, as a store may do.
    await tell(rule);
    expect([early.events, later.events]).to.deep.equal([['revoked, retryable'], []]);
  });

  it('gives sessions the rest of their grace, and none if that is over', async () => {
    node.revocations.start();
    const session = new LiveSession(node, { sub: 'bob', iat: 1 });
    const other = new LiveSession(node, { sub: 'eve', iat: 1 });
    const graceUntil = START + INTERVAL + 5_000;
    await tell(
      { sub: 'bob', issuedBefore: 2, graceUntil, expiresAt: null },
      { sub: 'eve', issuedBefore: 2, graceUntil: START + 1_000, expiresAt: null },
    );
    await clock.tickAsync(1);
    expect([session.events, other.events]).to.deep.equal([[INTERVAL + 5_000], ['revoked, retryable']]);
    await clock.tickAsync(5_000);
    expect(session.events).to.deep.equal([INTERVAL + 5_000, 'revoked, retryable']);
  });

  it('asks again from the last cursor on while the store is down, reports it once, and ends no session', async () => {
    node.revocations.start();
    const session = new LiveSession(node, { jti: 'revoked' });
    await clock.tickAsync(INTERVAL - 1);
    const faults: string[] = [];
    const { emitWarning } = process;
    process.emitWarning = (message: unknown) => void faults.push(String(message));
    try {
      const odd = [() => Promise.reject(new Error('down')), () => undefined, () => ({ rules: 7 })];
      for (const one of odd) {
        answer = one;
        await clock.tickAsync(INTERVAL);
      }
      expect(faults).to.deep.equal(['the revocation store failed']);
      // Silent: given up when its time is over.
      answer = () => new Promise(() => undefined);
      await clock.tickAsync(INTERVAL);
      expect(asked.map(({ cursor }) => cursor)).to.deep.equal([undefined, 1, 1, 1, 1]);
      answer = () => ({ rules: [], cursor: 'back' });
      await clock.tickAsync(INTERVAL);
      answer = () => Promise.reject(new Error('down'));
      await clock.tickAsync(INTERVAL);
      expect(faults).to.have.length(2);
    } finally {
      process.emitWarning = emitWarning;
    }
    expect([session.isLive, lookedUp]).to.deep.equal([true, 0]);
    await tell({ jti: 'revoked', expiresAt: null });
    expect(session.isLive).to.equal(false);
  });

  for (const [what, gap] of [
    ['the store no longer has all rules', { rules: [], cursor: 1, incomplete: true }],
    ['one of its rules cannot be read', { rules: [{ jti: 7 }], cursor: 1 }],
  ] as const) {
    it(`looks up each session once if ${what}`, async () => {
      node.revocations.start();
      const sessions = Array.from({ length: 200 }, (_, index) => new LiveSession(node, { jti: `${index}` }));
      sessions.push(new LiveSession(node, { jti: 'revoked' }));
      answer = () => gap;
      await clock.tickAsync(INTERVAL);
      answer = () => ({ rules: [], cursor: 2 });
      await clock.tickAsync(INTERVAL / 2);
      expect(lookedUp).to.be.within(90, 110);
      const later = new LiveSession(node, { jti: 'revoked' });
      await clock.tickAsync(INTERVAL);
      expect(sessions.filter(({ isLive }) => !isLive).map(({ events }) => events)).to.deep.equal([
        ['revoked'],
      ]);
      // It has asked the store at its login.
      expect(later.isLive).to.equal(true);
      await clock.tickAsync(3 * INTERVAL);
      expect(lookedUp).to.equal(201);
    });
  }

  it('looks up no session that has ended meanwhile', async () => {
    node.revocations.start();
    const sessions = ['1', '2'].map((jti) => new LiveSession(node, { jti }));
    answer = () => ({ rules: [], cursor: 1, incomplete: true });
    await clock.tickAsync(INTERVAL);
    answer = () => ({ rules: [], cursor: 2 });
    for (const session of sessions) node.revocations.unregister(session);
    await clock.tickAsync(3 * INTERVAL);
    expect(lookedUp).to.equal(0);
  });

  it('looks up every session, even if rules are missing in every answer', async () => {
    node.revocations.start();
    const sessions = ['1', '2', '3', '4', 'revoked'].map((jti) => new LiveSession(node, { jti }));
    answer = () => ({ rules: [], cursor: 1, incomplete: true });
    await clock.tickAsync(3 * INTERVAL);
    expect(sessions.map(({ isLive }) => isLive)).to.deep.equal([true, true, true, true, false]);
  });

  it('asks no more once it is closed, and a later answer ends no session', async () => {
    let say: (news: NewRules) => void = () => undefined;
    answer = () => new Promise((resolve) => (say = resolve));
    node.revocations.start();
    const session = new LiveSession(node, { jti: 'one' });
    node.revocations.close();
    node.revocations.start();
    say({ rules: [{ jti: 'one', expiresAt: null }], cursor: 1 });
    await clock.tickAsync(3 * INTERVAL);
    expect([asked.length, session.isLive]).to.deep.equal([1, true]);
  });

  it('never asks, if the interval is 0', async () => {
    node.close();
    node = new Node({
      store: { add: () => undefined, isRevoked: () => true, rulesSince: () => expect.fail('asked') },
      recheckInterval: 0,
    });
    node.revocations.start();
    await clock.tickAsync(10 * INTERVAL);
  });
});

describe('a node and a store that lists no rules', () => {
  let clock: SinonFakeTimers;
  let node: Node;
  let asked: { jti: unknown; at: number }[];
  let answer: (jti: unknown, sub?: unknown) => unknown;

  beforeEach(() => {
    clock = fakeClock();
    asked = [];
    answer = () => false;
    const store: RevocationStore = {
      add: () => undefined,
      isRevoked: ({ jti, sub }) => {
        asked.push({ jti, at: Date.now() - START });
        return answer(jti, sub) as boolean;
      },
    };
    node = new Node({ store, recheckInterval: INTERVAL });
    node.revocations.start();
  });
  afterEach(() => {
    node.close();
    clock.restore();
  });

  const sessions = (count: number): LiveSession[] =>
    Array.from({ length: count }, (_, index) => new LiveSession(node, { jti: `${index}` }));

  it('looks up each of 5,000 sessions once an interval, evenly', async () => {
    const all = sessions(5_000);
    await clock.tickAsync(3 * INTERVAL);
    expect(asked).to.have.length(15_000);
    const byJti = group(asked);
    expect(byJti.size).to.equal(5_000);
    for (const times of byJti.values()) {
      const [first, second, third] = times.map(({ at }) => at) as [number, number, number];
      expect(first).to.be.at.most(INTERVAL);
      expect([second - first, third - second]).to.deep.equal([INTERVAL, INTERVAL]);
    }
    const perSecond = group(asked.map(({ at }) => ({ jti: Math.ceil(at / 1_000), at })));
    for (const times of perSecond.values()) expect(times).to.have.length(500);
    expect(all.every(({ isLive }) => isLive)).to.equal(true);
  });

  it('ends those that the store refuses, within the interval', async () => {
    const all = sessions(5);
    answer = (jti) => jti === '3';
    await clock.tickAsync(INTERVAL);
    expect(all.map(({ isLive }) => isLive)).to.deep.equal([true, true, true, false, true]);
    expect(all[3]?.events).to.deep.equal(['revoked']);
  });

  it('spares a session that has renewed or ended while the store was asked', async () => {
    const [renewed, ended] = sessions(2) as [LiveSession, LiveSession];
    let say = (): void => undefined;
    answer = () =>
      new Promise((resolve) => {
        const before = say;
        say = () => {
          before();
          resolve(true);
        };
      });
    await clock.tickAsync(INTERVAL);
    expect(asked).to.have.length(2);
    renewed.renew({ jti: 'fresh' });
    node.revocations.unregister(ended);
    ended.identity = {};
    say();
    await clock.tickAsync(0);
    expect([renewed.events, ended.events]).to.deep.equal([[], []]);
  });

  it('does not end a session that has a grace', async () => {
    const session = new LiveSession(node, { sub: 'bob', jti: 'one', iat: SECOND });
    answer = (_jti, sub) => sub === 'bob';
    void node.revocations.revoke({ sub: 'bob', grace: 3 * INTERVAL });
    await clock.tickAsync(2 * INTERVAL);
    expect(session.events).to.deep.equal([3 * INTERVAL]);
  });

  it('ends a session that has a grace if its token is revoked, too', async () => {
    const session = new LiveSession(node, { sub: 'bob', jti: 'one', iat: SECOND });
    answer = (jti, sub) => jti === 'one' || sub === 'bob';
    void node.revocations.revoke({ sub: 'bob', grace: 3 * INTERVAL });
    await clock.tickAsync(2 * INTERVAL);
    expect(session.events).to.deep.equal([3 * INTERVAL, 'revoked']);
  });

  it('ends a session whose token is revoked, and that was given a grace while the store was asked', async () => {
    const session = new LiveSession(node, { sub: 'bob', jti: 'one', iat: SECOND });
    let say: (revoked: boolean) => void = () => undefined;
    answer = () => new Promise((resolve) => (say = resolve));
    await clock.tickAsync(INTERVAL);
    void node.revocations.revoke({ sub: 'bob', grace: 3 * INTERVAL });
    answer = (jti) => jti === 'one';
    say(true);
    await clock.tickAsync(0);
    expect(session.events).to.deep.equal(['revoked']);
  });

  it('does not end a session that was given a grace while the store was asked', async () => {
    const session = new LiveSession(node, { sub: 'bob', iat: SECOND });
    let say: (revoked: boolean) => void = () => undefined;
    answer = () => new Promise((resolve) => (say = resolve));
    await clock.tickAsync(INTERVAL);
    void node.revocations.revoke({ sub: 'bob', grace: 3 * INTERVAL });
    say(true);
    await clock.tickAsync(2_000);
    expect(session.events).to.deep.equal([4 * INTERVAL]);
  });

  it('asks a slow store about each session once at a time, and gives up after keyTimeout', async () => {
    const warnings = new Warnings();
    const [session] = sessions(1) as [LiveSession];
    answer = () => new Promise(() => undefined);
    node.close();
    node = new Node({
      store: {
        add: () => undefined,
        isRevoked: ({ jti }) => {
          asked.push({ jti, at: Date.now() - START });
          return answer(jti) as boolean;
        },
      },
      recheckInterval: 100,
      storeTimeout: 1_000,
    });
    node.revocations.register(session);
    node.revocations.start();
    await clock.tickAsync(1_050);
    expect(asked).to.have.length(1);
    answer = () => true;
    await clock.tickAsync(300);
    expect(session.isLive).to.equal(false);
    clock.restore();
    expect((await warnings.next()).message).to.match(/revocation store/);
    warnings.close();
  });

  it('reports a failing store once, ends no session, and asks again', async () => {
    const warnings = new Warnings();
    const [session] = sessions(1) as [LiveSession];
    answer = () => {
      throw new Error('down');
    };
    await clock.tickAsync(3 * INTERVAL);
    expect(asked).to.have.length(3);
    expect(session.isLive).to.equal(true);
    answer = () => true;
    await clock.tickAsync(INTERVAL);
    expect(session.isLive).to.equal(false);
    clock.restore();
    expect((await warnings.next()).message).to.match(/revocation store/);
    warnings.close();
  });

  it('asks nothing if nobody is logged in, and nothing once it is closed', async () => {
    await clock.tickAsync(INTERVAL);
    expect(asked).to.deep.equal([]);
    const [session] = sessions(1) as [LiveSession];
    let say: (revoked: boolean) => void = () => undefined;
    answer = () => new Promise((resolve) => (say = resolve));
    await clock.tickAsync(INTERVAL);
    node.revocations.close();
    say(true);
    await clock.tickAsync(3 * INTERVAL);
    expect([asked.length, session.isLive]).to.deep.equal([1, true]);
  });

  it('asks on after the clock was set back', async () => {
    sessions(10);
    await clock.tickAsync(INTERVAL / 2);
    const before = asked.length;
    clock.setSystemTime(START - 86_400_000);
    await clock.tickAsync(INTERVAL);
    expect(asked.length - before).to.be.within(5, 10);
  });
});

function group<One extends { jti: unknown }>(list: readonly One[]): Map<unknown, One[]> {
  const groups = new Map<unknown, One[]>();
  for (const one of list) groups.set(one.jti, [...(groups.get(one.jti) ?? []), one]);
  return groups;
}
