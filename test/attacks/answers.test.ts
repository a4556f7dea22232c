import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions, RevocationStore } from '../../lib';
import { unharmedWorld } from '../support/fresh-world';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { until } from '../support/until';
import { World } from '../support/world';

const authenticate = (token: unknown = createToken()): string => RawClient.event('authenticate', { token });
const logout = RawClient.event('deauthenticate');
const times = (count: number, make: (index: number) => string | string[]): string[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat();

const down = (): never => {
  throw new Error('down');
};
const store: RevocationStore = { add: () => undefined, isRevoked: () => Promise.reject(new Error('down')) };

/**
 * Answers that cost the client less than the server: short packets in, long ones out. Each is bounded, so that over a
 * flood the server sends no more than it receives.
 */
const FLOODS: [what: string, options: Partial<AuthorizeOptions>, packets: () => string[]][] = [
  [
    'that logs in, logs out and sends events that are dropped, in turns',
    {},
    () => times(60, () => [authenticate(), logout, ...times(16, () => '2["x"]')]),
  ],
  [
    'that shows no token four times and a good one then, in turns',
    {},
    () => times(100, () => [...times(4, () => '2["authenticate"]'), authenticate()]),
  ],
  [
    'that shows a short token that is refused late, and takes it back, in turns',
    { limiter: { consume: () => Promise.reject(new Error('past the limit')) } },
    () => times(500, () => [authenticate('x'), logout]),
  ],
  [
    'that is past the limit of the limiter, and goes on',
    { limiter: { consume: () => Promise.reject(new Error('past the limit')) } },
    () => times(500, () => authenticate('x')),
  ],
  [
    'whose keys cannot be found, and goes on',
    { secret: down },
    () => times(500, () => authenticate(createToken({}, { noTimestamp: true }))),
  ],
  [
    'whose revocation cannot be asked, and goes on',
    { revocation: store },
    () => times(500, (index) => `2${index}["authenticate",{"token":"${createToken({})}"}]`),
  ],
];

describe('a client', () => {
  let auth: Authorizer;
  let raw: RawClient;

  afterEach(() => raw.close());

  const { world, told } = unharmedWorld();

  beforeEach(async () => {
    raw = await RawClient.open(world.url, 'polling');
  });

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize({ allow: ['sync'], ...options });
    auth.attach(world.io);
    world.io.on('connection', (socket) => socket.on('sync', (reply: () => void) => reply()));
  }

  /** Waits until the server has dealt with everything that was sent before, and the answers are here. */
  async function synced(): Promise<void> {
    const before = raw.inbox.all('ACK').filter(([, id]) => id === '987654').length;
    raw.send('2987654["sync"]');
    const isHere = (): boolean => raw.inbox.all('ACK').filter(([, id]) => id === '987654').length > before;
    await until('the flood is over', () => isHere() || !raw.isOpen);
  }

  it("that logs in and out in turns, under scope: 'connection', has its other sockets told some 200 times a minute", async () => {
    const others = 40;
    const turns = 10;
    auth = world.authorize({ allow: ['sync'], scope: 'connection' });
    for (const place of [world.io.of('/'), world.io.of(/^\/room-\d+$/)]) auth.attach(place);
    world.io.on('connection', (socket) => socket.on('sync', (reply: () => void) => reply()));
    raw.send(RawClient.connect(), ...Array.from({ length: others }, (_, index) => `0/room-${index},`));
    for (let count = 0; count <= others; count += 1) await raw.next('CONNECT');
    for (let turn = 0; turn < turns; turn += 1) raw.send(authenticate(), logout);
    raw.send(`27["authenticate",{"token":"${createToken()}"}]`);
    await synced();
    const [answer] = raw.inbox.all('ACK').find(([, id]) => id === '7') ?? [];
    expect(JSON.stringify(answer)).to.include('"code":"rate_limited"').and.to.include('"retryAfter":60000');
    const accepted = raw.inbox.all('EVENT').filter(([packet]) => String(packet).includes('"authenticated"'));
    expect(accepted.length).to.be.at.most(192 + others + 1);
    expect(auth.stats()).to.include({ authenticated: 0, pending: others + 1 });
  });

  for (const [what, options, packets] of FLOODS) {
    it(`${what}, is sent no more than it sends`, async () => {
      guard(options);
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      // A verification that takes a turn of the event loop is over between two requests.
      const all = packets();
      for (let from = 0; from < all.length; from += 100) {
        raw.send(...all.slice(from, from + 100));
        await synced();
      }
      expect(raw.traffic.received).to.be.at.most(raw.traffic.sent);
      expect(told.codes.length).to.be.at.most(all.length / 4);
    });
  }

  it('that sends many tokens at once, again after each verification, is sent no more than it sends', async () => {
    guard({ validate: () => Promise.resolve() });
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    for (let turn = 0; turn < 40; turn += 1) {
      raw.send(authenticate(), ...times(16, () => '2["authenticate"]'));
      await synced();
    }
    expect(raw.traffic.received).to.be.at.most(raw.traffic.sent);
  });

  it('that keeps renewing for many namespaces at once is sent no more than it sends', async () => {
    guard({ scope: 'connection' });
    const rooms = world.io.of(/^\/room-\d+$/);
    auth.attach(rooms);
    raw.send(RawClient.connect({ token: createToken() }));
    await raw.next('EVENT');
    raw.send(...times(50, (index) => RawClient.connect(undefined, `/room-${index}`)));
    for (let index = 0; index < 50; index += 1) await raw.next('CONNECT');
    const before = { ...raw.traffic };
    raw.send(...times(100, (index) => authenticate(createToken({ sub: 'bob', name: 'Bob', index }))));
    await synced();
    expect(auth.stats().verified).to.be.above(1);
    expect(raw.traffic.received - before.received).to.be.at.most(raw.traffic.sent - before.sent);
  });

  /** What a client says in each of endless namespaces, and what it is answered there. */
  const ROOMS: [what: string, auth: object | undefined, packets: string[]][] = [
    ['events that are dropped', undefined, times(40, () => '["x"]')],
    ['no token, again and again', undefined, times(4, () => '["authenticate"]')],
    ['a bad token in the CONNECT packet', { token: 'x' }, []],
  ];
  for (const [what, shown, packets] of ROOMS) {
    it(`that sends ${what}, in ever new namespaces, is sent no more than it sends, except for CONNECT packets`, async () => {
      guard();
      const rooms = world.io.of(/^\/room-\d+$/);
      auth.attach(rooms);
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      for (let turn = 0; turn < 10; turn += 1) {
        const names = times(20, (index) => `/room-${turn}${index}0`);
        raw.send(...names.map((name) => RawClient.connect(shown, name)));
        for (const _ of names) await raw.next('CONNECT');
        const all = names.flatMap((name) => packets.map((packet) => `2${name},${packet}`));
        if (all.length > 0) raw.send(...all);
        await synced();
      }
      const connected = raw.inbox.all('CONNECT').length * '0/room-000,{"sid":"01234567890123456789"}'.length;
      expect(raw.traffic.received - connected).to.be.at.most(raw.traffic.sent);
    });
  }
});

/** Refusals that end a socket: a client may have one in each of endless namespaces. */
const ENDS: [what: string, options: Partial<AuthorizeOptions>, end: (auth: Authorizer) => void][] = [
  ['the server is full', { maxPending: 0 }, () => undefined],
  ['the authorizer is closed', {}, (auth) => auth.close()],
  [
    'the option `rooms` refuses',
    { scope: 'connection', rooms: (_claims, { nsp }) => (nsp.name === '/' ? [] : down()) },
    () => undefined,
  ],
];

describe('a client that connects to ever new namespaces', () => {
  const { world } = unharmedWorld();

  /** What stands in the packets that come for each: the library's, without Socket.IO's own answers. */
  async function flood(raw: RawClient, count: number): Promise<string[]> {
    raw.send(...times(count, (index) => RawClient.connect(undefined, `/room-${index}`)));
    for (let index = 0; index < count; index += 1) await raw.next('CONNECT');
    for (let index = 0; index < count; index += 1) await raw.next('DISCONNECT');
    return raw.inbox.all('EVENT').map(([data]) => String((data as unknown[])[0]));
  }

  for (const [what, options, end] of ENDS) {
    it(`is told of at most 20 refusals if ${what}`, async () => {
      const raw = await RawClient.open(world.url, 'polling');
      const auth = world.authorize(options);
      auth.attach(world.io);
      auth.attach(world.io.of(/^\/room-\d+$/));
      raw.send(RawClient.connect({ token: createToken() }));
      await raw.next('CONNECT');
      await raw.next('EVENT');
      end(auth);
      const events = await flood(raw, 200);
      expect(events.filter((event) => event === 'unauthorized')).to.have.length(20);
      expect(auth.stats().refused).to.equal(20);
      raw.close();
    });
  }

  it('is told of at most 20 refusals if the authorizer is closed, in handshake mode', async () => {
    const raw = await RawClient.open(world.url, 'polling');
    const auth = world.authorize({ handshake: true });
    auth.attach(world.io.of(/^\/room-\d+$/));
    auth.close();
    world.io.of('/open');
    raw.send(...times(200, (index) => RawClient.connect(undefined, `/room-${index}`)));
    raw.send(RawClient.connect(undefined, '/open'));
    await raw.next('CONNECT');
    expect(raw.inbox.all('CONNECT_ERROR')).to.have.length(20);
    expect(auth.stats().refused).to.equal(20);
    raw.close();
  });

  it('is told of at most 20 timeouts, and all its sockets time out', async () => {
    const time = world.stopTime();
    const raw = await RawClient.open(world.url, 'polling');
    const auth = world.authorize({ timeout: 1_000 });
    auth.attach(world.io.of(/^\/room-\d+$/));
    world.io.of('/open');
    raw.send(
      RawClient.connect(undefined, '/open'),
      ...times(200, (index) => RawClient.connect(undefined, `/room-${index}`)),
    );
    for (let index = 0; index <= 200; index += 1) await raw.next('CONNECT');
    time.pass(1_001);
    for (let index = 0; index < 200; index += 1) await raw.next('DISCONNECT');
    expect(raw.inbox.all('EVENT')).to.have.length(20);
    expect(auth.stats()).to.include({ timedOut: 200, refused: 20, pending: 0 });
    raw.close();
  });
});

describe('a client of handshake mode that asks for ever new namespaces', () => {
  const { world } = unharmedWorld();
  let auth: Authorizer;
  let raw: RawClient;
  let asked: number;

  beforeEach(async () => {
    raw = await RawClient.open(world.url, 'polling');
    asked = 0;
  });
  afterEach(() => raw.close());

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    const rooms = world.io.of(/^\/room-\d+$/);
    auth = world.authorize({ handshake: true, ...options });
    rooms.use((_socket, next) => {
      asked += 1;
      next();
    });
    auth.attach(rooms);
    world.io.of('/open').on('connection', () => undefined);
  }

  /** Asks for so many namespaces, and waits until the server has dealt with that. */
  async function ask(count: number, shown?: object): Promise<void> {
    const before = asked;
    raw.send(...times(count, (index) => RawClient.connect(shown, `/room-${before + index}`)));
    await until('all are judged', () => asked === before + count || !raw.isOpen);
    raw.send(RawClient.connect(undefined, '/open'));
    await raw.next('CONNECT');
  }

  for (const [what, shown] of [
    ['without a token', undefined],
    ['with a bad token', { token: 'x' }],
  ] as const) {
    it(`${what} is sent no more than it sends, and counts as often as it is answered`, async () => {
      guard();
      await ask(1_000, shown);
      expect(raw.traffic.received).to.be.at.most(raw.traffic.sent);
      expect(raw.inbox.all('CONNECT_ERROR')).to.have.length.within(16, 20);
      expect(auth.stats().refused).to.equal(raw.inbox.all('CONNECT_ERROR').length);
    });
  }

  it('is let in with a good token after refusals that it was not told of', async () => {
    guard();
    await ask(100);
    raw.send(RawClient.connect({ token: createToken() }, '/room-7'));
    await until('it is in', () => auth.stats().authenticated === 1);
  });

  it('is asked for by the `fail` hook each time, which may accept it', async () => {
    guard({ fail: (_error, _socket, accept) => accept() });
    await ask(100);
    await until('all are in', () => raw.inbox.all('CONNECT').length === 101);
  });

  it('holds nothing of a namespace whose refusal it was not told of, where Socket.IO cleans up', async () => {
    await world.restart({ cleanupEmptyChildNamespaces: true });
    raw = await RawClient.open(world.url, 'polling');
    guard();
    await ask(100);
    await until('they are gone', () => world.io._nsps.size === 2);
  });
});

describe('the HTTP request of a connection', () => {
  /** How often each of these headers is read. */
  let reads: Record<string, number>;
  let world: World;
  let raw: RawClient;

  beforeEach(async () => {
    reads = { cookie: 0, authorization: 0 };
    world = await new World().listen();
    const headers = {
      cookie: `${'a=b; '.repeat(200)}jwt=none`,
      authorization: undefined,
    };
    world.io.engine.on('connection', ({ request }: { request: { headers: object } }) => {
      for (const [name, value] of Object.entries(headers)) {
        const get = (): string | undefined => {
          reads[name] = (reads[name] ?? 0) + 1;
          return value;
        };
        Object.defineProperty(request.headers, name, { get, enumerable: true, configurable: true });
      }
    });
    raw = await RawClient.open(world.url, 'polling');
  });

  afterEach(async () => {
    raw.close();
    await world.close();
  });

  /** A handful: where the token is looked for, and where it is hidden from other nodes. */
  function expectFewReads(): void {
    for (const [name, count] of Object.entries(reads)) expect(count, name).to.be.at.most(8);
  }

  it('is read once, however many events refer to its token while one is being verified', async () => {
    let open = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      open = resolve;
    });
    const auth = world.authorize({ cookie: 'jwt', limiter: { consume: () => wait } });
    auth.attach(world.io);
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    raw.send(...times(200, () => '2["authenticate"]'), '21["deauthenticate"]');
    await raw.next('ACK');
    expectFewReads();
    open();
  });

  it('is read once, however many events refer to its token and are refused', async () => {
    world.authorize({ cookie: 'jwt', maxAttempts: Infinity }).attach(world.io);
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    raw.send(...times(200, () => '2["authenticate"]'), '21["deauthenticate"]');
    await raw.next('ACK');
    expectFewReads();
  });

  it('is read once by getToken, however many events refer to its token while one is being verified', async () => {
    let calls = 0;
    let open = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      open = resolve;
    });
    const getToken = (): string => {
      calls += 1;
      return createToken();
    };
    world.authorize({ getToken, validate: () => wait }).attach(world.io);
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    raw.send(...times(200, () => '2["authenticate"]'), '21["deauthenticate"]');
    await raw.next('ACK');
    expect(calls).to.be.at.most(2);
    open();
  });

  for (const handshake of [false, true]) {
    it(`is read once, however many namespaces the client joins, handshake: ${handshake}`, async () => {
      const rooms = world.io.of(/^\/room-\d+$/);
      const options: Partial<AuthorizeOptions> = { cookie: 'jwt', handshake };
      world.authorize(handshake ? { ...options, fail: (_e, _s, accept) => accept() } : options).attach(rooms);
      raw.send(...times(200, (index) => RawClient.connect(undefined, `/room-${index}`)));
      for (let index = 0; index < 200; index += 1) await raw.next('CONNECT');
      expectFewReads();
    });
  }
});
