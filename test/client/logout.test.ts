import { expect } from 'chai';
import { isUnauthorizedError } from '../../lib/client';
import type { JwtClaims } from '../../lib';
import { SECRET } from '../support/tokens';
import { endlessToken, fetcher, gate, Kit, shortToken } from './kit';
import type { Watched } from './kit';

describe('the client logs out', () => {
  const kit = new Kit();
  let subjects: unknown[] = [];

  /** Lets clients in under a key that may take its time, and remembers as whom. */
  function serve(key: () => string | Promise<string> = () => SECRET): void {
    subjects = [];
    kit.world
      .authorize({ secret: key, required: false })
      .attach(kit.world.io)
      .on('authenticated', (socket: { decoded_token: JwtClaims }) => subjects.push(socket.decoded_token.sub));
  }

  /** Whom the server takes the only socket for. */
  function user(): unknown {
    const [socket] = [...kit.world.io.sockets.sockets.values()];
    return (socket?.data as { auth?: { claims: JwtClaims } } | undefined)?.auth?.claims.sub;
  }

  beforeEach(async () => {
    await kit.start();
  });
  afterEach(() => kit.close());

  it('and in as another user, on the same socket', async () => {
    serve();
    let sub = 'alice';
    const client = kit.client(() => endlessToken(sub));
    await client.auth.ready;
    await client.auth.logout();
    expect([client.auth.state, client.socket.connected, user()]).to.deep.equal([
      'unauthorized',
      true,
      undefined,
    ]);
    sub = 'bob';
    await client.auth.login();
    expect([client.auth.state, user(), client.count('connect')]).to.deep.equal(['authenticated', 'bob', 1]);
    expect(client.count('came unauthorized')).to.equal(0);
  });

  for (const timeout of [Infinity, 2 ** 32]) {
    it(`with a timeout of ${timeout} ms, and stays connected`, async () => {
      serve();
      const client = kit.client(() => endlessToken('alice'), {}, timeout);
      await client.auth.ready;
      await client.auth.logout();
      expect([client.socket.connected, client.count('disconnect')]).to.deep.equal([true, 0]);
    });
  }

  it('and in as another user without waiting in between', async () => {
    serve();
    let sub = 'alice';
    const client = kit.client(() => endlessToken(sub));
    await client.auth.ready;
    void client.auth.logout();
    sub = 'bob';
    const session = await client.auth.login();
    expect([session, user()]).to.deep.equal([{ expiresAt: null, expiresIn: null }, 'bob']);
  });

  it('while a token is being verified: the answer to that token is not taken as a login', async () => {
    const key = gate<string>();
    const asked = gate();
    serve(() => {
      asked.open();
      return key.promise;
    });
    let sub = 'alice';
    const client = kit.client(() => endlessToken(sub));
    await asked.promise;
    const loggedOut = client.auth.logout();
    sub = 'bob';
    const ready = client.auth.login();
    await loggedOut;
    key.open(SECRET);
    await ready;
    expect([subjects, user()]).to.deep.equal([['bob'], 'bob']);
  });

  // In these the token went with the CONNECT packet, the server has judged it, and the client has not heard of it.
  it('while the answer to its login is on the way: it stays logged out', async () => {
    serve();
    const client = kit.client(() => endlessToken());
    const loggedOut = gate();
    client.socket.once('connect', () => void client.auth.logout().then(loggedOut.open));
    await loggedOut.promise;
    expect([
      client.count('came authenticated'),
      client.count('authenticated'),
      client.auth.state,
    ]).to.deep.equal([1, 0, 'unauthorized']);
  });

  for (const [what, alices] of [
    ['acceptance', endlessToken('alice')],
    ['refusal', 'no token'],
  ] as const) {
    it(`while its ${what} is on the way, and in as another user: the answer is not taken as the other user's`, async () => {
      serve();
      let token: string = alices;
      const client = kit.client(() => token);
      client.socket.once('connect', () => {
        void client.auth.logout();
        token = endlessToken('bob');
        void client.auth.login();
      });
      await client.until('connect');
      await client.auth.ready;
      expect([client.count('authenticated'), client.count('error'), user()]).to.deep.equal([1, 0, 'bob']);
    });
  }

  it('while it connects: the session of the CONNECT packet is ended', async () => {
    serve();
    const client = kit.client(() => endlessToken('alice'));
    await packetSent(client);
    await client.auth.logout();
    expect([client.auth.state, user()]).to.deep.equal(['unauthorized', undefined]);
    expect([client.count('authenticated'), subjects]).to.deep.equal([0, ['alice']]);
  });

  it('while it waits for a token: that token is never sent, and it connects as a guest', async () => {
    serve();
    const answer = gate<string>();
    const asked = gate();
    const client = kit.client(() => {
      asked.open();
      return answer.promise;
    });
    await asked.promise;
    await client.auth.logout();
    answer.open(endlessToken('alice'));
    await client.until('connect');
    await client.socket.emitWithAck('deauthenticate');
    expect([subjects, client.auth.state]).to.deep.equal([[], 'unauthorized']);
  });

  it('and is not logged in at the next connection, and sends no token that the socket still has', async () => {
    serve();
    const token = fetcher(() => endlessToken());
    const client = kit.client(token, { auth: { token: endlessToken('held'), tenant: 'blue' } });
    await client.auth.ready;
    await client.auth.logout();
    client.socket.io.engine.close();
    await client.until('disconnect');
    await client.until('connect');
    await client.until('connect');
    await client.socket.emitWithAck('deauthenticate');
    expect([token.calls, subjects, client.auth.state]).to.deep.equal([1, ['bob'], 'unauthorized']);
    await client.auth.login();
    expect(user()).to.equal('bob');
  });

  it('and does not reconnect when the server disconnects the guest', async () => {
    kit.world.authorize({ timeout: 30 }).attach(kit.world.io);
    const client = kit.client(() => endlessToken());
    await client.auth.ready;
    const clock = kit.stopTimers();
    await client.auth.logout();
    await client.until('disconnect');
    expect([client.auth.state, client.socket.active, clock.countTimers()]).to.deep.equal([
      'unauthorized',
      false,
      0,
    ]);
    expect(client.count('unauthorized')).to.equal(0);
    // Until it is told to.
    await client.auth.login();
    expect(client.socket.connected).to.equal(true);
  });

  it('and stops renewing', async () => {
    serve();
    const clock = kit.stopTimers();
    const client = kit.client(() => shortToken(60_000));
    await client.auth.ready;
    await client.auth.logout();
    expect(clock.countTimers()).to.equal(0);
  });

  it('before it was logged in: `ready` rejects, and the next `ready` is a new promise', async () => {
    serve();
    const client = kit.watch(kit.socket(), () => endlessToken());
    const { ready } = client.auth;
    await client.auth.logout();
    const reason: unknown = await ready.catch((error: unknown) => error);
    expect(isUnauthorizedError(reason) && reason.data.code).to.equal('not_authenticated');
    expect(client.count('unauthorized')).to.equal(0);
    const next = client.auth.login();
    expect(next).to.equal(client.auth.ready).and.not.equal(ready);
    await next;
  });

  it('although the connection is lost before the server answers', async () => {
    serve();
    const client = kit.client(() => endlessToken());
    await client.auth.ready;
    const loggedOut = client.auth.logout();
    client.socket.io.engine.close();
    await loggedOut;
    expect(client.auth.state).to.equal('unauthorized');
  });

  it('while it connects, and the connection is refused', async () => {
    serve();
    let isOpen = false;
    kit.world.io.use((_, next) => next(isOpen ? undefined : new Error('closed on sundays')));
    const client = kit.client(() => endlessToken());
    await packetSent(client);
    await client.auth.logout();
    isOpen = true;
    await client.auth.login();
    expect(user()).to.equal('bob');
  });

  it('while it connects, and the application disconnects: the next login does not wait for an answer', async () => {
    serve();
    const client = kit.client(() => endlessToken());
    await packetSent(client);
    const loggedOut = client.auth.logout();
    client.socket.disconnect();
    await client.auth.login();
    await loggedOut;
    expect(user()).to.equal('bob');
  });

  it('after the application has disconnected a socket that was still connecting', async () => {
    serve();
    const client = kit.client(() => endlessToken());
    await packetSent(client);
    client.socket.disconnect();
    await client.auth.logout();
    expect([client.auth.state, client.socket.active]).to.deep.equal(['unauthorized', false]);
  });

  it('because of a refusal, and does not reconnect when the server then disconnects it', async () => {
    kit.world.authorize({ callback: false }).attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(() => 'no token');
    client.auth.on('error', () => void client.auth.logout());
    await client.until('disconnect');
    expect([clock.countTimers(), client.socket.active]).to.deep.equal([0, false]);
  });

  it('once, however often `logout` is called; `login` while logged in changes nothing', async () => {
    serve();
    const token = fetcher(() => endlessToken());
    const client = kit.client(token);
    await client.auth.ready;
    await client.auth.login();
    await Promise.all([client.auth.logout(), client.auth.logout()]);
    expect([token.calls, client.count('sent deauthenticate')]).to.deep.equal([1, 1]);
  });
});

/** The CONNECT packet, with the token, has just been handed over. */
function packetSent({ socket }: Watched): Promise<void> {
  return new Promise((resolve) => socket.io.engine.on('packetCreate', () => resolve()));
}
