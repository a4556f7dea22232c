import { expect } from 'chai';
import type { SinonFakeTimers } from 'sinon';
import { fakeClock, LiveSession, Node, START } from './kit';

const SECOND = START / 1000;

describe('a revocation with grace', () => {
  let clock: SinonFakeTimers;
  let node: Node;

  beforeEach(() => {
    clock = fakeClock();
    clock.tick(400);
    node = new Node();
  });
  afterEach(() => {
    node.close();
    clock.restore();
  });

  const bob = (): LiveSession => new LiveSession(node, { sub: 'bob', iat: SECOND + 2 });

  it('asks for a fresh token once the current second is over, and ends the session after the grace', async () => {
    const session = bob();
    let isWarned = false;
    const done = node.revocations.revoke({ sub: 'bob', grace: 5_000 }).then((answer) => {
      isWarned = true;
      return answer;
    });
    await clock.tickAsync(599);
    expect([session.events, isWarned]).to.deep.equal([[], false]);
    await clock.tickAsync(1);
    expect([session.events, session.toldAt, isWarned]).to.deep.equal([[5_400], 1_000, true]);
    expect(await done).to.deep.equal({ issuedBefore: SECOND + 1 });
    await clock.tickAsync(4_399);
    expect(session.isLive).to.equal(true);
    await clock.tickAsync(1);
    expect(session.events).to.deep.equal([5_400, 'revoked, retryable']);
  });

  it('refuses other tokens at once, as without grace', () => {
    void node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    expect(node.revocations.refuses({ sub: 'bob', iat: SECOND })).to.deep.equal({ retryable: true });
  });

  it('spares a session that renews, at any time', async () => {
    const [early, late, other] = [bob(), bob(), bob()];
    const done = node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    early.renew({ sub: 'bob', iat: SECOND + 1 });
    await clock.tickAsync(3_000);
    late.renew({ sub: 'bob', iat: SECOND + 3 });
    await done;
    await clock.tickAsync(60_000);
    expect(early.events).to.deep.equal([]);
    expect(late.events).to.deep.equal([5_400]);
    expect(other.isLive).to.equal(false);
  });

  it('resolves when all sessions are warned, and at once if there is none', async () => {
    await node.revocations.revoke({ sub: 'nobody', grace: 5_000 });
    const session = bob();
    const done = node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    node.revocations.unregister(session);
    await done;
    expect(clock.now).to.equal(START + 400);
  });

  it('is not prolonged when it is repeated, and is shortened by a shorter grace', async () => {
    const session = bob();
    void node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    await clock.tickAsync(1_600);
    void node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    await clock.tickAsync(1_000);
    expect(session.events).to.deep.equal([5_400]);
    void node.revocations.revoke({ sub: 'bob', grace: 1_500 });
    await clock.tickAsync(1_000);
    expect(session.events).to.deep.equal([5_400, 4_500]);
    await clock.tickAsync(500);
    expect([session.events.length, session.toldAt]).to.deep.equal([3, 4_500]);
  });

  it('gives way to a revocation without grace', async () => {
    const session = bob();
    void node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    await node.revocations.revoke({ sub: 'bob' });
    expect(session.events).to.deep.equal(['revoked, retryable']);
    await clock.tickAsync(60_000);
    expect(session.events).to.have.length(1);
  });

  it('that is over before a fresh token could be accepted ends the session without a warning', async () => {
    const session = bob();
    const done = node.revocations.revoke({ sub: 'bob', grace: 100 });
    await clock.tickAsync(100);
    await done;
    expect([session.events, session.toldAt]).to.deep.equal([['revoked, retryable'], 500]);
  });

  it('of 0 ms ends the session at once', async () => {
    const session = bob();
    void node.revocations.revoke({ sub: 'bob', grace: 0 });
    await clock.tickAsync(1);
    expect(session.events).to.deep.equal(['revoked, retryable']);
  });

  it('waits until issuedBefore, if that is in the future', async () => {
    const session = bob();
    void node.revocations.revoke({ sub: 'bob', issuedBefore: SECOND + 3, grace: 5_000 });
    await clock.tickAsync(2_599);
    expect(session.events).to.deep.equal([]);
    await clock.tickAsync(1);
    expect(session.events).to.deep.equal([5_400]);
  });

  it('sends other nodes the ms that are left', async () => {
    const other = new Node();
    const session = new LiveSession(other, { sub: 'bob', iat: SECOND + 99 });
    void node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    // A clock that is an hour ahead: the second is over there.
    clock.setSystemTime(START + 3_600_400);
    other.revocations.receive(node.published[0]);
    await clock.tickAsync(4_999);
    expect(session.events).to.deep.equal([3_605_400]);
    await clock.tickAsync(1);
    expect(session.isLive).to.equal(false);
    other.close();
  });

  it('ends no session after the authorizer is closed, except at once by a later revocation', async () => {
    const session = bob();
    const done = node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    node.close();
    await done;
    await clock.tickAsync(60_000);
    expect(session.events).to.deep.equal([]);
    await node.revocations.revoke({ sub: 'bob', grace: 5_000 });
    expect(session.events).to.deep.equal(['revoked, retryable']);
  });
});
