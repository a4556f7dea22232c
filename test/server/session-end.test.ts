import { expect } from 'chai';
import type { AnySocket, Authorizer, JwtClaims } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { refusal, settled, show } from '../support/refusals';
import type { StoppedTime } from '../support/stopped-time';
import { createToken, tokenEndingIn } from '../support/tokens';
import type { TestClient, TestOptions } from '../support/world';

/** What the application's listeners of a socket that goes saw. */
interface Seen {
  event: string;
  reason: unknown;
  rooms: string[];
  user: unknown;
  shared: unknown;
}

const ends: [how: string, token: () => string, end: (auth: Authorizer, time: StoppedTime) => unknown][] = [
  ['expires', () => tokenEndingIn(300, { sub: 'bob' }), (_auth, time) => time.pass(301)],
  ['is revoked', () => createToken({ sub: 'bob', jti: 'one' }), (auth) => auth.revoke({ jti: 'one' })],
];
const modes = [
  { name: 'event mode', recovery: false, handshake: false },
  { name: 'event mode, with recovery', recovery: true, handshake: false },
  { name: 'handshake mode', recovery: false, handshake: true },
];

for (const { name, recovery, handshake } of modes) {
  describe(`a session that ends by a disconnect, ${name}`, () => {
    const { world, told } = freshWorld(recovery ? { connectionStateRecovery: {} } : {});
    let time: StoppedTime;
    let auth: Authorizer;
    let seen: Seen[];
    let isGone: Promise<void>;

    beforeEach(() => {
      time = world.stopTime();
      seen = [];
    });

    function guard(options: TestOptions = {}): void {
      auth = world.authorize({ handshake, ...options });
      auth.attach(world.io).on('authenticated', (socket: AnySocket) => socket.join('room'));
      isGone = new Promise((resolve) => {
        world.io.on('connection', (socket: AnySocket) => {
          for (const event of ['disconnecting', 'disconnect'] as const)
            socket.on(event, (reason) => {
              seen.push({ event, reason, rooms: [...socket.rooms], ...identityOf(socket) });
              if (event === 'disconnecting')
                for (const room of socket.rooms) socket.to(room).emit('user has left', room);
              if (event === 'disconnect' && identityOf(socket).user === 'bob') resolve();
            });
        });
      });
    }

    async function loggedIn(token: string): Promise<TestClient> {
      const client = world.client('/', { auth: { token } });
      await client.until('authenticated');
      return client;
    }

    for (const [how, token, end] of ends) {
      it(`as it ${how}: disconnecting listeners see the rooms, and can send to the others there`, async () => {
        guard();
        const alice = await loggedIn(createToken({ sub: 'alice' }));
        const bob = await loggedIn(token());
        const { id } = bob.socket;
        await end(auth, time);
        expect(await alice.until('user has left')).to.include('room');
        await isGone;
        expect(seen.map(({ event, rooms }) => [event, rooms.toSorted()])).to.deep.equal([
          ['disconnecting', [String(id), 'room'].toSorted()],
          ['disconnect', []],
        ]);
        expect(seen[0]?.reason).to.equal('server namespace disconnect');
      });

      it(`as it ${how}: disconnect listeners see the claims`, async () => {
        guard();
        await loggedIn(token());
        await end(auth, time);
        await isGone;
        for (const { user, shared } of seen) {
          expect(user).to.equal('bob');
          expect(shared).to.equal('bob');
        }
      });

      it(`as it ${how}: the socket itself receives nothing more, whatever listeners send`, async () => {
        guard();
        const say = (): void => {
          world.io.emit('secret');
          world.io.to('room').emit('secret');
        };
        world.io.on('deauthenticated', say);
        world.io.on('connection', (socket) => {
          socket.on('disconnecting', say);
          socket.on('disconnect', say);
        });
        const alice = await loggedIn(createToken({ sub: 'alice' }));
        const bob = await loggedIn(token());
        const wire: unknown[] = [];
        bob.socket.io.on('packet' as never, ((packet: unknown) => wire.push(packet)) as never);
        await end(auth, time);
        await bob.until('disconnect');
        await alice.until('secret');
        expect(JSON.stringify(wire)).to.not.include('secret');
        expect(await refusal(bob)).to.include({ code: 'invalid_token' });
      });

      it(`as it ${how}: nothing of it stays in the adapter`, async () => {
        guard();
        const alice = await loggedIn(createToken({ sub: 'alice' }));
        await loggedIn(token());
        await end(auth, time);
        await isGone;
        const { rooms, sids } = world.io.of('/').adapter;
        expect([...sids.keys()]).to.deep.equal([alice.socket.id]);
        expect([...rooms.keys()]).to.have.members([alice.socket.id, 'room']);
        expect(rooms.get('room')?.size).to.equal(1);
        expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
      });

      it(`as it ${how}: a listener that throws does not keep it open`, async () => {
        guard();
        const warned = new Promise((resolve) => {
          process.once('warning', resolve);
        });
        world.io.on('deauthenticated', () => {
          throw new Error('of the application');
        });
        const bob = await loggedIn(token());
        await end(auth, time);
        await Promise.all([bob.until('disconnect'), warned, isGone]);
        expect(auth.stats()).to.include({ authenticated: 0, pending: 0 });
      });

      it(`as it ${how}: deauthenticated listeners get the user's claims`, async () => {
        guard();
        await loggedIn(token());
        await end(auth, time);
        const [socket, reason, claims] = (await told.take('deauthenticated')) as [
          AnySocket,
          string,
          JwtClaims?,
        ];
        expect(reason).to.equal(how === 'expires' ? 'expired' : 'revoked');
        expect(claims).to.include({ sub: 'bob' });
        expect(identityOf(socket).user).to.equal('bob');
      });
    }

    it("as it is revoked in two namespaces, under scope: 'connection'", async () => {
      guard({ scope: 'connection' });
      auth.attach(world.io.of('/chat'));
      const chatRooms = new Promise<string[]>((resolve) => {
        world.io.of('/chat').on('connection', (socket) => {
          void socket.join('chat room');
          socket.on('disconnecting', () => resolve([...socket.rooms]));
        });
      });
      const bob = await loggedIn(createToken({ sub: 'bob' }));
      const chat = bob.socket.io.socket('/chat', {});
      await new Promise<void>((resolve) => {
        chat.once('authenticated', () => resolve());
      });
      await auth.revoke({ sub: 'bob' });
      await isGone;
      expect(seen[0]?.rooms).to.include('room');
      expect(await chatRooms).to.include('chat room');
    });
  });
}

describe('a session that ends without a disconnect', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;

  function guard(options: TestOptions = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io).on('authenticated', (socket: AnySocket) => socket.join('room'));
  }

  const causes: [
    how: string,
    reason: string,
    options: TestOptions,
    token: () => string,
    end: (client: TestClient) => unknown,
  ][] = [
    ['by a logout of the client', 'logout', {}, () => createToken({ sub: 'bob' }), settled],
    [
      'by a logout of the server',
      'logout',
      {},
      () => createToken({ sub: 'bob' }),
      ({ socket }) => auth.deauthenticate(world.io.of('/').sockets.get(String(socket.id)) as AnySocket),
    ],
    [
      'by its expiry',
      'expired',
      { onExpired: 'deauthenticate' },
      () => tokenEndingIn(300, { sub: 'bob' }),
      () => world.stopTime().pass(301),
    ],
  ];
  for (const [how, reason, options, token, end] of causes) {
    it(`${how} leaves every room but its own, removes the claims, and reports whose it was`, async () => {
      world.stopTime();
      guard(options);
      const client = await world.connected();
      await show(client, token());
      await end(client);
      const [socket, why, claims] = (await told.take('deauthenticated')) as [AnySocket, string, JwtClaims?];
      expect(why).to.equal(reason);
      expect([...socket.rooms]).to.deep.equal([client.socket.id]);
      expect(identityOf(socket)).to.deep.equal({ user: undefined, shared: undefined });
      expect(claims).to.include({ sub: 'bob' });
      world.io.to('room').emit('secret');
      await settled(client);
      expect(client.received('secret')).to.deep.equal([]);
    });
  }

  it('shows disconnecting listeners of a later disconnect neither rooms nor claims', async () => {
    guard();
    const client = await world.connected();
    await show(client, createToken({ sub: 'bob' }));
    const [socket] = world.io.of('/').sockets.values() as IterableIterator<AnySocket>;
    const seen = new Promise<Partial<Seen>>((resolve) => {
      socket?.on('disconnecting', () => resolve({ rooms: [...socket.rooms], ...identityOf(socket) }));
    });
    const { id } = client.socket;
    await settled(client);
    client.socket.disconnect();
    expect(await seen).to.deep.equal({ rooms: [id], user: undefined, shared: undefined });
  });
});

function identityOf(socket: AnySocket): Pick<Seen, 'user' | 'shared'> {
  const { auth } = socket.data as { auth?: { claims: JwtClaims } };
  const { decoded_token: decoded } = socket as unknown as { decoded_token?: JwtClaims };
  return { user: decoded?.sub, shared: auth?.claims.sub };
}
