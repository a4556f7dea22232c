import { once } from 'node:events';
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { authorize, UnauthorizedError } from '../../lib';
import type { AuthorizeOptions, JwtClaims } from '../../lib';
import { toVerificationKeys } from '../../lib/token/keys';
import type { VerificationKey } from '../../lib/token/keys';
import { toSettings } from '../../lib/authorizer/settings';
import { membersOf, readText } from '../support/repository';
import { createToken, rsaKeys, SECRET } from '../support/tokens';
import { Warnings } from '../support/warnings';
import { World } from '../support/world';

const HIDDEN = 'a value that must not be told';

/** For each option, values that are not what it takes. */
const WRONG: Record<string, unknown[]> = {
  algorithms: ['HS256', [], ['none'], ['HS256', 'none'], [7]],
  timeout: ['5000', 0, -1, NaN, null],
  required: ['yes', 1, null],
  handshake: [1],
  allow: ['login', [''], [7]],
  holdEvents: [-1, 0.5, '16', null],
  permissions: [
    'chat:write',
    [],
    null,
    { message: 7 },
    { message: '' },
    { message: ['chat:write', ''] },
    { authenticate: true },
    { deauthenticate: 'chat:write' },
    new Map([['ban', 'chat:moderate']]),
    new Set(['ban']),
    Object.create({ ban: 'chat:moderate' }),
  ],
  scopes: ['chat:write'],
  rooms: [['room']],
  isolate: ['no'],
  onExpired: ['explode', true, null],
  renewNotice: [-1, '30s', NaN],
  userClaim: ['', 7, null],
  sameSubject: [0],
  scope: ['global', null],
  maxTokenBytes: [0, -1, 1.5, '8k'],
  maxAttempts: [0, 2.5, null],
  maxPending: [-1, 0.5, '100'],
  limiter: [{}, 7, null, () => undefined],
  clientAddress: ['x-real-ip'],
  keyTimeout: [0, '10s'],
  validate: [{}, true],
  additional_auth: [{}],
  customDecoded: ['name'],
  decodedPropertyName: ['', 7, '__proto__', 'data', 'emit'],
  encodedPropertyName: ['', 'handshake'],
  callback: ['now', NaN, Infinity, null],
  getToken: ['x-token', null],
  cookie: ['', true],
  origins: [
    'https://app.example.com',
    [7],
    ['null'],
    ['*'],
    ['app.example.com'],
    ['https://app.example.com/'],
    ['https://*.example.com'],
    ['https://app.example.com', ''],
  ],
  auth_header_required: ['yes'],
  success: [true],
  fail: [true],
  revocation: [
    {},
    { add: () => undefined },
    null,
    { add: () => undefined, isRevoked: () => false, rulesSince: 7 },
  ],
  recheckInterval: [-1, '10s', NaN, null],
  issuer: ['', [], [''], 7, null],
  audience: ['', [], [''], 7, /chat/g, /chat/y, ['chat', /chat/gy], new RegExp(''), ['chat', /(?:)/]],
  subject: ['', 7],
  jwtid: [''],
  nonce: [''],
  clockTolerance: [-1, '5', Infinity],
  maxAge: [0, -1, 'soon', '', Infinity, '-1h', null],
  ignoreExpiration: ['yes'],
  ignoreNotBefore: [1],
};

describe('the recheck of live sessions', () => {
  const store = { add: () => undefined, isRevoked: () => false };
  const listing = { ...store, rulesSince: () => ({ rules: [], cursor: 0 }) };
  const intervals: [revocation: AuthorizeOptions['revocation'], given: number | undefined, ms: number][] = [
    [undefined, undefined, 0],
    [store, undefined, 0],
    [store, 500, 500],
    [listing, undefined, 10_000],
    [listing, 500, 500],
    [listing, 0, 0],
  ];
  for (const [revocation, given, ms] of intervals) {
    const kind =
      revocation === undefined ? 'no store' : revocation === store ? 'a store' : 'a store that lists rules';
    it(`happens every ${ms} ms with ${kind}, if recheckInterval is ${given}`, () => {
      const options = { secret: SECRET, revocation, recheckInterval: given } as AuthorizeOptions;
      expect(toSettings(options).recheckInterval).to.equal(ms);
    });
  }
});

describe('options of handshake mode', () => {
  const hook = (): void => undefined;
  let warnings: Warnings;
  beforeEach(() => (warnings = new Warnings()));
  afterEach(() => warnings.close());

  for (const [named, options] of [
    ['options.auth_header_required is', { auth_header_required: true }],
    ['options.success is', { success: hook }],
    [
      'options.auth_header_required, options.success and options.fail are',
      { auth_header_required: true, success: hook, fail: hook },
    ],
  ] as const) {
    it(`cause a process warning without handshake: true, as they decide nothing then: ${named}`, async () => {
      toSettings({ secret: SECRET, ...options });
      expect((await warnings.next()).message).to.equal(
        `${named} for handshake mode, and options.handshake is not true: a token in an authenticate event is accepted all the same`,
      );
    });
  }

  it('cause no warning in handshake mode, or where they are off', async () => {
    toSettings({ secret: SECRET, handshake: true, auth_header_required: true, success: hook, fail: hook });
    toSettings({ secret: SECRET, auth_header_required: false, success: undefined });
    await new Promise(setImmediate);
  });
});

describe('the options of authorize()', () => {
  it('are all checked', () => {
    const options = membersOf(readText('lib/options.ts'), 'AuthorizeOptions').map((name) =>
      name.replace('?', ''),
    );
    expect(Object.keys(WRONG)).to.have.members(options.filter((name) => name !== 'secret'));
  });

  for (const [name, values] of Object.entries(WRONG)) {
    for (const value of values) {
      it(`throw a TypeError that names ${name} for ${JSON.stringify(value) ?? typeof value}`, () => {
        const options = { secret: SECRET, [name]: value } as never;
        expect(() => authorize(options)).to.throw(
          TypeError,
          new RegExp(`^options\\.${name}[.\\[\\]\\w]* must be `),
        );
      });
    }
  }

  for (const value of [true, 'jwks', null]) {
    it(`throw a TypeError that names verify for ${JSON.stringify(value)}`, () => {
      expect(() => authorize({ verify: value } as never)).to.throw(TypeError, 'options.verify must');
    });
  }

  const verify = (): object => ({});
  const verification: [name: string, value: unknown][] = [
    ['secret', SECRET],
    ['algorithms', ['HS256']],
    ['issuer', 'alice'],
    ['audience', 'chat'],
    ['subject', 'bob'],
    ['jwtid', 'one'],
    ['nonce', 'one'],
    ['ignoreNotBefore', false],
  ];
  for (const [name, value] of verification) {
    it(`throw a TypeError for ${name} together with verify`, () => {
      expect(() => authorize({ verify, [name]: value } as never)).to.throw(
        TypeError,
        `options.${name} must not`,
      );
      const { keySource } = toSettings({ verify, [name]: undefined });
      expect(keySource).to.deep.equal({ verify });
    });
  }

  it('allow with verify those that the library applies to its claims', () => {
    const options = { clockTolerance: 5, maxAge: '1h', ignoreExpiration: true };
    const { life } = toSettings({ verify, ...options });
    expect(life.endOf({ exp: 100, iat: 50 })).to.equal(3_650_000);
  });

  for (const secret of [undefined, null, '', 7, {}, [], [''], [SECRET, undefined], Buffer.alloc(0)]) {
    it(`throw a TypeError for the secret ${JSON.stringify(secret)}`, () => {
      expect(() => authorize({ secret } as never)).to.throw(TypeError, 'options.secret');
    });
  }

  for (const options of [undefined, null, 'SECRET_KEY']) {
    it(`throw a TypeError for ${String(options)} instead of an object`, () => {
      expect(() => authorize(options as never)).to.throw(TypeError, 'options must be an object');
    });
  }

  for (const name of ['scret', 'clockTimestamp', 'complete', 'toString']) {
    it(`throw a TypeError for an unknown option: ${name}`, () => {
      expect(() => authorize({ secret: SECRET, [name]: 1 })).to.throw(
        TypeError,
        `options.${name} is not an option`,
      );
    });
  }

  it('never repeat a secret in the message', () => {
    const pem = rsaKeys().privateKey.replace('MII', HIDDEN);
    for (const options of [
      { secret: pem },
      { secret: [SECRET, pem] },
      { verify: HIDDEN },
      { secret: SECRET, limiter: HIDDEN },
      { secret: SECRET, revocation: HIDDEN },
      ...['secrets', 'Secret', 'sekret', 'key', 'timeuot'].map((name) => ({
        secret: SECRET,
        [name]: HIDDEN,
      })),
    ]) {
      try {
        authorize(options as never);
        expect.fail('no error');
      } catch (error) {
        expect(String(error)).to.include('options.').and.not.to.include(HIDDEN);
      }
    }
  });

  it('must leave at least one algorithm for each key', () => {
    const mixed = { secret: [rsaKeys().publicKey, SECRET], algorithms: ['RS256'] } as const;
    expect(() => authorize(mixed)).to.throw(
      TypeError,
      'options.algorithms must name one that options.secret[1] can verify',
    );
    expect(() => authorize({ secret: SECRET, algorithms: ['ES256'] })).to.throw(TypeError, 'HS256');
  });

  it('must give the two socket properties names that no socket has', async () => {
    const world = await new World().listen();
    try {
      const arrived = once(world.io, 'connection') as Promise<[Socket]>;
      world.client();
      const [socket] = await arrived;
      const names = new Set<string>();
      for (let one: unknown = socket; one !== null; one = Object.getPrototypeOf(one))
        for (const name of Object.getOwnPropertyNames(one)) names.add(name);
      expect(names).to.include.members(['disconnect', 'timeout', 'toString', 'emit']);
      for (const name of names)
        for (const option of ['decodedPropertyName', 'encodedPropertyName'] as const)
          expect(() => authorize({ secret: SECRET, [option]: name }), name).to.throw(TypeError, option);
    } finally {
      await world.close();
    }
  });

  it('must give the two socket properties different names', () => {
    expect(() =>
      authorize({ secret: SECRET, decodedPropertyName: 'jwt', encodedPropertyName: 'jwt' }),
    ).to.throw(TypeError, 'options.encodedPropertyName');
  });

  it('count as left out when they are undefined', () => {
    const settings = toSettings({ secret: SECRET, timeout: undefined, issuer: undefined });
    expect(settings.timeout).to.equal(5000);
  });

  it('have the documented defaults', () => {
    expect(toSettings({ secret: SECRET })).to.deep.include({
      timeout: 5000,
      handshake: false,
      isolate: true,
      onExpired: 'disconnect',
      renewNotice: 30_000,
      sameSubject: true,
      scope: 'namespace',
      maxTokenBytes: 8192,
      maxAttempts: 5,
      maxPending: Infinity,
      keyTimeout: 10_000,
      decodedPropertyName: 'decoded_token',
      encodedPropertyName: 'encoded_token',
      headerOnly: false,
      holdEvents: 16,
      rooms: undefined,
      cookie: undefined,
      origins: new Set(),
    });
  });

  const now = Math.floor(Date.now() / 1000);
  /** What each option makes of a token, and of one without the option. */
  const rules: [options: Partial<AuthorizeOptions>, good: JwtClaims, bad: JwtClaims | undefined][] = [
    [{ issuer: 'one' }, { iss: 'one' }, { iss: 'two' }],
    [{ audience: 'one' }, { aud: 'one' }, { aud: 'two' }],
    [{ subject: 'bob' }, { sub: 'bob' }, { sub: 'eve' }],
    [{ jwtid: 'one' }, { jti: 'one' }, { jti: 'two' }],
    [{ nonce: 'one' }, { nonce: 'one' }, { nonce: 'two' }],
    [{ maxAge: 600 }, { iat: now - 60 }, { iat: now - 1_200 }],
    [{ clockTolerance: 600 }, { exp: now - 60 }, { exp: now - 1_200 }],
    [{ ignoreExpiration: true }, { exp: now - 1_200 }, undefined],
    [{ ignoreNotBefore: true }, { nbf: now + 1_200 }, undefined],
  ];
  for (const [options, good, bad] of rules) {
    it(`let a token be judged by ${Object.keys(options).join()}`, () => {
      const judge = (given: Partial<AuthorizeOptions>, claims: JwtClaims): unknown =>
        toSettings({ secret: SECRET, ...given }).verifier.verify(
          createToken(claims),
          toVerificationKeys(SECRET),
        );
      expect(judge(options, good)).to.not.be.instanceOf(Error);
      if (bad === undefined) expect(judge({}, good)).to.be.instanceOf(UnauthorizedError);
      else expect(judge(options, bad)).to.be.instanceOf(UnauthorizedError);
    });
  }

  it('take clockTolerance from the verifier if it has one, unless the option is given', () => {
    const verifier = (clockTolerance: unknown): AuthorizeOptions =>
      ({ verify: Object.assign(() => ({}), { clockTolerance }) }) as never;
    expect(toSettings(verifier(30)).lifeAfterExp).to.equal(30_000);
    expect(toSettings({ ...verifier(30), clockTolerance: 5 }).lifeAfterExp).to.equal(5000);
    expect(toSettings(verifier('30')).lifeAfterExp).to.equal(0);
    expect(() => toSettings(verifier(-1))).to.throw(TypeError, 'options.clockTolerance must be');
  });

  it('bring origins into one form', () => {
    const origins = ['HTTPS://App.example.com:443', 'http://[0:0::1]:80', 'capacitor://localhost'];
    expect([...toSettings({ secret: SECRET, origins }).origins]).to.deep.equal([
      'https://app.example.com',
      'http://[::1]',
      'capacitor://localhost',
    ]);
  });

  it("take the user from one of the token's own claims", () => {
    expect(toSettings({ secret: SECRET }).userClaim({ sub: 'bob', id: 7 })).to.equal('bob');
    expect(toSettings({ secret: SECRET, userClaim: 'id' }).userClaim({ sub: 'bob', id: 7 })).to.equal('7');
    const userClaim = ({ id }: JwtClaims): string => `user ${String(id)}`;
    expect(toSettings({ secret: SECRET, userClaim }).userClaim({ id: 7 })).to.equal('user 7');
  });

  it('limit how long a revocation rule is kept: by maxAge, even with ignoreExpiration', () => {
    const options = { secret: SECRET, clockTolerance: 5, maxAge: 100 };
    expect(toSettings(options)).to.include({ maxTokenLife: 105_000, lifeAfterExp: 5000 });
    expect(toSettings({ ...options, ignoreExpiration: true })).to.include({
      maxTokenLife: 105_000,
      lifeAfterExp: Infinity,
    });
  });

  it('cannot be changed afterwards', () => {
    const given: AuthorizeOptions = { secret: SECRET, allow: ['login'] };
    const settings = toSettings(given);
    (given.allow as string[]).push('everything');
    const issuers = ['alice'];
    const { verifier } = toSettings({ secret: SECRET, issuer: issuers });
    issuers.push('eve');
    const [key] = toVerificationKeys(SECRET) as [VerificationKey];
    expect(verifier.verify(createToken({ iss: 'alice' }), [key])).to.include({ iss: 'alice' });
    expect(verifier.verify(createToken({ iss: 'eve' }), [key])).to.be.instanceOf(UnauthorizedError);
    expect(settings.permissions.isOpenToAll('login')).to.equal(true);
    expect(settings.permissions.isOpenToAll('everything')).to.equal(false);
    expect(Object.isFrozen(settings)).to.equal(true);
  });
});
