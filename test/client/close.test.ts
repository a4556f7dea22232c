import { expect } from 'chai';
import { authenticate, isUnauthorizedError } from '../../lib/client';
import { endlessToken, gate, Kit, shortToken } from './kit';

describe('the client closes', () => {
  const kit = new Kit();

  beforeEach(async () => {
    await kit.start();
    kit.world.authorize().attach(kit.world.io);
  });
  afterEach(() => kit.close());

  it('and removing a listener that was never added does nothing', () => {
    const auth = authenticate(kit.socket(), { token: 'unused' });
    expect(auth.off('error', () => undefined)).to.equal(auth);
    auth.close();
  });

  it('and leaves no timer and no listener, and does not change the session', async () => {
    const clock = kit.stopTimers();
    const socket = kit.socket({ auth: { tenant: 'blue' } });
    const events = [
      'connect',
      'connect_error',
      'disconnect',
      'authenticated',
      'unauthorized',
      'token_expiring',
    ];
    const listeners = (): number[] => events.map((event) => socket.listeners(event).length);
    const client = kit.watch(socket, () => shortToken(60_000));
    client.auth.close();
    const before = listeners();
    const second = kit.watch(socket, () => shortToken(60_000));
    socket.connect();
    await second.auth.ready;
    expect(clock.countTimers()).to.equal(1);
    second.auth.close();
    second.auth.close();
    // Those of the test are all that is there: three for each watched client.
    expect(listeners()).to.deep.equal(before.map((count, at) => (at < 3 ? count + 1 : count)));
    expect([clock.countTimers(), socket.auth, socket.connected]).to.deep.equal([0, { tenant: 'blue' }, true]);
    expect([second.auth.state, kit.world.io.sockets.sockets.size]).to.deep.equal(['closed', 1]);
    await second.auth.logout();
    expect(second.count('sent deauthenticate')).to.equal(0);
  });

  it('while it waits for a token: the socket connects as a guest, and the token is never sent', async () => {
    const clock = kit.stopTimers();
    const asked = gate();
    const answer = gate<string>();
    const client = kit.client(() => {
      asked.open();
      return answer.promise;
    });
    await asked.promise;
    client.auth.close();
    expect(clock.countTimers()).to.equal(0);
    answer.open(endlessToken());
    await client.until('connect');
    await client.socket.emitWithAck('deauthenticate');
    expect([client.count('came authenticated'), client.count('sent authenticate')]).to.deep.equal([0, 0]);
  });

  it('during a pause: it does not try again', async () => {
    const clock = kit.stopTimers();
    const client = kit.client(() => 'no token');
    await client.until('error');
    client.auth.close();
    expect(clock.countTimers()).to.equal(0);
  });

  it('permanently: `ready` rejects, and neither login nor logout does anything', async () => {
    const client = kit.watch(kit.socket(), () => endlessToken());
    client.auth.close();
    const reasons: unknown[] = await Promise.all(
      [client.auth.ready, client.auth.login()].map((promise) => promise.catch((error: unknown) => error)),
    );
    expect(reasons.map(isUnauthorizedError)).to.deep.equal([true, true]);
    await client.auth.logout();
    expect([client.auth.state, client.socket.active]).to.deep.equal(['closed', false]);
  });
});
