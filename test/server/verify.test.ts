import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions, JwtClaims, VerifyFunction } from '../../lib';
import { UnauthorizedError } from '../../lib';
import { unharmedWorld } from '../support/fresh-world';
import { JwksEndpoint, SigningKey } from '../support/jwks-endpoint';
import { NamespaceInbox } from '../support/namespace-inbox';
import { connectError, refusal, settled, show } from '../support/refusals';

describe('a verifier of the application', () => {
  const { world, told } = unharmedWorld();
  let auth: Authorizer;

  /** @param verify as an application in JavaScript may write it */
  function guard(
    verify: (...args: Parameters<VerifyFunction>) => unknown,
    options: Partial<AuthorizeOptions> = {},
  ): void {
    auth = world.authorize({ ...options, verify: verify as VerifyFunction });
    auth.attach(world.io);
  }

  it('accepts with the claims that it returns, at once or later, which are set on the socket', async () => {
    for (const later of [false, true]) {
      const namespace = later ? '/later' : '/';
      const answer = { sub: 'bob', name: 'Bob' };
      const verify = (): JwtClaims | Promise<JwtClaims> => (later ? Promise.resolve(answer) : answer);
      const inbox = new NamespaceInbox(world.io.of(namespace));
      world.authorize({ verify }).attach(world.io.of(namespace));
      expect(await show(await world.connected(namespace), 'opaque')).to.deep.equal({
        ok: true,
        expiresAt: null,
        expiresIn: null,
      });
      const socket = await inbox.socket('authenticated');
      expect(socket).to.deep.include({ decoded_token: answer });
      expect(socket).to.have.property('encoded_token', 'opaque');
      expect(socket.data).to.deep.equal({ auth: { claims: answer, expiresAt: null } });
    }
  });

  it('may return an object of any class, and one without claims', async () => {
    class User {
      #password = 'hunter2';
      constructor(readonly sub: string) {}
      check(password: string): boolean {
        return password === this.#password;
      }
    }
    class Hidden {
      #sub = 'bob';
      toJSON(): object {
        return { sub: this.#sub };
      }
    }
    const answers = [
      new User('bob'),
      new Hidden(),
      Object.assign(Object.create(null) as object, { sub: 'bob' }),
    ];
    let answer: object = {};
    guard(() => answer);
    for (const claim of ['payload', 'protectedHeader']) {
      answer = { [claim]: { alg: 'x' } };
      expect(await show(await world.connected(), 'opaque')).to.include({ ok: true });
      await told.take('authenticated');
    }
    for (answer of answers) {
      await show(await world.connected(), 'opaque');
      expect(await told.socket('authenticated')).to.deep.include({ decoded_token: { sub: 'bob' } });
    }
    for (answer of [{}, Object.create(null) as object])
      expect(await show(await world.connected(), 'opaque')).to.include({ ok: true });
  });

  it('is called with the token and the socket, once for each token that is sent', async () => {
    const asked: unknown[][] = [];
    guard((...args) => {
      asked.push(args);
      return { sub: 'bob' };
    });
    const client = await world.connected();
    await show(client, 'Bearer one');
    await show(client, '"one"\n');
    const [socket] = world.io.of('/').sockets.values();
    expect(asked).to.deep.equal([
      ['one', socket],
      ['one', socket],
    ]);
    expect(told.events).to.deep.equal(['authenticated', 'reauthenticated']);
  });

  it('is not called for a token that is no string, or too long', async () => {
    guard(() => expect.fail('asked'), { maxTokenBytes: 10 });
    const client = await world.connected();
    for (const token of [7, {}, 'x'.repeat(11), '☃☃☃☃'])
      expect((await show(client, token)).error).to.include({ code: 'invalid_token' });
  });

  it('returns claims that are copied, so that neither side can change the other’s', async () => {
    const kept = { sub: 'bob', roles: ['a'], since: new Date(0), nothing: undefined };
    guard(() => kept, { validate: (claims) => void (claims['roles'] as string[]).push('b') });
    await show(await world.connected(), 'opaque');
    expect(kept.roles).to.deep.equal(['a']);
    expect(await told.socket('authenticated')).to.deep.include({
      decoded_token: { sub: 'bob', roles: ['a', 'b'], since: '1970-01-01T00:00:00.000Z' },
    });
  });

  const systemError = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:443 hunter2'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const rejected = { code: 'invalid_token', reason: 'rejected', message: 'invalid token', retryable: true };
  const unavailable = { code: 'invalid_secret', reason: 'key_unavailable', retryable: true };
  const outcomes: [what: string, verify: () => unknown, error: object][] = [
    [
      'throws',
      () => {
        throw new Error('hunter2');
      },
      rejected,
    ],
    ['rejects', () => Promise.reject(new Error('hunter2')), rejected],
    ['rejects with nothing', () => Promise.reject(undefined), rejected],
    ['rejects with a text', () => Promise.reject('hunter2'), rejected],
    ['answers nothing', () => undefined, rejected],
    ['answers null', () => Promise.resolve(null), rejected],
    ['answers false', () => false, rejected],
    ['answers true', () => true, rejected],
    ['answers a text', () => Promise.resolve('{"sub":"bob"}'), rejected],
    ['answers a number', () => 7, rejected],
    ['answers a list', () => [{ sub: 'bob' }], rejected],
    ['answers a function', () => () => ({ sub: 'bob' }), rejected],
    ['answers a Date', () => new Date(), rejected],
    ['answers what JSON makes a text of', () => ({ toJSON: () => 'bob' }), rejected],
    ['answers a circle', () => circle, rejected],
    ['answers a BigInt', () => ({ id: 7n }), rejected],
    [
      'answers what throws when it is read',
      () => ({
        get sub() {
          throw new Error('hunter2');
        },
      }),
      rejected,
    ],
    [
      'answers a promise that is none',
      () => Object.defineProperty({}, 'then', { get: () => expect.fail() }),
      rejected,
    ],
    ['answers an Error', () => new Error('hunter2'), rejected],
    ['answers a system error', () => systemError, unavailable],
    [
      'answers an UnauthorizedError',
      () => new UnauthorizedError('account_locked'),
      { code: 'account_locked' },
    ],
    ['answers a Map', () => new Map([['sub', 'bob']]), rejected],
    ['answers what fetch gives', () => new Response('{"active":false}'), rejected],
    [
      "answers jose's whole result",
      () => ({ payload: { sub: 'bob', exp: 1 }, protectedHeader: { alg: 'x' } }),
      rejected,
    ],
    [
      'refuses by an UnauthorizedError',
      () => Promise.reject(new UnauthorizedError('account_locked', { message: 'ask Alice' })),
      { code: 'account_locked', message: 'ask Alice', retryable: false },
    ],
    ['meets a system error', () => Promise.reject(systemError), unavailable],
    ['meets one below its own', () => Promise.reject(new Error('no', { cause: systemError })), unavailable],
    ['is aborted', () => Promise.reject(new DOMException('hunter2', 'AbortError')), unavailable],
    [
      'takes too long by its own clock',
      () => Promise.reject(new DOMException('hunter2', 'TimeoutError')),
      unavailable,
    ],
    ['never answers', () => new Promise(() => undefined), unavailable],
  ];
  for (const [what, verify, error] of outcomes) {
    it(`that ${what} refuses, and does not send the reason`, async () => {
      guard(verify, { keyTimeout: 50 });
      const answer = await show(await world.connected(), 'opaque');
      expect(answer.error).to.include(error);
      expect(JSON.stringify(answer)).not.to.include('hunter2');
      world
        .authorize({ verify: verify as VerifyFunction, keyTimeout: 50, handshake: true })
        .attach(world.io.of('/h'));
      const data = await connectError(world.client('/h', { auth: { token: 'opaque' } }));
      expect(data).to.include(error);
    });
  }

  it('that rejects counts as a failed attempt, and one that has an outage does not', async () => {
    let fault: Error = systemError;
    guard(() => Promise.reject(fault), { maxAttempts: 2 });
    const client = await world.connected();
    for (let times = 0; times < 3; times += 1) await show(client, 'opaque');
    fault = new Error('no such token');
    await show(client, 'opaque');
    expect(client.socket.connected).to.equal(true);
    await show(client, 'opaque');
    await client.until('disconnect');
    expect(told.codes.at(-1)).to.equal('too_many_attempts');
  });

  it('that answers when the socket is gone logs nobody in', async () => {
    let answer = (_claims: object): void => undefined;
    let askedOnce = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      askedOnce = resolve;
    });
    guard(() => {
      askedOnce();
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const client = await world.connected();
    client.socket.emit('authenticate', { token: 'opaque' });
    await asked;
    const gone = new Promise((resolve) => {
      for (const socket of world.io.of('/').sockets.values()) socket.once('disconnect', resolve);
    });
    client.socket.disconnect();
    await gone;
    answer({ sub: 'bob' });
    await new Promise(setImmediate);
    expect(told.events).to.deep.equal([]);
    expect(auth.stats()).to.include({ authenticated: 0, verified: 0, pending: 0 });
  });

  it('returns claims whose exp and nbf the library checks, and at whose exp it ends the session', async () => {
    let claims: JwtClaims = { sub: 'bob', exp: 1 };
    guard(() => claims);
    const client = await world.connected();
    expect((await show(client, 'opaque')).error).to.include({ reason: 'expired', message: 'jwt expired' });
    claims = { sub: 'bob', exp: (Date.now() + 2000) / 1000 };
    expect(await show(client, 'opaque')).to.include({ ok: true, expiresAt: Number(claims.exp) * 1000 });
    expect(await refusal(client)).to.include({ reason: 'expired' });
    // The first refusal was told as an event too.
    expect(await refusal(client)).to.include({ reason: 'expired' });
    await client.until('disconnect');
  });

  it('is subject to maxAge and clockTolerance', async () => {
    const now = Date.now() / 1000;
    let claims: JwtClaims = { iat: now - 200 };
    guard(() => claims, { maxAge: 50, clockTolerance: 100, maxAttempts: Infinity });
    const client = await world.connected();
    const codes = async (): Promise<unknown> => (await show(client, 'opaque')).error?.message ?? 'in';
    expect(await codes()).to.equal('maxAge exceeded');
    claims = {};
    expect(await codes()).to.equal('iat required when maxAge is specified');
    claims = { iat: now, exp: now - 150 };
    expect(await codes()).to.equal('jwt expired');
    claims = { iat: now, exp: now - 50 };
    expect(await codes()).to.equal('in');
  });

  it('has its users distinguished, revoked and renewed like all others', async () => {
    guard((token) => JSON.parse(token) as object);
    const client = await world.connected();
    const bob = (claims: object = {}): string => JSON.stringify({ sub: 'bob', ...claims });
    await show(client, bob());
    expect((await show(client, JSON.stringify({ sub: 'eve' }))).error).to.include({
      code: 'identity_mismatch',
    });
    expect(await show(client, bob({ role: 'admin' }))).to.include({ ok: true });
    await auth.revoke({ sub: 'bob' });
    await client.until('disconnect');
    const other = await world.connected();
    expect((await show(other, bob())).error).to.include({ reason: 'revoked' });
  });

  describe('of jose', () => {
    it('verifies EdDSA', async () => {
      const { SignJWT, jwtVerify } = await import('jose');
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const [issuer, audience] = ['https://issuer.example', 'chat'];
      guard(
        async (token) =>
          (await jwtVerify(token, publicKey, { issuer, audience, algorithms: ['EdDSA'] })).payload,
      );
      const token = (key = privateKey, aud = audience): Promise<string> =>
        new SignJWT({ name: 'Bob' })
          .setProtectedHeader({ alg: 'EdDSA' })
          .setSubject('bob')
          .setIssuer(issuer)
          .setAudience(aud)
          .setExpirationTime('5m')
          .sign(key);
      const client = await world.connected();
      for (const bad of [
        await token(generateKeyPairSync('ed25519').privateKey),
        await token(privateKey, 'mail'),
        `${await token()}x`,
        'no token',
      ])
        expect((await show(client, bad)).error).to.include({ reason: 'rejected', message: 'invalid token' });
      expect(await show(client, await token())).to.include({ ok: true });
      expect(await told.socket('authenticated')).to.have.nested.property('decoded_token.name', 'Bob');
    });

    it('decrypts a token, as Auth.js makes them', async () => {
      const { EncryptJWT, jwtDecrypt } = await import('jose');
      const key = randomBytes(64);
      const options = { contentEncryptionAlgorithms: ['A256CBC-HS512'], keyManagementAlgorithms: ['dir'] };
      guard(async (token) => (await jwtDecrypt(token, key, options)).payload);
      const token = (secret = key): Promise<string> =>
        new EncryptJWT({ sub: 'bob', email: 'bob@example.com' })
          .setProtectedHeader({ alg: 'dir', enc: 'A256CBC-HS512' })
          .setIssuedAt()
          .setExpirationTime('5m')
          .encrypt(secret);
      const client = await world.connected();
      expect((await show(client, await token(randomBytes(64)))).error).to.include({ reason: 'rejected' });
      const answer = await show(client, await token());
      expect(answer.expiresIn).to.be.within(290_000, 300_000);
    });

    it('lets the client try again while its key endpoint is down, stalls or fails', async () => {
      const { createRemoteJWKSet, jwtVerify } = await import('jose');
      const endpoint = await new JwksEndpoint().listen();
      const key = new SigningKey('one');
      endpoint.keys = [key];
      const uri = new URL(endpoint.uri);
      const closed = createServer();
      await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
      const { port } = closed.address() as { port: number };
      await new Promise((resolve) => closed.close(resolve));
      const down = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/jwks`), { cooldownDuration: 0 });
      const up = createRemoteJWKSet(uri, { cooldownDuration: 0 });
      const impatient = createRemoteJWKSet(uri, { cooldownDuration: 0, timeoutDuration: 50 });
      let keys = down;
      guard(async (token) => (await jwtVerify(token, keys)).payload, { maxAttempts: 1 });
      const client = await world.connected();
      const expectOutage = async (): Promise<void> =>
        void expect((await show(client, key.token())).error).to.include({ code: 'invalid_secret' });
      await expectOutage();
      keys = impatient;
      endpoint.answer = () => undefined;
      await expectOutage();
      keys = up;
      endpoint.answer = (_request, response) => response.writeHead(503).end();
      await expectOutage();
      endpoint.answer = (request) => request.socket.destroy();
      await expectOutage();
      endpoint.answer = undefined;
      expect(await show(client, key.token())).to.include({ ok: true });
      await endpoint.close();
    });
  });

  it('that is slow runs once at a time for each socket, and no longer than keyTimeout', async () => {
    const time = world.stopTime();
    let running = 0;
    guard(
      () => {
        running += 1;
        return new Promise(() => undefined);
      },
      { keyTimeout: 100 },
    );
    const client = await world.connected();
    const first = show(client, 'opaque');
    expect((await show(client, 'opaque')).error).to.include({ code: 'authentication_in_progress' });
    time.pass(100);
    expect((await first).error).to.include({ code: 'invalid_secret' });
    expect(running).to.equal(1);
    await settled(client);
  });
});
