import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { Accept, Authorizer, AuthorizeOptions, UnauthorizedData } from '../../lib';
import { UnauthorizedError } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { RawClient } from '../support/raw-client';
import { connectError, refusal, settled, show } from '../support/refusals';
import { createToken, SECRET, tokenEndingIn } from '../support/tokens';
import { until } from '../support/until';
import type { ClientOptions, TestClient } from '../support/world';

describe('handshake mode', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize({ handshake: true, holdEvents: 0, ...options });
    world.io.use(auth);
  }

  const good = createToken({ sub: 'bob' });
  const ways: [name: string, options: ClientOptions][] = [
    ['auth.token', { auth: { token: good } }],
    ['auth.token with Bearer', { auth: { token: `Bearer ${good}` } }],
    ['Authorization: Bearer', { extraHeaders: { authorization: `Bearer ${good}` } }],
    ['the query', { query: { token: good } }],
    ['the cookie', { extraHeaders: { cookie: `a=b; jwt=${good}` } }],
  ];
  for (const [name, options] of ways) {
    for (const transport of ['websocket', 'polling']) {
      it(`accepts a token of ${name}, over ${transport}`, async () => {
        guard({ cookie: 'jwt' });
        const server = new Inbox();
        world.io.on('connection', (socket) => server.push('connection', [socket]));
        const client = world.client('/', { transports: [transport], ...options });
        await client.until('authenticated');
        expect(client.inbox.events).to.deep.equal(['connect', 'authenticated']);
        const [socket] = (await server.take('connection')) as [Socket];
        expect(socket).to.have.nested.property('decoded_token.sub', 'bob');
        expect(JSON.stringify(socket.handshake)).not.to.include(good);
      });
    }
  }

  it('prefers auth.token, then the header, then the query, then the cookie', async () => {
    guard({ cookie: 'jwt' });
    const token = (sub: string): string => createToken({ sub });
    const sources = {
      auth: { token: token('auth') },
      extraHeaders: { authorization: `Bearer ${token('header')}`, cookie: `jwt=${token('cookie')}` },
      query: { token: token('query') },
    };
    const expected = ['auth', 'header', 'query', 'cookie'];
    const { auth: _, ...noAuth } = sources;
    const { cookie } = sources.extraHeaders;
    const cases: ClientOptions[] = [
      sources,
      noAuth,
      { query: sources.query, extraHeaders: { cookie } },
      { extraHeaders: { cookie } },
    ];
    for (const [index, options] of cases.entries()) {
      world.client('/', options);
      expect(await told.socket('authenticated')).to.have.nested.property(
        'decoded_token.sub',
        expected[index],
      );
    }
  });

  const refused: [
    name: string,
    code: object,
    options: ClientOptions,
    settings?: Partial<AuthorizeOptions>,
  ][] = [
    ['no token', { code: 'credentials_required', retryable: true }, {}],
    ['an empty token', { code: 'credentials_required' }, { auth: { token: '' } }],
    [
      'a header that is not Bearer',
      { code: 'credentials_bad_format' },
      { extraHeaders: { authorization: 'Basic Ym9i' } },
    ],
    [
      'a header that is not x y',
      { code: 'credentials_bad_format' },
      { extraHeaders: { authorization: 'Bearer' } },
    ],
    ['a number', { code: 'invalid_token', reason: 'malformed' }, { auth: { token: 123 } }],
    [
      'a list of tokens in the query',
      { code: 'invalid_token', reason: 'malformed' },
      { query: { token: [good, good] } },
    ],
    [
      'an expired token',
      { code: 'invalid_token', reason: 'expired' },
      { auth: { token: tokenEndingIn(-9999) } },
    ],
    [
      'too long a token',
      { code: 'invalid_token', reason: 'too_large' },
      { auth: { token: 'x'.repeat(8193) } },
    ],
    [
      'a key that is not found',
      { code: 'invalid_secret' },
      { auth: { token: good } },
      { secret: () => null },
    ],
    [
      'the token anywhere but in the header, where it is required',
      { code: 'missing_authorization_header', retryable: false },
      { auth: { token: good }, query: { token: good } },
      { auth_header_required: true },
    ],
    [
      'a cookie that cannot be decoded',
      { code: 'credentials_required' },
      { extraHeaders: { cookie: 'jwt=%E0%A4%A' } },
      { cookie: 'jwt' },
    ],
    [
      'a cookie of another name',
      { code: 'credentials_required' },
      { extraHeaders: { cookie: `x; y=${good}` } },
      { cookie: 'jwt' },
    ],
  ];
  for (const [name, code, options, settings] of refused) {
    it(`refuses ${name} before the connection exists`, async () => {
      guard(settings);
      const connections: Socket[] = [];
      world.io.on('connection', (socket) => connections.push(socket));
      const data = await connectError(world.client('/', options));
      expect(data).to.include(code).and.to.include({ type: 'UnauthorizedError' });
      expect(connections).to.deep.equal([]);
      expect(told.codes).to.deep.equal([data.code]);
      expect(auth.stats()).to.include({ refused: 1, pending: 0 });
    });
  }

  it('uses only the header if that is required', async () => {
    guard({ auth_header_required: true });
    const client = world.client('/', { extraHeaders: { authorization: `Bearer ${good}` } });
    await client.until('authenticated');
  });

  it('has sessions that expire, can be renewed and log out, as in event mode', async () => {
    const time = world.stopTime();
    guard({ onExpired: 'deauthenticate' });
    const client = world.client('/', { auth: { token: tokenEndingIn(1200) } });
    await client.until('authenticated');
    time.pass(1000);
    await client.until('token_expiring');
    expect(await show(client, tokenEndingIn(400))).to.include({ ok: true });
    time.pass(401);
    expect(await refusal(client)).to.include({ reason: 'expired' });
    expect(await show(client, good)).to.include({ ok: true });
    await settled(client);
    client.socket.emit('news');
    expect(await refusal(client)).to.include({ code: 'not_authenticated' });
    expect(told.events.filter((event) => event !== 'unauthorized')).to.deep.equal([
      'authenticated',
      'reauthenticated',
      'deauthenticated',
      'authenticated',
      'deauthenticated',
    ]);
  });

  it('has authenticated sockets when `connection` fires', async () => {
    guard();
    world.io.on('connection', (socket) => {
      void socket.join('room');
      world.io.to('room').emit('welcome', world.io.of('/').adapter.rooms.get('room')?.size);
    });
    const client = world.client('/', { auth: { token: good } });
    expect(await client.until('welcome')).to.deep.equal([1]);
    await client.until('authenticated');
  });

  describe('beyond maxAttempts', () => {
    /** Asks to connect, over a connection that another namespace keeps open. */
    async function refusedBeside(open: TestClient, token: string): Promise<UnauthorizedData> {
      const socket = open.socket.io.socket('/', { auth: { token } });
      socket.auth = { token };
      const error = await new Promise<Error>((resolve) => {
        socket.once('connect_error', resolve);
      });
      return (error as Error & { data: UnauthorizedData }).data;
    }

    it('closes the transport', async () => {
      guard({ maxAttempts: 1 });
      const client = world.client();
      const closed = new Promise((resolve) => {
        client.socket.io.once('close', resolve);
      });
      expect(await connectError(client)).to.include({ code: 'credentials_required' });
      await closed;
    });

    it('verifies nothing more for the connection, which another namespace may still use', async () => {
      let verified = 0;
      guard({ maxAttempts: 2, validate: () => (verified += 1) });
      world.io.of('/open');
      const open = await world.connected('/open');
      expect(await refusedBeside(open, 'none')).to.include({ code: 'invalid_token' });
      expect(await refusedBeside(open, 'none')).to.include({ code: 'invalid_token' });
      expect(await refusedBeside(open, good)).to.include({ code: 'too_many_attempts', retryable: false });
      expect(verified).to.equal(0);
      world.io.of('/open').emit('still here');
      await open.until('still here');
    });

    for (const scope of ['namespace', 'connection'] as const) {
      it(`are counted since the last good token, scope: ${scope}`, async () => {
        guard({ maxAttempts: 2, scope });
        world.io.of('/open');
        const raw = await RawClient.open(world.url, 'websocket');
        raw.send(RawClient.connect(undefined, '/open'));
        await raw.next('CONNECT');
        for (let times = 0; times < 3; times += 1) {
          raw.send(RawClient.connect({ token: 'none' }));
          expect(JSON.stringify(await raw.next('CONNECT_ERROR'))).to.include('invalid_token');
          raw.send(RawClient.connect({ token: good }));
          await raw.next('CONNECT');
          raw.send('1');
          await until('it has left', () => world.io.of('/').sockets.size === 0);
        }
        raw.close();
      });
    }
  });

  it('keeps nothing of a token whose socket a later middleware refuses', async () => {
    guard();
    world.io.use((_socket, next) => next(new Error('not today')));
    const client = world.client('/', { auth: { token: good } });
    const [error] = (await client.until('connect_error')) as [Error];
    expect(error.message).to.equal('not today');
    expect(told.events).to.deep.equal([]);
    expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
  });

  async function revokeThen(next: () => void): Promise<void> {
    await auth.revoke({ sub: 'bob' });
    next();
  }

  it('checks revocation again after slow later middlewares', async () => {
    guard();
    world.io.use((_socket, next) => {
      void revokeThen(next);
    });
    const client = world.client('/', { auth: { token: good } });
    expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'revoked' });
    await client.until('disconnect');
    expect(told.all('authenticated')).to.deep.equal([]);
  });

  it('refuses a token that expires during slow later middlewares', async () => {
    const time = world.stopTime();
    guard();
    world.io.use((_socket, next) => {
      time.pass(401);
      next();
    });
    const client = world.client('/', { auth: { token: tokenEndingIn(400) } });
    expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'expired' });
    await client.until('disconnect');
    expect(told.all('authenticated')).to.deep.equal([]);
  });

  it('hides nothing that a later middleware throws', async () => {
    auth = world.authorize({ handshake: true });
    world.io.use((socket, next) => {
      try {
        auth(socket, () => {
          throw new Error('thrown');
        });
      } catch (fault) {
        next(fault as Error);
      }
    });
    const [error] = await world.client('/', { auth: { token: good } }).until('connect_error');
    expect(error).to.have.property('message', 'thrown');
  });

  it('runs at most maxPending verifications', async () => {
    let open = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      open = resolve;
    });
    guard({ maxPending: 1, validate: () => wait });
    const first = world.client('/', { auth: { token: good } });
    const second = world.client('/', { auth: { token: good } });
    const busy = await Promise.race([connectError(first), connectError(second)]);
    expect(busy).to.include({ code: 'server_busy', retryable: true });
    open();
    await Promise.race([first.until('authenticated'), second.until('authenticated')]);
  });

  it('may be installed twice, by attach and by io.use', async () => {
    guard();
    auth.attach(world.io);
    await world.client('/', { auth: { token: good } }).until('authenticated');
    expect(auth.stats()).to.include({ verified: 1, authenticated: 1 });
  });

  describe('with classic hooks', () => {
    it('success accepts the socket when it calls accept', async () => {
      guard({ success: (_socket, accept) => accept() });
      await world.client('/', { auth: { token: good } }).until('authenticated');
    });

    const denials: [how: string, accept: (accept: Accept) => void, code: string][] = [
      ['by an error of its own', (accept) => accept(new UnauthorizedError('not_today')), 'not_today'],
      ['by any error', (accept) => accept(new Error('secret')), 'unknown'],
      ['by false', (accept) => accept(null, false), 'unknown'],
      [
        'by throwing',
        () => {
          throw new Error('secret');
        },
        'unknown',
      ],
      ['by silence', () => undefined, 'unknown'],
      [
        'twice',
        (accept) => {
          accept(null, false);
          accept();
        },
        'unknown',
      ],
    ];
    for (const [how, deny, code] of denials) {
      it(`success refuses ${how}`, async () => {
        guard({ keyTimeout: 50, success: (_socket, accept) => deny(accept) });
        const data = await connectError(world.client('/', { auth: { token: good } }));
        expect(data.code).to.equal(code);
        expect(JSON.stringify(data)).not.to.include('secret');
      });
    }

    it('fail may refuse with another error', async () => {
      guard({
        fail: (_error, _socket, accept) => accept(new UnauthorizedError('go_away', { message: 'please' })),
      });
      expect(await connectError(world.client())).to.include({ code: 'go_away', message: 'please' });
    });

    it('fail that throws refuses with the original error', async () => {
      guard({
        fail: () => {
          throw new Error('oops');
        },
      });
      expect(await connectError(world.client())).to.include({ code: 'credentials_required' });
    });

    it('fail that accepts makes the socket pending, with gate and timeout', async () => {
      const time = world.stopTime();
      guard({ timeout: 100, fail: (_error, _socket, accept) => accept() });
      const client = await world.connected();
      client.socket.emit('news');
      expect(await refusal(client)).to.include({ code: 'not_authenticated' });
      world.io.emit('all');
      time.pass(100);
      expect(await refusal(client)).to.include({ code: 'authentication_timeout' });
      expect(client.received('all')).to.deep.equal([]);
    });

    it('fail that accepts makes a socket pending that success has refused', async () => {
      guard({
        success: (_socket, accept) => accept(null, false),
        fail: (_error, _socket, accept) => accept(),
      });
      const client = await world.connected('/', { auth: { token: good } });
      client.socket.emit('news');
      const { code } = await refusal(client);
      expect(code).to.equal('not_authenticated');
      expect(client.socket.connected).to.equal(true);
      expect(auth.stats()).to.include({ pending: 1, refused: 1 });
    });

    it('fail that accepts makes no refused token free: the attempts of a connection are limited', async () => {
      guard({ maxAttempts: 3, fail: (_error, _socket, accept) => accept() });
      world.io.of('/other');
      const raw = await RawClient.open(world.url, 'polling');
      try {
        // Another namespace keeps the connection open.
        raw.send(RawClient.connect(undefined, '/other'));
        await raw.next('CONNECT');
        for (let times = 0; times < 5; times += 1) {
          raw.send(RawClient.connect());
          await raw.next('CONNECT');
          raw.send('1');
        }
        for (let times = 0; times < 2; times += 1) {
          raw.send(RawClient.connect({ token: `bad ${times}` }));
          await raw.next('CONNECT');
          raw.send('1');
        }
        raw.send(RawClient.connect({ token: 'bad' }));
        expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'too_many_attempts');
      } finally {
        raw.close();
      }
    });

    it('fail that accepts allows a login by event', async () => {
      guard({ fail: (_error, _socket, accept) => accept() });
      expect(await show(await world.connected(), createToken({}, {}, SECRET))).to.include({ ok: true });
    });
  });
});
