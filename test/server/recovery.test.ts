import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { refusal, settled, show } from '../support/refusals';
import { createToken, tokenEndingIn } from '../support/tokens';
import { Warnings } from '../support/warnings';
import type { ClientOptions, TestClient } from '../support/world';
import { World } from '../support/world';

const RECONNECTING: ClientOptions = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 20 };

describe('connectionStateRecovery', () => {
  const { world, told } = freshWorld({ connectionStateRecovery: {} });
  let auth: Authorizer;

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize({ holdEvents: 0, ...options });
    auth.attach(world.io);
  }

  /** A client that has an offset to be recovered from: Socket.IO gives one with each packet. */
  async function loggedIn(token: string): Promise<TestClient> {
    const client = await world.connected('/', RECONNECTING);
    expect(await show(client, token)).to.include({ ok: true });
    const socket = world.io.of('/').sockets.get(String(client.socket.id));
    await socket?.join('room');
    world.io.emit('offset');
    await client.until('offset');
    return client;
  }

  /** Cuts the connection off at the transport; comes back when the client is connected again. */
  async function drop(client: TestClient, meanwhile: () => unknown = () => undefined): Promise<void> {
    const socket = world.io.of('/').sockets.get(String(client.socket.id));
    const gone = new Promise<unknown>((resolve) => {
      socket?.once('disconnect', resolve);
    });
    // It comes back when the test wants it to.
    client.socket.io.reconnection(false);
    client.socket.io.engine.close();
    await gone;
    world.io.emit('missed', 'by all');
    world.io.to('room').emit('missed', 'by the room');
    await meanwhile();
    client.socket.connect();
    await client.until('connect');
  }

  async function isPending(client: TestClient): Promise<void> {
    expect(client.socket.recovered).to.equal(false);
    client.socket.emit('news');
    expect(await refusal(client)).to.include({ code: 'not_authenticated' });
    const socket = world.io.of('/').sockets.get(String(client.socket.id));
    expect(socket?.data).to.deep.equal({});
    expect([...(socket?.rooms ?? [])]).to.deep.equal([client.socket.id]);
    expect(client.received('missed')).to.deep.equal([]);
  }

  it('restores a client without its token, with its rooms and missed packets', async () => {
    guard();
    const client = await loggedIn(tokenEndingIn(60_000, { sub: 'bob' }));
    const { id } = client.socket;
    await drop(client);
    await client.until('authenticated');
    expect(client.socket.recovered).to.equal(true);
    expect(client.socket.id).to.equal(id);
    expect(client.received('missed').map(([text]) => text)).to.deep.equal(['by all', 'by the room']);
    expect(told.all('authenticated')).to.have.length(2);
    const [socket] = told.all('authenticated')[1] as [
      { recovered: boolean; data: object; decoded_token: object },
    ];
    expect(socket.recovered).to.equal(true);
    expect(socket.decoded_token).to.include({ sub: 'bob' });
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0, verified: 1 });
    world.io.to('room').emit('now');
    await client.until('now');
  });

  it('restores a session with the same end', async () => {
    const time = world.stopTime();
    guard();
    const client = await loggedIn(tokenEndingIn(900));
    await drop(client, () => time.pass(800));
    await client.until('authenticated');
    time.pass(101);
    expect(await refusal(client)).to.include({ reason: 'expired' });
  });

  it('sets the result of customDecoded on the socket, which stays pending if that throws', async () => {
    let isBroken = false;
    guard({
      customDecoded: ({ sub }) => {
        if (isBroken) throw new Error('oops');
        return { user: sub };
      },
    });
    const client = await loggedIn(createToken({ sub: 'bob' }));
    await drop(client);
    await client.until('authenticated');
    expect(told.all('authenticated')[1]?.[0]).to.have.deep.property('decoded_token', { user: 'bob' });
    const warnings = new Warnings();
    isBroken = true;
    await drop(client);
    client.socket.emit('news');
    expect(await refusal(client)).to.include({ code: 'not_authenticated' });
    expect((await warnings.next()).message).to.match(/customDecoded/);
    warnings.close();
    expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
    const [socket] = await world.io.in(String(client.socket.id)).fetchSockets();
    expect(socket?.data).not.to.have.property('auth');
  });

  const denied: [what: string, token: () => string, meanwhile: () => unknown][] = [
    ['expired meanwhile', () => tokenEndingIn(600), () => world.stopTime().pass(601)],
    ['was revoked meanwhile', () => createToken({ sub: 'bob' }), () => auth.revoke({ sub: 'bob' })],
  ];
  for (const [what, token, meanwhile] of denied) {
    it(`restores nothing of a session whose token ${what}`, async () => {
      world.stopTime();
      guard();
      const client = await loggedIn(token());
      await drop(client, meanwhile);
      await isPending(client);
    });
  }

  it('restores nothing while the store does not answer', async () => {
    let isDown = false;
    guard({
      revocation: {
        add: () => undefined,
        isRevoked: () => {
          if (isDown) throw new Error('down');
          return false;
        },
      },
    });
    const client = await loggedIn(createToken());
    isDown = true;
    await drop(client);
    await isPending(client);
  });

  it('restores nothing of a socket that was pending, or had logged out', async () => {
    guard();
    const client = await loggedIn(createToken());
    await settled(client);
    await drop(client);
    await isPending(client);
    world.io.of('/').sockets.get(String(client.socket.id))?.emit('offset');
    await client.until('offset');
    await drop(client);
    await isPending(client);
  });

  it('restores what the library has stored, not what the application put into socket.data', async () => {
    guard();
    const client = await world.connected('/', RECONNECTING);
    const socket = world.io.of('/').sockets.get(String(client.socket.id));
    if (socket) socket.data = { auth: { claims: { sub: 'eve' }, expiresAt: null } };
    socket?.emit('offset');
    await client.until('offset');
    await drop(client);
    await isPending(client);
  });

  it('keeps the session of an application that replaces socket.data', async () => {
    guard();
    const client = await loggedIn(createToken({ sub: 'bob' }));
    const socket = world.io.of('/').sockets.get(String(client.socket.id));
    if (socket) socket.data = { theme: 'dark' };
    await drop(client);
    await client.until('authenticated');
    const [, [restored]] = told.all('authenticated') as [unknown, [{ data: object }]];
    expect(restored.data).to.have.property('theme', 'dark');
    expect(restored.data).to.have.nested.property('auth.claims.sub', 'bob');
  });

  it('restores a session once, even if many clients ask for it at the same time', async () => {
    guard();
    const client = await loggedIn(createToken());
    const { adapter } = world.io.of('/');
    const persisted: { pid: string }[] = [];
    const persist = adapter.persistSession.bind(adapter);
    adapter.persistSession = (session) => {
      persisted.push(session);
      persist(session);
    };
    client.socket.io.reconnection(false);
    const socket = world.io.of('/').sockets.get(String(client.socket.id));
    const gone = new Promise<unknown>((resolve) => {
      socket?.once('disconnect', resolve);
    });
    client.socket.io.engine.close();
    await gone;
    const [{ pid }] = persisted as [{ pid: string }];
    const offset = String(client.received('offset')[0]?.at(-1));
    const restore = (): Promise<unknown> => adapter.restoreSession(pid, offset);
    const restored = await Promise.all([restore(), restore(), restore()]);
    expect(restored.filter((session) => session !== null)).to.have.length(1);
    expect(await restore()).to.equal(null);
    expect(await adapter.restoreSession('unknown', offset)).to.equal(null);
  });

  it('takes a token of the CONNECT packet as a renewal', async () => {
    guard();
    let jti = 1;
    const client = world.client('/', {
      ...RECONNECTING,
      auth: (send: (auth: object) => void) =>
        send({ token: createToken({ sub: 'bob', jti: String((jti += 1)) }) }),
    });
    await client.until('authenticated');
    world.io.emit('offset');
    await client.until('offset');
    await drop(client);
    await told.take('reauthenticated');
    expect(told.events).to.deep.equal(['authenticated', 'authenticated', 'reauthenticated']);
    expect(auth.stats()).to.include({ verified: 2 });
  });

  it('restores every namespace under scope: connection', async () => {
    guard({ scope: 'connection' });
    const client = await loggedIn(createToken());
    await drop(client);
    await client.until('authenticated');
    expect(client.socket.recovered).to.equal(true);
  });

  for (const skipMiddlewares of [true, false]) {
    it(`restores at the handshake, skipMiddlewares: ${skipMiddlewares}`, async () => {
      await world.restart({ connectionStateRecovery: { skipMiddlewares } });
      guard({ handshake: true });
      const client = world.client('/', { ...RECONNECTING, auth: { token: createToken({ sub: 'bob' }) } });
      await client.until('authenticated');
      world.io.emit('offset');
      await client.until('offset');
      await drop(client);
      await client.until('authenticated');
      expect(client.socket.recovered).to.equal(true);
      expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
    });
  }
});

describe('plain Socket.IO', () => {
  it('lets a client return past every middleware, although it was blocked meanwhile (socketio/socket.io#5491)', async () => {
    const world = await new World({ connectionStateRecovery: {} }).listen();
    try {
      let isBlocked = false;
      world.io.use((_socket, next) => next(isBlocked ? new Error('blocked') : undefined));
      const client = await world.connected('/', RECONNECTING);
      world.io.emit('offset');
      await client.until('offset');
      isBlocked = true;
      client.socket.io.engine.close();
      await client.until('connect');
      expect(client.socket.recovered).to.equal(true);
    } finally {
      await world.close();
    }
  });
});
