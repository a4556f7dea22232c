import { expect } from 'chai';
import { Server } from 'socket.io';
import type { AnySocket, Authorizer, UnauthorizedData } from '../../lib';
import { authenticate } from '../../lib/client';
import { Books } from '../model/books';
import { freshWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { openMemoryPort } from '../support/memory-connection';
import { RawClient } from '../support/raw-client';
import { refusal, settled, show } from '../support/refusals';
import { SlowCheck } from '../support/slow-check';
import { createToken, SECRET, tokenEndingIn } from '../support/tokens';
import { until as untilHolds } from '../support/until';
import type { TestClient, TestOptions } from '../support/world';

/** Whose socket it is. */
const subjectOf = (socket: AnySocket): string =>
  (socket as { decoded_token?: { sub: string } }).decoded_token?.sub ?? 'nobody';

const aTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** How a server may have to find out whether a token is good; it takes its time. */
const checks: [what: string, options: (wait: () => Promise<unknown>) => TestOptions][] = [
  ['a static secret', () => ({})],
  ['an asynchronous validate', (wait) => ({ validate: wait })],
  ['an asynchronous key function', (wait) => ({ secret: () => wait().then(() => SECRET) })],
  [
    'a classic key function',
    (wait) => ({
      secret: (_request, _payload, callback: (error: null, key: string) => void) =>
        void wait().then(callback.bind(undefined, null, SECRET)),
    }),
  ],
  [
    'an asynchronous store',
    (wait) => ({ revocation: { add: () => undefined, isRevoked: () => wait().then(() => false) } }),
  ],
];

/** Has a client log in as soon as it is connected; what it buffered before goes ahead. */
const clients: [what: string, prepare: (client: TestClient, token: string) => void][] = [
  [
    'a classic client, which authenticates in connect',
    ({ socket }, token) => socket.on('connect', () => void socket.emit('authenticate', { token })),
  ],
  [
    'a client that shows its token with the CONNECT packet',
    ({ socket }, token) => {
      socket.auth = { token };
    },
  ],
  [
    'the client helper',
    ({ socket }, token) => {
      const auth = authenticate(socket, { token: () => aTurn().then(() => token) });
      // What becomes of it is seen on the socket.
      auth.ready.catch(() => undefined);
    },
  ],
];

describe('events of a socket that must log in, before its first token', () => {
  const { world } = freshWorld();
  let heard: unknown[];

  function guard(options: TestOptions): void {
    const auth = world.authorize(options);
    for (const name of ['/', '/chat']) {
      auth.attach(world.io.of(name)).on('connection', (socket: AnySocket) => {
        socket.on('message', (text: unknown) => heard.push(text));
      });
    }
  }

  beforeEach(() => {
    heard = [];
  });

  it('wait, also if it may take as long as it likes', async () => {
    guard({ timeout: Infinity });
    const client = world.client();
    client.socket.emit('message', 1);
    await client.until('connect');
    client.socket.emit('message', 2);
    await show(client, createToken());
    await settled(client);
    expect(heard).to.deep.equal([1, 2]);
  });

  for (const [what, before] of [
    ['a refusal', (client: TestClient) => show(client, 'none')],
    [
      'a logout',
      async (client: TestClient) => {
        await show(client, createToken());
        await client.socket.emitWithAck('deauthenticate');
      },
    ],
  ] as const) {
    for (const scope of ['namespace', 'connection'] as const) {
      it(`wait, also after ${what} at another namespace of its connection, scope: ${scope}`, async () => {
        guard({ scope });
        const client = await world.connected('/', { forceNew: false });
        await before(client);
        const chat = world.client('/chat', { forceNew: false });
        chat.socket.emit('message', 1);
        await chat.until('connect');
        await show(chat, createToken());
        await settled(chat);
        expect(heard).to.deep.equal([1]);
        expect(chat.received('unauthorized')).to.deep.equal([]);
      });
    }
  }

  it('are not held of a socket that has left in the same chunk: their bytes would count for ever', async () => {
    const books = new Books();
    guard({});
    const raw = await RawClient.open(world.url, 'polling');
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    raw.send('1', RawClient.event('authenticate', { token: createToken() }), RawClient.event('message', 1));
    while (world.io.of('/').sockets.size > 0) await aTurn();
    expect(books.holding).to.equal(0);
    books.close();
    raw.close();
  });

  it('are dropped and reported after a refusal of its own', async () => {
    guard({ scope: 'connection' });
    const client = await world.connected();
    await show(client, 'none');
    await client.until('unauthorized');
    client.socket.emit('message', 1);
    expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'message' });
  });
});

describe("events of several namespaces under scope: 'connection'", () => {
  const { world } = freshWorld();
  let raw: RawClient;
  let heard: string[];

  beforeEach(async () => {
    heard = [];
    const auth = world.authorize({ scope: 'connection' });
    for (const name of ['/', '/chat']) {
      auth.attach(world.io.of(name)).on('connection', (socket: AnySocket) => {
        socket.on('message', (text: string) => heard.push(`${text} of ${subjectOf(socket)}`));
        socket.on('leave', () => auth.deauthenticate(socket));
      });
    }
    raw = await RawClient.open(world.url, 'polling');
    raw.send(
      RawClient.connect({ token: createToken({ sub: 'alice' }) }),
      RawClient.connect(undefined, '/chat'),
    );
    for (const type of ['CONNECT', 'CONNECT', 'EVENT', 'EVENT']) await raw.next(type);
  });

  afterEach(() => raw.close());

  const login = RawClient.event('authenticate', { token: createToken({ sub: 'bob' }) });
  const logout = RawClient.event('deauthenticate');
  const chat = (text: string): string => `2/chat,["message","${text}"]`;
  const dropped = (): unknown[] =>
    raw.inbox.all('EVENT').flatMap(([data]) => {
      const [event, error] = data as [string, { data: UnauthorizedData }];
      return event === 'unauthorized' ? [error.data.event] : [];
    });

  it('wait for the login behind a logout, whichever namespace says both', async () => {
    raw.send(chat('before'), logout, chat('between'), login, chat('behind'), '2/chat,7["message","last"]');
    await untilHolds('all is heard', () => heard.length === 3 && dropped().length === 1);
    expect(heard).to.deep.equal(['before of alice', 'behind of bob', 'last of bob']);
  });

  it('are dropped and reported behind a logout alone', async () => {
    raw.send(logout, chat('behind'));
    await untilHolds('it is reported', () => dropped().length === 1);
    expect(heard).to.deep.equal([]);
  });

  it('go on if the namespace that says the logout is left in the same chunk', async () => {
    raw.send(logout, '1', chat('behind'));
    await untilHolds('it is reported', () => dropped().length === 1);
    expect([heard, dropped()]).to.deep.equal([[], ['message']]);
  });

  it('are reported as dropped if a listener ends the session in the same chunk', async () => {
    raw.send('2/chat,["leave"]', chat('behind'));
    await untilHolds('it is reported', () => dropped().includes('message'));
    expect(heard).to.deep.equal([]);
  });
});

describe('events around a login', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;
  let heard: Inbox;
  /** Everything that the server's application noticed, in order. */
  let log: string[];

  beforeEach(() => {
    heard = new Inbox();
    log = [];
  });

  function guard(options: TestOptions = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io).on('authenticated', () => log.push('authenticated'));
    listen(world.io);
  }

  /** An application that hears `msg`, and answers. */
  function listen(namespace: {
    on(event: 'connection', listener: (socket: AnySocket) => void): unknown;
  }): void {
    namespace.on('connection', (socket) => {
      for (const name of ['msg', 'login', '7'])
        socket.on(name, (...args: unknown[]) => {
          const reply = args.at(-1);
          if (typeof reply === 'function') args.pop();
          log.push(`${name} ${String(args[0])}`);
          heard.push(name, args);
          if (typeof reply === 'function') (reply as (answer: unknown) => void)(`heard ${String(args[0])}`);
        });
    });
  }

  /** A wait until the server has taken in a packet with some text, from whichever client. */
  function until(text: string): () => Promise<void> {
    const came = new Promise<void>((resolve) => {
      world.io.engine.on(
        'connection',
        (connection: { on(event: 'data', listener: (data: unknown) => void): void }) =>
          connection.on('data', (data) => {
            if (typeof data === 'string' && data.includes(text)) setImmediate(resolve);
          }),
      );
    });
    return () => came;
  }

  /** What the application has heard so far. */
  function texts(): unknown[] {
    return heard.all('msg').map(([text]) => text);
  }

  /** The next report of a dropped event. */
  async function dropped(client: TestClient, event = 'msg'): Promise<void> {
    expect(await refusal(client)).to.deep.include({ code: 'not_authenticated', event, retryable: true });
  }

  /** The reports of dropped events so far. */
  function reports(client: TestClient): unknown[] {
    return client
      .received('unauthorized')
      .map(([payload]) => (payload as { data: UnauthorizedData }).data)
      .filter(({ code, event }) => code === 'not_authenticated' && event !== undefined);
  }

  for (const transport of ['websocket', 'polling'] as const) {
    for (const [what, options] of checks) {
      for (const [who, prepare] of clients) {
        it(`are delivered with ${what}, from ${who}, over ${transport}`, async () => {
          guard(options(until('"msg",4')));
          const client = world.client('/', { autoConnect: false, transports: [transport] });
          prepare(client, createToken());
          const { socket } = client;
          socket.on('connect', () => {
            socket.emit('msg', 3);
            socket.emit('msg', 4);
          });
          // Offline.
          socket.emit('msg', 1);
          const answer = socket.emitWithAck('msg', 2, Buffer.from('binary'));
          socket.connect();
          expect(await answer).to.equal('heard 2');
          expect(await socket.emitWithAck('msg', 5)).to.equal('heard 5');
          expect(log).to.deep.equal(['authenticated', 'msg 1', 'msg 2', 'msg 3', 'msg 4', 'msg 5']);
          expect(heard.all('msg')[1]).to.deep.equal([2, Buffer.from('binary')]);
          expect(client.received('unauthorized')).to.deep.equal([]);
          expect(told.codes).to.deep.equal([]);
        });
      }
    }

    it(`are delivered from the client helper with retries, each once, over ${transport}`, async () => {
      guard({ validate: until('"msg",1') });
      const client = world.client('/', {
        autoConnect: false,
        transports: [transport],
        retries: 3,
        ackTimeout: 5_000,
      });
      const helper = authenticate(client.socket, { token: () => createToken() });
      const answers = [1, 2, 3].map((text) => client.socket.emitWithAck('msg', text));
      client.socket.connect();
      await helper.ready;
      expect(await Promise.all(answers)).to.deep.equal(['heard 1', 'heard 2', 'heard 3']);
      expect(texts()).to.deep.equal([1, 2, 3]);
      helper.close();
    });
  }

  it('are delivered from a plain client with retries that logs in with the CONNECT packet', async () => {
    guard({ validate: until('"msg",1') });
    const client = world.client('/', {
      autoConnect: false,
      retries: 3,
      ackTimeout: 5_000,
      auth: { token: createToken() },
    });
    const answers = [1, 2].map((text) => client.socket.emitWithAck('msg', text));
    client.socket.connect();
    expect(await Promise.all(answers)).to.deep.equal(['heard 1', 'heard 2']);
    expect(texts()).to.deep.equal([1, 2]);
  });

  it('are held even if the token arrives much later', async () => {
    guard();
    const client = await world.connected();
    client.socket.emit('msg', 1);
    world.io.of('/').sockets.get(String(client.socket.id))?.emit('direct');
    await client.until('direct');
    await show(client, createToken());
    client.socket.emit('msg', 2);
    for (let times = 0; times < 2; times += 1) await heard.take('msg');
    expect(log).to.deep.equal(['authenticated', 'msg 1', 'msg 2']);
    expect(client.received('unauthorized')).to.deep.equal([]);
  });

  it('are released in the same tick, after the `authenticated` listeners and before anything else', async () => {
    const slow = new SlowCheck();
    guard({ validate: slow.check });
    world.io.on('authenticated', () => {
      setImmediate(() => log.push('the next turn'));
    });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    client.socket.emit('msg', 3);
    await slow.untilAsked();
    slow.open();
    await client.until('authenticated');
    expect(await client.socket.emitWithAck('msg', 4)).to.equal('heard 4');
    expect(log.slice(0, 5)).to.deep.equal(['authenticated', 'msg 1', 'msg 2', 'msg 3', 'the next turn']);
    expect(log.at(-1)).to.equal('msg 4');
  });

  it('reach handlers that are registered in `authenticated`', async () => {
    auth = world.authorize();
    auth.attach(world.io).on('authenticated', (socket: AnySocket) => {
      socket.on('msg', (text: unknown) => heard.push('msg', [text]));
    });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    for (let times = 0; times < 2; times += 1) await heard.take('msg');
    expect(texts()).to.deep.equal([1, 2]);
  });

  it('pass onAny and socket.use once, as messages of the user who logged in', async () => {
    guard();
    world.io.on('connection', (socket: AnySocket) => {
      const user = (): string =>
        String((socket as unknown as { decoded_token?: { sub: string } }).decoded_token?.sub);
      socket.onAny((event: string) => log.push(`any ${event} of ${user()}`));
      socket.use(([event, text], next) => {
        log.push(`use ${event} of ${user()}`);
        next(text === 1 ? new Error('not this one') : undefined);
      });
    });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    client.socket.emit('authenticate', { token: createToken({ sub: 'bob' }) });
    client.socket.emit('msg', 2);
    await heard.take('msg');
    expect(texts()).to.deep.equal([2]);
    for (const line of ['any msg of bob', 'use msg of bob'])
      expect(log.filter((one) => one === line)).to.have.length(2);
    expect(log.filter((line) => line.endsWith('undefined'))).to.deep.equal([]);
    expect(log[0]).to.equal('authenticated');
  });

  it('keep their arguments: binary, nested, none, and a number as a name', async () => {
    guard({ validate: aTurn });
    const raw = await RawClient.open(world.url, 'websocket');
    raw.send(RawClient.connect());
    await raw.next('CONNECT');
    const bytes = Buffer.from([0, 1, 255]);
    raw.send(RawClient.event('msg'), RawClient.event(7, { a: [null, true, 'ü', { b: 1.5 }] }));
    raw.send(RawClient.event('authenticate', { token: createToken() }));
    await raw.next('EVENT');
    raw.close();
    const client = await world.connected();
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', bytes, { deep: [bytes] });
    for (let times = 0; times < 2; times += 1) await heard.take('msg');
    expect(heard.all('msg')).to.deep.equal([[], [bytes, { deep: [bytes] }]]);
    expect(heard.all('7')).to.deep.equal([[{ a: [null, true, 'ü', { b: 1.5 }] }]]);
  });

  it('are held even if they are volatile', async () => {
    guard({ validate: aTurn });
    const client = await world.connected();
    client.socket.emit('authenticate', { token: createToken() });
    // So that the transport is ready for it: Socket.IO's client drops volatile events otherwise.
    await new Promise<void>((resolve) => {
      client.socket.io.engine.once('drain', () => resolve());
    });
    client.socket.volatile.emit('msg', 'volatile');
    expect(await heard.take('msg')).to.deep.equal(['volatile']);
    expect(client.received('unauthorized')).to.deep.equal([]);
  });

  it('that `allow` names are never held, are acknowledged at once, and may overtake others', async () => {
    const slow = new SlowCheck();
    guard({ allow: ['login'], validate: slow.check });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    expect(await client.socket.emitWithAck('login', 'before')).to.equal('heard before');
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    expect(await client.socket.emitWithAck('login', 'meanwhile')).to.equal('heard meanwhile');
    expect(log).to.deep.equal(['login before', 'login meanwhile']);
    slow.open();
    for (let times = 0; times < 2; times += 1) await heard.take('msg');
    expect(log.slice(2)).to.deep.equal(['authenticated', 'msg 1', 'msg 2']);
  });

  it('are dropped and reported if the token is refused, and not delivered after another one', async () => {
    guard();
    const client = await world.connected();
    client.socket.emit('msg', 1);
    client.socket.emit('authenticate', { token: 'garbage' });
    const codes = [await refusal(client), await refusal(client)].map(({ code }) => code);
    expect(codes.toSorted()).to.deep.equal(['invalid_token', 'not_authenticated']);
    expect(reports(client)).to.have.length(1);
    expect(told.codes.toSorted()).to.deep.equal(['invalid_token', 'not_authenticated']);
    expect(auth.stats()).to.include({ refused: 1 });
    expect(await show(client, createToken())).to.include({ ok: true });
    expect(await client.socket.emitWithAck('msg', 2)).to.equal('heard 2');
    expect(texts()).to.deep.equal([2]);
  });

  const refusals: [what: string, options: TestOptions, token: () => string, code: string][] = [
    [
      'the key cannot be found',
      { secret: () => Promise.reject(new Error('down')) },
      createToken,
      'invalid_secret',
    ],
    [
      'the store is down',
      { revocation: { add: () => undefined, isRevoked: () => Promise.reject(new Error('down')) } },
      createToken,
      'revocation_unavailable',
    ],
    [
      'validate refuses',
      { validate: () => aTurn().then(() => Promise.reject(new Error('no'))) },
      createToken,
      'unknown',
    ],
    ['the token has expired', {}, () => tokenEndingIn(-5_000), 'invalid_token'],
  ];
  for (const [what, options, token, code] of refusals) {
    it(`are dropped and reported when ${what}, including those sent after the token`, async () => {
      guard(options);
      const client = await world.connected();
      client.socket.emit('msg', 1);
      client.socket.emit('authenticate', { token: token() });
      client.socket.emit('msg', 2);
      const codes = [await refusal(client), await refusal(client), await refusal(client)].map(
        (data) => data.code,
      );
      expect(codes.toSorted()).to.deep.equal([code, 'not_authenticated', 'not_authenticated'].toSorted());
      expect(reports(client)).to.have.length(2);
      expect(texts()).to.deep.equal([]);
    });
  }

  it('are dropped at once after a refusal, and held again while another token is verified', async () => {
    const slow = new SlowCheck();
    guard({ validate: slow.check });
    const client = await world.connected();
    await show(client, 'garbage');
    client.socket.emit('msg', 1);
    expect(await refusal(client)).to.include({ code: 'invalid_token' });
    await dropped(client);
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    await slow.untilAsked();
    slow.open();
    expect(await heard.take('msg')).to.deep.equal([2]);
    expect(texts()).to.deep.equal([2]);
    expect(reports(client)).to.have.length(1);
  });

  it('stay held when a second token is refused because the first is still being verified', async () => {
    const slow = new SlowCheck();
    guard({ validate: slow.check });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    const first = show(client, createToken());
    expect((await show(client, createToken())).error).to.include({ code: 'authentication_in_progress' });
    client.socket.emit('msg', 2);
    slow.open();
    expect(await first).to.include({ ok: true });
    for (let times = 0; times < 2; times += 1) await heard.take('msg');
    expect(texts()).to.deep.equal([1, 2]);
  });

  it('are dropped and reported at a logout, before any token', async () => {
    guard();
    const client = await world.connected();
    client.socket.emit('msg', 1);
    await settled(client);
    await dropped(client);
    await show(client, createToken());
    expect(await client.socket.emitWithAck('msg', 2)).to.equal('heard 2');
    expect(texts()).to.deep.equal([2]);
  });

  it('are dropped and reported at a logout while a token is being verified, and never become messages of the next user', async () => {
    const slow = new SlowCheck();
    guard({ validate: slow.check });
    const client = await world.connected();
    client.socket.emit('authenticate', { token: createToken({ sub: 'alice' }) });
    client.socket.emit('msg', 'of alice');
    await slow.untilAsked();
    await settled(client);
    await dropped(client);
    const second = show(client, createToken({ sub: 'bob' }));
    client.socket.emit('msg', 'of bob');
    await settledElsewhere();
    slow.open();
    expect(await second).to.include({ ok: true });
    expect(await heard.take('msg')).to.deep.equal(['of bob']);
    expect(await client.socket.emitWithAck('msg', 'more')).to.equal('heard more');
    expect(texts()).to.deep.equal(['of bob', 'more']);
  });

  it('of guests are dropped at once with required: false, and held while a token is being verified', async () => {
    const slow = new SlowCheck();
    guard({ required: false, validate: slow.check });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    await dropped(client);
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    await slow.untilAsked();
    slow.open();
    expect(await heard.take('msg')).to.deep.equal([2]);
    expect(texts()).to.deep.equal([2]);
  });

  it('are dropped at once with holdEvents: 0, even while a token is being verified', async () => {
    const slow = new SlowCheck();
    guard({ holdEvents: 0, validate: slow.check });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    await dropped(client);
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    await dropped(client);
    slow.open();
    await client.until('authenticated');
    expect(await client.socket.emitWithAck('msg', 3)).to.equal('heard 3');
    expect(texts()).to.deep.equal([3]);
  });

  for (const holdEvents of [undefined, 1, 3]) {
    const most = holdEvents ?? 16;
    it(`after the first ${most} are dropped at once with holdEvents: ${holdEvents}`, async () => {
      guard(holdEvents === undefined ? {} : { holdEvents });
      const client = await world.connected();
      for (let text = 1; text <= most + 2; text += 1) client.socket.emit('msg', text);
      await dropped(client);
      await dropped(client);
      client.socket.emit('authenticate', { token: createToken() });
      for (let times = 0; times < most; times += 1) await heard.take('msg');
      expect(await client.socket.emitWithAck('msg', 'last')).to.equal('heard last');
      expect(texts()).to.deep.equal([...Array.from({ length: most }, (_one, index) => index + 1), 'last']);
      expect(reports(client)).to.have.length(2);
    });
  }

  for (const wrong of [-1, 1.5, NaN, '16', null, true]) {
    it(`throw a TypeError at start for holdEvents: ${String(wrong)}`, () => {
      expect(() => world.authorize({ holdEvents: wrong as never })).to.throw(TypeError, /holdEvents/);
    });
  }

  it('are dropped with a client that stays silent until the timeout', async () => {
    guard({ timeout: 60 });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    await client.until('disconnect');
    expect(told.codes).to.include('authentication_timeout');
    expect(texts()).to.deep.equal([]);
    expect(auth.stats()).to.include({ pending: 0, timedOut: 1 });
  });

  it('during a verification that outlasts the timeout are delivered or reported as dropped, each once', async () => {
    const slow = new SlowCheck();
    const time = world.stopTime();
    guard({ timeout: 1_000, validate: slow.check });
    const [client, silent] = [await world.connected(), await world.connected()];
    client.socket.emit('msg', 1);
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    await slow.untilAsked();
    time.pass(1_000);
    await silent.until('disconnect');
    slow.open();
    await client.until('authenticated');
    expect(await client.socket.emitWithAck('msg', 3)).to.equal('heard 3');
    expect(texts().length + reports(client).length).to.equal(3);
    expect(texts().at(-1)).to.equal(3);
  });

  it('are dropped with a socket that closes before the outcome', async () => {
    const slow = new SlowCheck();
    guard({ validate: slow.check });
    const client = await world.connected();
    client.socket.emit('msg', 1);
    client.socket.emit('authenticate', { token: createToken() });
    await slow.untilAsked();
    client.socket.io.engine.close();
    while (world.io.of('/').sockets.size > 0) await aTurn();
    slow.open();
    await settledElsewhere();
    expect(log).to.deep.equal([]);
  });

  it('are not delivered if an `authenticated` listener ends the session or the connection', async () => {
    for (const end of [
      (socket: AnySocket) => auth.deauthenticate(socket),
      (socket: AnySocket) => socket.disconnect(),
    ]) {
      const former = log.length;
      const nsp = world.io.of(`/${former}-${end.length}-${Math.random()}`);
      auth = world.authorize();
      auth.attach(nsp).on('authenticated', end);
      listen(nsp);
      const client = await world.connected(nsp.name);
      client.socket.emit('msg', 1);
      client.socket.emit('authenticate', { token: createToken() });
      client.socket.emit('msg', 2);
      await Promise.race([client.until('disconnect'), client.until('unauthorized')]);
      await settledElsewhere();
      expect(texts()).to.deep.equal([]);
    }
  });

  it('are not delivered after a held event whose listener ends the session', async () => {
    guard();
    world.io.on('connection', (socket: AnySocket) => socket.on('login', () => auth.deauthenticate(socket)));
    const client = await world.connected();
    client.socket.emit('msg', 1);
    client.socket.emit('login');
    client.socket.emit('msg', 2);
    client.socket.emit('authenticate', { token: createToken() });
    await heard.take('login');
    await settled(client);
    expect(texts()).to.deep.equal([1]);
  });

  it('are delivered at once while a session is being renewed', async () => {
    const slow = new SlowCheck();
    slow.isSlow = false;
    guard({ validate: slow.check });
    const client = await world.connected();
    await show(client, createToken());
    slow.isSlow = true;
    const renewal = show(client, createToken({ name: 'Bob', sub: 'bob', jti: '2' }));
    await slow.untilAsked(2);
    expect(await client.socket.emitWithAck('msg', 'at once')).to.equal('heard at once');
    slow.open();
    expect(await renewal).to.include({ ok: true });
  });

  it('after the end of a session are dropped at once, and held while the next token is being verified', async () => {
    const slow = new SlowCheck();
    slow.isSlow = false;
    guard({ validate: slow.check });
    const client = await world.connected();
    await show(client, createToken());
    await settled(client);
    client.socket.emit('msg', 1);
    await dropped(client);
    slow.isSlow = true;
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    await slow.untilAsked(2);
    slow.open();
    expect(await heard.take('msg')).to.deep.equal([2]);
    expect(texts()).to.deep.equal([2]);
  });

  it('are held while a renewal continues as a login, because its session has expired', async () => {
    const slow = new SlowCheck();
    slow.isSlow = false;
    guard({ validate: slow.check, onExpired: 'deauthenticate' });
    const client = await world.connected();
    await show(client, tokenEndingIn(300));
    slow.isSlow = true;
    const renewal = show(client, createToken({ sub: 'bob' }));
    await told.take('deauthenticated');
    client.socket.emit('msg', 1);
    await settledElsewhere();
    slow.open();
    expect(await renewal).to.include({ ok: true });
    expect(await heard.take('msg')).to.deep.equal([1]);
    expect(reports(client)).to.deep.equal([]);
  });

  it("are released in every namespace of the connection under scope: 'connection'", async () => {
    auth = world.authorize({ scope: 'connection' });
    for (const name of ['/', '/chat']) {
      auth.attach(world.io.of(name));
      listen(world.io.of(name));
    }
    const client = await world.connected();
    const chat = client.socket.io.socket('/chat', {});
    await new Promise<void>((resolve) => {
      chat.once('connect', resolve);
    });
    const answer = chat.emitWithAck('msg', 'in chat');
    client.socket.emit('msg', 'in /');
    client.socket.emit('authenticate', { token: createToken() });
    expect(await answer).to.equal('heard in chat');
    expect(texts()).to.have.members(['in /', 'in chat']);
  });

  it('in a dynamic namespace are held too', async () => {
    const parent = world.io.of(/^\/room-\d$/);
    auth = world.authorize({ validate: aTurn });
    auth.attach(parent);
    listen(parent);
    const client = await world.connected('/room-1');
    client.socket.emit('msg', 1);
    client.socket.emit('authenticate', { token: createToken() });
    client.socket.emit('msg', 2);
    for (let times = 0; times < 2; times += 1) await heard.take('msg');
    expect(texts()).to.deep.equal([1, 2]);
  });

  /** A whole login goes by, on another connection and namespace: what was under way before has arrived. */
  async function settledElsewhere(): Promise<void> {
    world.io.of('/elsewhere');
    await world.connected('/elsewhere');
    await aTurn();
  }

  describe('behind a logout', () => {
    const token = (sub: string): unknown => ({ token: createToken({ sub }) });

    /** Logs in as Bob, then says more at once; gives whose messages the application heard, and what was refused. */
    async function says(...events: unknown[][]): Promise<{ users: unknown[]; dropped: unknown[] }> {
      guard();
      const users: unknown[] = [];
      world.io.on('connection', (socket: AnySocket & { decoded_token?: { sub: string } }) => {
        socket.on('message', () => users.push(socket.decoded_token?.sub));
        socket.on('last', () => users.push('last'));
      });
      const client = await RawClient.open(world.url, 'polling');
      client.send(RawClient.connect(token('bob')));
      await client.next('EVENT');
      client.send(...events.map((event) => RawClient.event(...event)));
      client.send('2999["authenticate",{}]');
      await client.next('ACK');
      client.close();
      const refused = client.inbox.all('EVENT') as [[string, { data: UnauthorizedData }]][];
      const lost = refused.flatMap(([[, { data }]]) => (data?.event === undefined ? [] : [data.event]));
      return { users, dropped: lost };
    }

    it('and a login, an event is the new user’s, also if all of it is sent at once', async () => {
      expect(await says(['deauthenticate'], ['authenticate', token('eve')], ['message'])).to.deep.equal({
        users: ['eve'],
        dropped: [],
      });
    });

    it('alone, an event that is sent at once is dropped and reported', async () => {
      expect(await says(['deauthenticate'], ['message'])).to.deep.equal({ users: [], dropped: ['message'] });
    });

    it('during a renewal, an event that is sent at once is dropped and reported', async () => {
      const events = [['authenticate', token('bob')], ['deauthenticate'], ['message']];
      expect(await says(...events)).to.deep.equal({ users: [], dropped: ['message'] });
    });

    it('an event whose socket leaves at once is forgotten: its bytes count no more', async () => {
      const io = new Server();
      const port = openMemoryPort(io);
      const guarded = world.authorize();
      guarded.attach(io);
      const login = RawClient.event('authenticate', token('eve'));
      const event = ['message', 'x'.repeat(30_000)];
      // Together more than a process may hold.
      for (let times = 0; times < 300; times += 1) {
        const client = port.connect(
          () => undefined,
          () => undefined,
        );
        client.send(RawClient.connect(token('bob')));
        while (guarded.stats().authenticated === 0) await aTurn();
        client.send(RawClient.event('deauthenticate'), login, RawClient.event(...event), '1');
        while (io.of('/').sockets.size > 0) await aTurn();
        client.drop();
      }
      const { users } = await says(['deauthenticate'], ['authenticate', token('eve')], event);
      expect(users).to.deep.equal(['eve']);
    });

    it('an event that was sent ahead of it is not heard after the login behind it', async () => {
      const { users } = await says(
        ['deauthenticate'],
        ['authenticate', token('eve')],
        ['message'],
        ['deauthenticate'],
        ['message'],
        ['authenticate', token('mallory')],
        ['last'],
      );
      expect(users).to.not.include('mallory').and.to.include('last');
    });

    it('an event that was sent before a login of its own is not the next user’s', async () => {
      const events = [
        ['deauthenticate'],
        ['authenticate', token('eve')],
        ['message'],
        ['deauthenticate'],
        ['authenticate', token('mallory')],
      ];
      const { users } = await says(...events);
      expect(users).to.not.include('mallory');
    });
  });
});
