import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { AuthorizeOptions } from '../../lib';
import { countAlive, cpuOf, leastRatio } from '../support/cost';
import { NamespaceInbox } from '../support/namespace-inbox';
import { PollingSession } from '../support/polling-session';
import { RawClient } from '../support/raw-client';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { until } from '../support/until';
import { World } from '../support/world';

/** Dynamic namespaces: a client makes as many as it names. */
const ROOMS = /^\/room-\d+$/;
/** Answers and calls of listeners that one verification can cause, besides its outcome. */
const MAX_ANSWERS = 16;

/** The ways to guard a namespace; with a `fail` hook that accepts, handshake mode has pending sockets too. */
const MODES: [how: string, options: Partial<AuthorizeOptions>][] = [
  ['by event', {}],
  ["by event under scope: 'connection'", { scope: 'connection' }],
  ['at the handshake, as guests', { handshake: true, fail: (_error, _socket, accept) => accept() }],
  [
    "at the handshake, as guests under scope: 'connection'",
    { handshake: true, scope: 'connection', fail: (_error, _socket, accept) => accept() },
  ],
];

const joinAll = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `0/room-${from + index},`);
const leaveAll = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `1/room-${from + index},`);

describe('a flood of CONNECT packets for ever new namespaces', function () {
  let world: World;
  let unharmed: Unharmed;

  beforeEach(() => {
    unharmed = new Unharmed();
  });

  afterEach(() => {
    unharmed.close();
  });

  const COUNT = 16_000;
  const packets = joinAll(0, COUNT);

  /**
   * CPU of the whole flood in one request, from the first packet until the last socket has closed.
   *
   * @param options how the namespaces are guarded, if they are
   */
  async function flood(options?: Partial<AuthorizeOptions>): Promise<number> {
    world = await new World().listen();
    const rooms = world.io.of(ROOMS);
    const auth = options && world.authorize({ timeout: 600_000, ...options });
    auth?.attach(rooms);
    let sockets = 0;
    rooms.on('connection', (socket: Socket) => {
      sockets += 1;
      socket.on('disconnect', () => (sockets -= 1));
    });
    const session = await PollingSession.open(world.url);
    const cost = await cpuOf(async () => {
      await session.send(...packets);
      expect(sockets).to.equal(COUNT);
      await session.close();
      await until('all sockets have closed', () => sockets === 0);
    });
    if (auth) expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
    await world.close();
    return cost;
  }

  for (const [how, options] of MODES) {
    // The goal is twice, which the benchmark measures; what is more than linear misses this by far.
    it(`costs at most 2.5 times as much CPU time as without the library, ${how}`, async () => {
      const ratio = await leastRatio(
        () => flood(options),
        () => flood(),
        2.5,
      );
      expect(ratio).to.be.below(2.5);
    });
  }

  for (const protocol of [4, 3] as const) {
    for (const [how, options] of MODES) {
      it(`keeps nothing in memory of the namespaces that the client has left, over Engine.IO ${protocol}, ${how}`, async () => {
        world = await new World({ allowEIO3: true }).listen();
        world.io.of('/open');
        const rooms = world.io.of(ROOMS);
        world.authorize(options).attach(rooms);
        const refs: WeakRef<object>[] = [];
        rooms.on('connection', (socket) => refs.push(new WeakRef(socket)));
        const session = await PollingSession.open(world.url, protocol);
        await walk(session);
        expect(refs).to.have.length(200);
        // Some may be remembered, so that a client that comes back finds its timeout where it was.
        expect(await countAlive(refs)).to.be.at.most(20);
        await session.close();
        await world.close();
      });
    }
  }

  for (const [how, options] of MODES) {
    it(`keeps nothing in memory of namespaces that Socket.IO cleans up, ${how}`, async () => {
      world = await new World({ cleanupEmptyChildNamespaces: true }).listen();
      world.io.of('/open');
      const rooms = world.io.of(ROOMS);
      const auth = world.authorize(options);
      auth.attach(rooms);
      const refs: WeakRef<object>[] = [];
      world.io.on('new_namespace', (namespace) => refs.push(new WeakRef(namespace)));
      const session = await PollingSession.open(world.url);
      await walk(session);
      expect(refs).to.have.length(200);
      expect(await countAlive(refs)).to.be.at.most(20);
      await session.close();
      expect(auth.stats()).to.include({ pending: 0 });
      await world.close();
    });
  }

  /** Joins and leaves 200 namespaces, one after the other; another one keeps the connection. */
  async function walk(session: PollingSession): Promise<void> {
    await session.send('0/open,');
    for (let from = 0; from < 200; from += 40) {
      await session.send(...joinAll(from, from + 40));
      await session.send(...leaveAll(from, from + 40));
    }
  }
});

describe('a flood of CONNECT packets for one namespace, while a token is being verified at the handshake', () => {
  for (const scope of ['namespace', 'connection'] as const) {
    it(`calls listeners 16 times, answers once, and holds one socket, scope: ${scope}`, async () => {
      const world = await new World().listen();
      const told = new NamespaceInbox(world.io.of('/'));
      const slow = new SlowCheck();
      world.authorize({ handshake: true, scope, validate: slow.check }).attach(world.io);
      const raw = await RawClient.open(world.url, 'polling');
      const refs: WeakRef<object>[] = [];
      world.io.use((socket, next) => {
        refs.push(new WeakRef(socket));
        next();
      });
      raw.send(...Array.from({ length: 1000 }, () => RawClient.connect({ token: createToken() })));
      await until('the flood has come', () => slow.asked === 1 && told.codes.length >= MAX_ANSWERS);
      // One more request, so that the server has dealt with the first.
      const other = world.client('/open');
      world.io.of('/open');
      await other.until('connect');
      expect(told.codes).to.deep.equal(
        Array.from({ length: MAX_ANSWERS }, () => 'authentication_in_progress'),
      );
      const { _preConnectSockets } = world.io.of('/') as unknown as {
        _preConnectSockets?: Map<string, unknown>;
      };
      // Before 4.8, Socket.IO stores nothing for a socket that has not connected.
      expect(_preConnectSockets?.size ?? 1).to.equal(1);
      slow.answer();
      await raw.next('EVENT');
      expect(slow).to.include({ most: 1, asked: 1 });
      expect(raw.inbox.all('CONNECT')).to.have.length(1);
      expect(raw.inbox.all('CONNECT_ERROR')).to.have.length(0);
      expect(raw.traffic.received).to.be.below(raw.traffic.sent);
      raw.close();
      await world.close();
    });
  }

  it('during the next verification gets 16 refusals again', async () => {
    const world = await new World().listen();
    const told = new NamespaceInbox(world.io.of('/'));
    const slow = new SlowCheck();
    const secret = (): Promise<string> =>
      slow.check().then(() => 'another secret, which signed no token here');
    world.authorize({ handshake: true, secret, maxAttempts: 9 }).attach(world.io);
    const raw = await RawClient.open(world.url, 'polling');
    for (let turn = 1; turn <= 2; turn += 1) {
      raw.send(...Array.from({ length: 100 }, () => RawClient.connect({ token: createToken() })));
      await until('the token is verified', () => slow.asked === turn);
      slow.answer();
      await raw.next('CONNECT_ERROR');
    }
    const busy = told.codes.filter((code) => code === 'authentication_in_progress');
    expect(busy).to.have.length(2 * MAX_ANSWERS);
    expect(raw.inbox.all('CONNECT_ERROR')).to.have.length(2);
    raw.close();
    await world.close();
  });
});

describe('a flood of CONNECT packets for one namespace, while a token is being verified after the connection', () => {
  it('has one token verified and at most one waiting, however many sockets replace each other', async () => {
    const world = await new World().listen();
    const told = new NamespaceInbox(world.io.of('/'));
    const slow = new SlowCheck();
    const auth = world.authorize({ validate: slow.check });
    auth.attach(world.io);
    const refs: WeakRef<object>[] = [];
    world.io.on('connection', (socket) => refs.push(new WeakRef(socket)));
    const raw = await RawClient.open(world.url, 'polling');
    for (let turn = 0; turn < 100; turn += 1) {
      const before = refs.length;
      raw.send(RawClient.connect({ token: createToken({ sub: `user-${turn}` }) }));
      await until('the socket is there', () => refs.length > before);
      raw.send('1');
      await until('the socket is gone', () => world.io.of('/').sockets.size === 0);
    }
    raw.send(RawClient.connect({ token: createToken({ sub: 'the last' }) }));
    for (let turn = 0; turn < 101; turn += 1) await raw.next('CONNECT');
    // The one that is verified, the one that waits, and the one that is there.
    expect(await countAlive(refs)).to.be.at.most(4);
    await until('the last one is in', () => {
      slow.answer();
      return auth.stats().authenticated === 1;
    });
    expect(slow).to.include({ most: 1, asked: 2 });
    expect(told.codes.length).to.be.at.most(MAX_ANSWERS);
    const socket = (await told.socket('authenticated')) as Socket & { decoded_token?: { sub: string } };
    expect(socket.decoded_token).to.include({ sub: 'the last' });
    raw.close();
    await world.close();
  });
});
