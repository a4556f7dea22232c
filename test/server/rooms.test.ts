import { createAdapter } from '@socket.io/redis-adapter';
import { expect } from 'chai';
import type { AnySocket, Authorizer, JwtClaims } from '../../lib';
import { needs } from '../support/debian';
import { freshWorld } from '../support/fresh-world';
import { cutOff, giveOffset, recoveryIdOf, returning } from '../support/recovery';
import { RedisServer } from '../support/redis';
import { refusal, refusedAtConnect, settled, show } from '../support/refusals';
import { createToken, tokenEndingIn } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { World } from '../support/world';
import type { TestClient, TestOptions } from '../support/world';

/** The rooms that a token of the tests names. */
const roomsOf = ({ rooms }: JwtClaims): string[] => (rooms ?? []) as string[];

describe('rooms', () => {
  const { world, told } = freshWorld({ connectionStateRecovery: {} });
  let auth: Authorizer;

  function guard(options: TestOptions = {}): void {
    auth = world.authorize({ rooms: roomsOf, ...options });
    auth.attach(world.io);
  }

  function serverSide(client: TestClient): AnySocket {
    return world.io.of('/').sockets.get(String(client.socket.id)) as AnySocket;
  }

  /** The rooms of a client's socket but its own. */
  function joined(client: TestClient): string[] {
    return [...serverSide(client).rooms].filter((room) => room !== client.socket.id);
  }

  const token = (...rooms: string[]): string => createToken({ sub: 'bob', rooms });

  async function loggedIn(...rooms: string[]): Promise<TestClient> {
    const client = await world.connected();
    expect(await show(client, token(...rooms))).to.include({ ok: true });
    return client;
  }

  /** Whether a client hears what is said to a room. */
  async function hears(client: TestClient, room: string): Promise<boolean> {
    world.io.to(room).emit('said', room);
    serverSide(client).emit('marker');
    await client.until('marker');
    return client.received('said').some(([text]) => text === room);
  }

  it('are joined at the login, and not before', async () => {
    guard();
    const client = await world.connected();
    expect(joined(client)).to.deep.equal([]);
    world.io.to('a').emit('said', 'too early');
    await show(client, token('a', 'b'));
    expect(joined(client)).to.have.members(['a', 'b']);
    expect([await hears(client, 'a'), await hears(client, 'c')]).to.deep.equal([true, false]);
    expect(client.received('said')).to.have.length(1);
  });

  it('are joined before `authenticated` listeners are called', async () => {
    guard();
    const seen: string[] = [];
    world.io.on(
      'authenticated' as never,
      ((socket: AnySocket) => {
        seen.push(...socket.rooms);
        world.io.to('a').emit('said', 'welcome');
      }) as never,
    );
    const client = await loggedIn('a');
    expect(seen).to.have.members([client.socket.id, 'a']);
    await client.until('said');
  });

  it('are joined at the handshake before `connection` listeners are called', async () => {
    guard({ handshake: true });
    const seen = new Promise<string[]>((resolve) => {
      world.io.on('connection', (socket) => resolve([...socket.rooms]));
    });
    const client = world.client('/', { auth: { token: token('a') } });
    await client.until('authenticated');
    expect(await seen).to.include('a');
    expect(await hears(client, 'a')).to.equal(true);
  });

  it('are computed from the claims and the socket', async () => {
    const asked: unknown[][] = [];
    guard({
      rooms: (claims, socket) => {
        asked.push([claims.sub, socket.id, claims.role]);
        return [`user:${claims.sub}`];
      },
      validate: (claims) => {
        claims.role = 'admin';
      },
    });
    const client = await loggedIn();
    expect(asked).to.deep.equal([['bob', client.socket.id, 'admin']]);
    expect(joined(client)).to.deep.equal(['user:bob']);
  });

  it('of one user have the sockets of every device', async () => {
    guard({ rooms: ({ sub }) => [`user:${sub}`] });
    const [phone, laptop] = [await loggedIn(), await loggedIn()];
    world.io.to('user:bob').emit('said', 'to all devices');
    await Promise.all([phone.until('said'), laptop.until('said')]);
  });

  it('may be an empty list, or name one room twice', async () => {
    guard();
    expect(joined(await loggedIn())).to.deep.equal([]);
    expect(joined(await loggedIn('a', 'a'))).to.deep.equal(['a']);
  });

  it('are updated by a renewal: new ones are joined, former ones are left, those of the application stay', async () => {
    guard();
    const client = await loggedIn('a', 'b');
    await serverSide(client).join('application');
    await show(client, token('b', 'c'));
    expect(joined(client)).to.have.members(['b', 'c', 'application']);
    expect([await hears(client, 'a'), await hears(client, 'b'), await hears(client, 'c')]).to.deep.equal([
      false,
      true,
      true,
    ]);
    await show(client, token());
    expect(joined(client)).to.deep.equal(['application']);
  });

  it('are updated before `reauthenticated` listeners are called', async () => {
    guard();
    const client = await loggedIn('a');
    const seen = new Promise<string[]>((resolve) => {
      world.io.on('reauthenticated' as never, ((socket: AnySocket) => resolve([...socket.rooms])) as never);
    });
    await show(client, token('b'));
    expect(await seen).to.have.members([client.socket.id, 'b']);
  });

  it('stay as they were after a renewal that fails', async () => {
    guard();
    const client = await loggedIn('a');
    expect(await show(client, createToken({ sub: 'eve', rooms: ['b'] }))).to.include({ ok: false });
    expect(await show(client, tokenEndingIn(-5_000, { sub: 'bob', rooms: ['b'] }))).to.include({ ok: false });
    expect(joined(client)).to.deep.equal(['a']);
  });

  const ends: [
    how: string,
    options: TestOptions,
    token: () => string,
    end: (client: TestClient) => unknown,
  ][] = [
    ['a logout of the client', {}, () => token('a'), settled],
    ['a logout of the server', {}, () => token('a'), (client) => auth.deauthenticate(serverSide(client))],
    [
      'the expiry',
      { onExpired: 'deauthenticate' },
      () => tokenEndingIn(300, { sub: 'bob', rooms: ['a'] }),
      () => undefined,
    ],
  ];
  for (const [how, options, first, end] of ends) {
    it(`are left by ${how}, and those of the next user are joined`, async () => {
      guard(options);
      const client = await world.connected();
      await show(client, first());
      await end(client);
      await told.take('deauthenticated');
      expect(joined(client)).to.deep.equal([]);
      world.io.to('a').emit('said', 'a');
      await show(client, createToken({ sub: 'eve', rooms: ['b'] }));
      expect(joined(client)).to.deep.equal(['b']);
      expect([await hears(client, 'b')]).to.deep.equal([true]);
      expect(client.received('said').map(([room]) => room)).to.deep.equal(['b']);
    });
  }

  it('are visible to disconnecting listeners when the session is revoked, and left afterwards', async () => {
    guard();
    const client = await loggedIn('a');
    const seen = new Promise<string[]>((resolve) => {
      const socket = serverSide(client);
      socket.on('disconnecting', () => resolve([...socket.rooms]));
    });
    await auth.revoke({ sub: 'bob' });
    expect(await seen).to.include('a');
    await client.until('disconnect');
    expect(world.io.of('/').adapter.rooms.size).to.equal(0);
  });

  it('that the application has joined too are left only if the option named them', async () => {
    guard();
    const client = await world.connected();
    await serverSide(client).join('early');
    await show(client, token('a'));
    expect(joined(client)).to.have.members(['early', 'a']);
    await show(client, token());
    expect(joined(client)).to.deep.equal(['early']);
  });

  it('may be left by the application', async () => {
    guard();
    const client = await loggedIn('a', 'b');
    await serverSide(client).leave('a');
    await show(client, token('c'));
    expect(joined(client)).to.deep.equal(['c']);
  });

  it('take effect without isolation too', async () => {
    guard({ isolate: false });
    const client = await loggedIn('a');
    expect(await hears(client, 'a')).to.equal(true);
    await show(client, token('b'));
    expect(joined(client)).to.deep.equal(['b']);
    await settled(client);
    expect(joined(client)).to.deep.equal([]);
  });

  it("are joined in every namespace under scope: 'connection', and updated there", async () => {
    const asked: string[] = [];
    guard({
      scope: 'connection',
      rooms: (claims, socket) => {
        asked.push(socket.nsp.name);
        return roomsOf(claims).map((room) => `${socket.nsp.name}:${room}`);
      },
    });
    auth.attach(world.io.of('/chat'));
    const client = await loggedIn('a');
    const chat = client.socket.io.socket('/chat', {});
    await new Promise<void>((resolve) => {
      chat.once('authenticated', () => resolve());
    });
    const inChat = (): string[] =>
      [...(world.io.of('/chat').sockets.get(String(chat.id))?.rooms ?? [])].filter(
        (room) => room !== chat.id,
      );
    expect([joined(client), inChat()]).to.deep.equal([['/:a'], ['/chat:a']]);
    const renewed = new Promise<void>((resolve) => {
      chat.once('authenticated', () => resolve());
    });
    await show(client, token('b'));
    await renewed;
    expect([joined(client), inChat()]).to.deep.equal([['/:b'], ['/chat:b']]);
    expect(new Set(asked)).to.deep.equal(new Set(['/', '/chat']));
    await settled(client);
    expect([joined(client), inChat()]).to.deep.equal([[], []]);
  });

  it('of sockets that were connected before attach are joined at their login', async () => {
    const client = await world.connected();
    guard();
    expect(joined(client)).to.deep.equal([]);
    await show(client, token('a'));
    expect(joined(client)).to.deep.equal(['a']);
  });

  describe('after a recovery', () => {
    async function recovered(again?: string): Promise<TestClient> {
      const client = await loggedIn('a', 'b');
      await serverSide(client).join('application');
      await giveOffset(client, world.io);
      const known = recoveryIdOf(client);
      await cutOff(client, world);
      world.io.to('a').emit('said', 'missed');
      const back = returning(world, known, again === undefined ? {} : { auth: { token: again } });
      await back.until('authenticated');
      expect(back.socket.recovered).to.equal(true);
      return back;
    }

    it('are joined again, with those of the application', async () => {
      guard();
      const client = await recovered();
      expect(joined(client)).to.have.members(['a', 'b', 'application']);
      expect(client.received('said')).to.have.length(1);
      expect(await hears(client, 'b')).to.equal(true);
    });

    it("still belong to the option: a renewal leaves them, and none of the application's", async () => {
      guard();
      const client = await recovered();
      await show(client, token('b', 'c'));
      expect(joined(client)).to.have.members(['b', 'c', 'application']);
    });

    it('are updated by a token that comes with it', async () => {
      guard();
      const client = await recovered(token('b', 'c'));
      if (told.all('reauthenticated').length === 0) await told.take('reauthenticated');
      expect(joined(client)).to.have.members(['b', 'c', 'application']);
    });

    it('are left by a logout', async () => {
      guard();
      const client = await recovered();
      await settled(client);
      expect(joined(client)).to.deep.equal([]);
    });
  });

  const wrong: [what: string, rooms: () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('hunter2');
      },
    ],
    ['gives a promise', () => Promise.resolve(['hunter2'])],
    ['gives a promise that rejects', () => Promise.reject(new Error('hunter2'))],
    ['gives a text', () => 'hunter2'],
    ['gives nothing', () => undefined],
    ['gives null', () => null],
    ['gives an object', () => ({ length: 1, 0: 'hunter2' })],
    ['gives a set', () => new Set(['hunter2'])],
    ['gives a number among the names', () => ['hunter2', 7]],
    ['gives a symbol among the names', () => [Symbol('hunter2')]],
    ['gives a list among the names', () => [['hunter2']]],
    ['gives a hole among the names', () => Object.assign(['hunter2'], { length: 2 })],
    [
      'gives a list that throws',
      () =>
        new Proxy(['hunter2'], {
          get: () => {
            throw new Error('hunter2');
          },
        }),
    ],
  ];
  describe('that are not a list of names', () => {
    let unharmed: Unharmed;

    beforeEach(() => {
      unharmed = new Unharmed();
    });

    afterEach(() => unharmed.close());

    for (const [what, rooms] of wrong) {
      for (const handshake of [false, true]) {
        it(`refuse the login with unknown: it ${what}, handshake: ${handshake}`, async () => {
          guard({ handshake, rooms: rooms as never });
          const client = world.client('/', { auth: { token: token() } });
          const data = await (handshake ? refusedAtConnect(client) : refusal(client));
          expect(data).to.include({ code: 'unknown', message: 'unauthorized', retryable: false });
          expect(JSON.stringify(data)).to.not.include('hunter2');
          expect(auth.stats()).to.include({ authenticated: 0 });
          expect(told.all('authenticated')).to.deep.equal([]);
          expect(world.io.of('/').adapter.rooms.has('hunter2')).to.equal(false);
          if (!handshake) {
            expect(joined(client)).to.deep.equal([]);
            client.socket.emit('news');
            expect(await refusal(client)).to.include({ code: 'not_authenticated' });
          }
        });
      }

      it(`refuse a renewal: it ${what}, and the session stays as it was`, async () => {
        let isWrong = false;
        guard({ rooms: ((claims: JwtClaims) => (isWrong ? rooms() : roomsOf(claims))) as never });
        const client = await loggedIn('a');
        isWrong = true;
        expect((await show(client, token('b'))).error).to.include({ code: 'unknown' });
        expect(joined(client)).to.deep.equal(['a']);
        expect(auth.stats()).to.include({ authenticated: 1 });
        isWrong = false;
        expect(await show(client, token('b'))).to.include({ ok: true });
        expect(joined(client)).to.deep.equal(['b']);
      });
    }
  });

  describe('that are the id of another socket', () => {
    for (const isPending of [false, true]) {
      it(`have the login refused: the other socket's private messages stay private, the other being pending: ${isPending}`, async () => {
        guard();
        const victim = isPending ? await world.connected() : await loggedIn();
        const id = String(victim.socket.id);
        const thief = await world.connected();
        const { error } = await show(thief, createToken({ sub: 'eve', rooms: ['b', id] }));
        expect(error).to.include({ code: 'unknown', retryable: false });
        expect(joined(thief)).to.deep.equal([]);
        serverSide(victim).emit('said', 'to the victim alone');
        world.io.to(id).emit('said', 'to the victim alone');
        await victim.until('said');
        await settled(thief);
        expect(thief.received('said')).to.deep.equal([]);
      });
    }

    it('have a renewal refused, and the session stays as it was', async () => {
      guard();
      const victim = await loggedIn();
      const thief = await loggedIn('a');
      expect((await show(thief, token('a', String(victim.socket.id)))).error).to.include({ code: 'unknown' });
      expect(joined(thief)).to.deep.equal(['a']);
    });

    it('have the handshake refused', async () => {
      guard({ handshake: true });
      const victim = world.client('/', { auth: { token: token() } });
      await victim.until('authenticated');
      const thief = world.client('/', { auth: { token: token(String(victim.socket.id)) } });
      expect(await refusedAtConnect(thief)).to.include({ code: 'unknown' });
    });

    it('are allowed once that socket is gone', async () => {
      guard();
      const victim = await loggedIn();
      const id = String(victim.socket.id);
      victim.socket.disconnect();
      while (world.io.of('/').sockets.size > 0) await new Promise(setImmediate);
      const client = await loggedIn(id);
      expect(joined(client)).to.deep.equal([id]);
    });
  });

  it("may have the socket's own id", async () => {
    guard({ rooms: (_claims, socket) => [socket.id, 'a'] });
    const client = await loggedIn();
    expect([...serverSide(client).rooms]).to.have.members([client.socket.id, 'a']);
    await settled(client);
    serverSide(client).emit('marker');
    await client.until('marker');
    expect([...serverSide(client).rooms]).to.deep.equal([client.socket.id]);
  });

  it('leave nothing in the adapter', async () => {
    guard();
    const clients = [await loggedIn('a'), await loggedIn('a', 'b')];
    for (const { socket } of clients) socket.disconnect();
    while (world.io.of('/').sockets.size > 0) await new Promise(setImmediate);
    const { rooms, sids } = world.io.of('/').adapter;
    expect([rooms.size, sids.size]).to.deep.equal([0, 0]);
  });

  for (const rooms of ['room', ['room'], null, {}]) {
    it(`throw a TypeError at start for ${JSON.stringify(rooms)}`, () => {
      expect(() => world.authorize({ rooms: rooms as never })).to.throw(TypeError, /rooms/);
    });
  }
});

describe('rooms, on two nodes', () => {
  let redis: RedisServer;
  let worlds: World[];

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
  });

  after(() => redis?.close());

  beforeEach(async () => {
    worlds = [];
    for (let count = 0; count < 2; count += 1) {
      const adapter = createAdapter(await redis.connected(), await redis.connected());
      const world = await new World({ adapter: adapter as never }).listen();
      world.authorize({ rooms: ({ sub, club }) => [`user:${sub}`, `club:${String(club)}`] }).attach(world.io);
      worlds.push(world);
    }
  });

  afterEach(() => Promise.all(worlds.map((world) => world.close())));

  it("reach a user on all devices and nodes, and list a user's sessions", async () => {
    const [here, there] = worlds as [World, World];
    const clients = [await here.connected(), await there.connected()] as [TestClient, TestClient];
    for (const client of clients) await show(client, createToken({ sub: 'bob', club: 'x' }));
    const stranger = await there.connected();
    here.io.to('user:bob').emit('said', 'to all devices');
    for (const client of clients) expect(await client.until('said')).to.deep.equal(['to all devices']);
    const sessions = await here.io.in('user:bob').fetchSockets();
    expect(sessions.map(({ id }) => id)).to.have.members(clients.map(({ socket }) => socket.id));
    // Those who stay after a renewal with another club.
    await show(clients[1], createToken({ sub: 'bob', club: 'y' }));
    expect(await here.io.in('club:x').fetchSockets()).to.have.length(1);
    await settled(stranger);
    expect(stranger.received('said')).to.deep.equal([]);
  });
});
