import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { restore, stub, useFakeTimers } from 'sinon';
import { UnauthorizedError } from '../../lib';
import type { JwtClaims } from '../../lib';
import { jwksVerifier } from '../../lib/jwks';
import type { JwksVerifier, JwksVerifierOptions } from '../../lib/jwks';
import { loadJose } from '../../lib/jwks/jose';
import type { Jose } from '../../lib/jwks/jose';
import { toJwksSettings } from '../../lib/jwks/settings';
import { createVerifier } from '../../lib/jwks/verification';
import { JwksEndpoint, pastOneMs, SigningKey } from '../support/jwks-endpoint';
import { Rejections } from '../support/rejections';
import { refusalOf } from '../support/verdicts';
import { Warnings } from '../support/warnings';

const seconds = (): number => Math.floor(Date.now() / 1000);
const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
/** As much of a socket as tells the verifier that an authorizer asks. */
const SOCKET = { handshake: {} };
const NO_KEY = {
  code: 'invalid_secret',
  reason: 'key_unavailable',
  retryable: true,
  message: 'no key for this token',
};
const nameless = (alg: string): { header: { alg: string; kid: string } } => ({
  header: { alg, kid: undefined as unknown as string },
});

describe('jwksVerifier', () => {
  let endpoint: JwksEndpoint;

  beforeEach(async () => {
    endpoint = await new JwksEndpoint().listen();
  });
  afterEach(() => endpoint.close());

  const verifier = (options: Partial<JwksVerifierOptions> = {}): JwksVerifier =>
    jwksVerifier({ jwksUri: endpoint.uri, cooldown: 60_000, ...options });

  /** Keys that the endpoint shows from now on. */
  function shows<Keys extends SigningKey[]>(...keys: Keys): Keys {
    endpoint.keys = keys;
    return keys;
  }

  describe('accepts', () => {
    for (const type of ['rsa', 'ec', 'ed25519'] as const) {
      it(`a token signed with an ${type} key of the endpoint, and returns its claims`, async () => {
        const [key] = shows(new SigningKey('one', type));
        expect(await verifier()(key.token({ sub: 'bob', role: 'admin' }))).to.include({
          sub: 'bob',
          role: 'admin',
        });
      });
    }

    it('keys without a name, of one type and of several', async () => {
      const keys = shows(new SigningKey('a', 'rsa'), new SigningKey('b', 'rsa'), new SigningKey('c', 'ec'));
      for (const key of keys) delete key.jwk.kid;
      const verify = verifier();
      for (const key of keys) {
        const alg = key.type === 'ec' ? 'ES256' : 'RS256';
        expect(await verify(key.token({ sub: 'bob' }, nameless(alg)))).to.include({ sub: 'bob' });
      }
      const old = keys[0].token({ exp: 1 }, nameless('RS256'));
      expect(await refusalOf(verify(old))).to.include({ code: 'invalid_token', reason: 'expired' });
      const stranger = new SigningKey('a', 'rsa').token({}, nameless('RS256'));
      expect(await refusalOf(verify(stranger))).to.include({ code: 'invalid_token', reason: 'signature' });
    });

    it('several keys under one name, of one type and of several (RFC 7517 §4.5)', async () => {
      const keys = shows(
        new SigningKey('same', 'rsa'),
        new SigningKey('same', 'ec'),
        new SigningKey('same', 'ec'),
      );
      const verify = verifier();
      for (const key of keys) expect(await verify(key.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
      const stranger = new SigningKey('same', 'ec');
      expect(await refusalOf(verify(stranger.token()))).to.include({
        code: 'invalid_token',
        reason: 'signature',
      });
    });

    it('a token that names no key, if every key has a name', async () => {
      const [, two] = shows(new SigningKey('one', 'ec'), new SigningKey('two', 'ec'));
      expect(await verifier()(two.token({ sub: 'bob' }, nameless('ES256')))).to.include({ sub: 'bob' });
    });

    it('the key for signatures, and not the one for encryption', async () => {
      const [sig, enc] = shows(new SigningKey('same', 'ec'), new SigningKey('same', 'ec'));
      enc.jwk.use = 'enc';
      const verify = verifier();
      expect(await verify(sig.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
      expect(await refusalOf(verify(enc.token()))).to.include({ code: 'invalid_token', reason: 'signature' });
    });

    it('a good key among keys that cannot be used', async () => {
      const [good] = shows(new SigningKey('good', 'rsa'));
      const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
      const odd = [
        { jwk: { kty: 'RSA' } },
        { jwk: { kty: 'AKP', alg: 'X', pub: 'x' } },
        { jwk: { ...small.publicKey.export({ format: 'jwk' }), use: 'sig' } },
      ];
      endpoint.keys = [...odd, good];
      delete good.jwk.kid;
      expect(await verifier()(good.token({ sub: 'bob' }, nameless('RS256')))).to.include({ sub: 'bob' });
    });
  });

  for (const algorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const) {
    it(`accepts an RSA key whose JWK names ${algorithm}, which may be asked for`, async () => {
      const [key] = shows(new SigningKey('one', 'rsa'));
      Object.assign(key.jwk, { alg: algorithm });
      const token = key.token({ sub: 'bob' }, { algorithm });
      expect(await verifier()(token)).to.include({ sub: 'bob' });
      expect(await verifier({ algorithms: [algorithm] })(token)).to.include({ sub: 'bob' });
    });
  }

  it('refuses a forged token for its signature, wherever a key that cannot be used stands among the keys', async () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const unusable = { jwk: { ...small.publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' } };
    const [good] = shows(new SigningKey('good', 'rsa'));
    delete good.jwk.kid;
    const stranger = new SigningKey('a', 'rsa');
    for (const keys of [
      [unusable, good],
      [good, unusable],
    ]) {
      endpoint.keys = keys;
      const verify = verifier();
      expect(await verify(good.token({ sub: 'bob' }, nameless('RS256')))).to.include({ sub: 'bob' });
      expect(await refusalOf(verify(stranger.token({}, nameless('RS256'))))).to.include({
        code: 'invalid_token',
        reason: 'signature',
      });
    }
    endpoint.keys = [unusable, { ...unusable }];
    expect(await refusalOf(verifier()(stranger.token({}, nameless('RS256'))))).to.include({
      code: 'invalid_secret',
      reason: 'key_unavailable',
    });
  });

  describe('refuses', () => {
    const one = new SigningKey('one', 'rsa');
    const cases: [
      what: string,
      token: () => string,
      refusal: object,
      options?: Partial<JwksVerifierOptions>,
    ][] = [
      ['a stranger under a known name', () => new SigningKey('one', 'rsa').token(), { reason: 'signature' }],
      [
        'an algorithm that the JWK does not name',
        () => one.token({}, { algorithm: 'RS512' }),
        { reason: 'algorithm', message: 'invalid algorithm' },
      ],
      [
        'an algorithm of another type of key',
        () => new SigningKey('one', 'ec').token(),
        { reason: 'algorithm' },
      ],
      [
        'an algorithm that the options do not name',
        () => one.token(),
        { reason: 'algorithm' },
        { algorithms: ['ES256'] },
      ],
      ['a MAC under the public key', () => hmac(JSON.stringify(one.jwk)), { reason: 'algorithm' }],
      [
        'a token that is not signed',
        () => `${encode({ alg: 'none' })}.${encode({})}.`,
        { reason: 'algorithm' },
      ],
      ['what is no token', () => 'abc', { reason: 'malformed', message: 'jwt malformed' }],
      ['an encrypted token', () => 'a.b.c.d.e', { reason: 'malformed' }],
      ['a header that is no JSON', () => `${encode('{')}.${encode({})}.x`, { reason: 'malformed' }],
      ['a header without alg', () => `${encode({})}.${encode({})}.x`, { reason: 'malformed' }],
      ['a payload that is no object', () => one.token('[]' as unknown as object), { reason: 'malformed' }],
      [
        'an extension that must be understood',
        () => one.token({}, { header: { alg: 'RS256', crit: ['x'], x: 1 } as never }),
        { reason: 'malformed' },
      ],
      [
        'a payload that is not encoded',
        () => one.token({}, { header: { alg: 'RS256', crit: ['b64'], b64: false } as never }),
        { reason: 'malformed' },
      ],
      [
        'an issuer that is not the one',
        () => one.token({ iss: 'https://eve.example' }),
        { reason: 'claim', message: 'jwt issuer invalid' },
        { issuer: 'https://alice.example' },
      ],
      [
        'an issuer that is none of several',
        () => one.token({ iss: 'https://eve.example' }),
        { reason: 'claim' },
        { issuer: ['https://alice.example', 'https://bob.example'] },
      ],
      ['no issuer', () => one.token({}), { reason: 'claim' }, { issuer: 'https://alice.example' }],
      [
        'another audience',
        () => one.token({ aud: 'mail' }),
        { reason: 'claim', message: 'jwt audience invalid' },
        { audience: ['chat', 'news'] },
      ],
      ['no audience', () => one.token({}), { reason: 'claim' }, { audience: 'chat' }],
      [
        'another typ',
        () => one.token({}),
        { reason: 'claim', message: 'jwt typ invalid' },
        { typ: 'at+jwt' },
      ],
      [
        'a required claim that is missing',
        () => one.token({ sub: 'bob' }),
        { reason: 'claim', message: 'jwt claim invalid' },
        { requiredClaims: ['sub', 'jti'] },
      ],
      ['an exp that is no number', () => one.token('{"exp":"x"}' as unknown as object), { reason: 'claim' }],
      [
        'a token that has expired',
        () => one.token({ exp: seconds() - 5 }),
        { reason: 'expired', message: 'jwt expired' },
      ],
      [
        'a token that has expired, and the tolerance too',
        () => one.token({ exp: seconds() - 9 }),
        { reason: 'expired' },
        { clockTolerance: 5 },
      ],
    ];
    for (const [what, token, refusal, options] of cases) {
      it(`${what}: ${JSON.stringify(refusal)}`, async () => {
        endpoint.keys = [one];
        const data = await refusalOf(verifier(options)(token()));
        expect(data).to.include({ code: 'invalid_token', retryable: true, ...refusal });
      });
    }

    function hmac(secret: string): string {
      const signed = `${encode({ alg: 'HS256', kid: 'one' })}.${encode({ sub: 'admin' })}`;
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    }

    it('a token signed with a shared secret that the endpoint publishes', async () => {
      const k = Buffer.from('a secret that everybody can read there').toString('base64url');
      endpoint.keys = [{ jwk: { kty: 'oct', k, kid: 'one', alg: 'HS256' } }];
      const data = await refusalOf(verifier()(hmac('a secret that everybody can read there')));
      expect(data).to.include({ code: 'invalid_token', reason: 'algorithm' });
    });

    const unusable: [what: string, jwk: () => object][] = [
      [
        'an RSA key under 2048 bits (RFC 7518 §3.3)',
        () => ({
          ...generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }),
          kid: 'one',
        }),
      ],
      ['a private key that it should not show', () => one.privateJwk],
      ['a key that cannot be read', () => ({ kty: 'RSA', kid: 'one', use: 'sig', alg: 'RS256' })],
      ['a key for encryption alone', () => ({ ...one.jwk, use: 'enc' })],
    ];
    for (const [what, jwk] of unusable) {
      it(`a token whose key at the endpoint is ${what}: invalid_secret`, async () => {
        endpoint.keys = [{ jwk: jwk() }];
        expect(await refusalOf(verifier()(one.token()))).to.include(NO_KEY);
      });
    }

    it('with errors that contain no token and no claim', async () => {
      endpoint.keys = [one];
      for (const claims of [
        { exp: 1, secret: 'hunter2' },
        { nbf: seconds() + 60, secret: 'hunter2' },
      ]) {
        const error = await verifier()(one.token(claims)).catch((fault: unknown) => fault);
        expect(error).to.be.instanceOf(UnauthorizedError).and.not.have.property('cause');
      }
    });
  });

  describe('checks exp and nbf', () => {
    let key: SigningKey;
    beforeEach(() => {
      [key] = shows(new SigningKey('one', 'ec'));
    });

    it('by its clockTolerance', async () => {
      const verify = verifier({ clockTolerance: 5 });
      expect(await verify(key.token({ exp: seconds() - 2 }))).to.have.property('exp');
      expect(await verify(key.token({ nbf: seconds() + 2 }))).to.have.property('nbf');
      expect(verify.clockTolerance).to.equal(5);
      expect(verifier().clockTolerance).to.equal(0);
    });

    it('and reports when a token that is not active yet may be sent again, in ms', async () => {
      const data = await refusalOf(verifier({ clockTolerance: 5 })(key.token({ nbf: seconds() + 60 })));
      expect(data).to.include({ code: 'invalid_token', reason: 'not_active', message: 'jwt not active' });
      expect(data.retryAfter).to.be.above(50_000).and.at.most(55_000);
    });

    it('not for an authorizer, which has its own clockTolerance and ignoreExpiration', async () => {
      const verify = verifier();
      for (const claims of [{ exp: 1 }, { nbf: seconds() + 3600 }])
        expect(await verify(key.token(claims), SOCKET)).to.include(claims);
    });

    it('if the second argument is anything but a socket', async () => {
      const token = key.token({ exp: 1 });
      for (const other of [undefined, null, 0, 'socket', {}])
        expect(await refusalOf(verifier()(token, other))).to.include({ reason: 'expired' });
    });

    it('and everything else for an authorizer too', async () => {
      const verify = verifier({ audience: 'chat' });
      expect(await refusalOf(verify(key.token({ aud: 'mail' }), SOCKET))).to.include({ reason: 'claim' });
    });
  });

  describe('checks typ', () => {
    it('in upper or lower case, with or without application/', async () => {
      const [key] = shows(new SigningKey('one', 'ec'));
      const verify = verifier({ typ: 'at+jwt' });
      for (const typ of ['at+jwt', 'application/AT+JWT'])
        expect(await verify(key.token({ sub: 'bob' }, { header: { alg: 'ES256', typ } }))).to.include({
          sub: 'bob',
        });
    });
  });

  describe('checks the issuer by a function', () => {
    const tenant = ({ tid }: JwtClaims): string => `https://login.example/${String(tid)}/v2.0`;
    const token = (iss?: string): string => one.token({ tid: 'acme', ...(iss !== undefined && { iss }) });
    const one = new SigningKey('one', 'ec');
    const good: [what: string, issuer: (claims: JwtClaims) => boolean | string, iss?: string][] = [
      ['that gives the issuer of the tenant', tenant, 'https://login.example/acme/v2.0'],
      ['that gives true', () => true, 'https://any.example'],
    ];
    for (const [what, issuer, iss] of good) {
      it(what, async () => {
        endpoint.keys = [one];
        expect(await verifier({ issuer })(token(iss))).to.include({ tid: 'acme' });
      });
    }

    const bad: [what: string, issuer: (claims: JwtClaims) => unknown, iss?: string][] = [
      ['that gives another issuer', tenant, 'https://login.example/evil/v2.0'],
      ['that gives an issuer where the token has none', tenant],
      ['that gives false', () => false, 'https://any.example'],
      ['that gives nothing', () => undefined],
      ['that gives a promise', () => Promise.resolve(true), 'https://any.example'],
      ['that gives a promise, which rejects', () => Promise.reject(new Error('down')), 'https://any.example'],
      [
        'that gives a promise which throws',
        () => ({
          then: () => {
            throw new Error('down');
          },
        }),
        'https://any.example',
      ],
      [
        'that throws',
        () => {
          throw new Error('the database is down');
        },
        'https://any.example',
      ],
    ];
    for (const [what, issuer, iss] of bad) {
      it(`${what}, and refuses`, async () => {
        endpoint.keys = [one];
        const rejections = new Rejections();
        const verify = verifier({ issuer: issuer as () => boolean });
        expect(await refusalOf(verify(token(iss)))).to.include({
          code: 'invalid_token',
          reason: 'claim',
          message: 'jwt issuer invalid',
        });
        await rejections.close();
      });
    }

    it('and passes on an UnauthorizedError that it throws', async () => {
      endpoint.keys = [one];
      const issuer = (): never => {
        throw new UnauthorizedError('tenant_locked');
      };
      expect(await refusalOf(verifier({ issuer })(token()))).to.include({ code: 'tenant_locked' });
    });

    it('only after the signature', async () => {
      endpoint.keys = [one];
      const asked: unknown[] = [];
      const verify = verifier({ issuer: (claims) => asked.push(claims) > 0 });
      expect(await refusalOf(verify(new SigningKey('one', 'ec').token()))).to.include({
        reason: 'signature',
      });
      expect(asked).to.deep.equal([]);
    });
  });

  describe('requests keys', () => {
    it('at the first token, and once for many tokens', async () => {
      const [key] = shows(new SigningKey('one', 'ec'));
      const verify = verifier();
      expect(endpoint.requests).to.equal(0);
      await Promise.all(Array.from({ length: 20 }, () => verify(key.token())));
      expect(endpoint.requests).to.equal(1);
    });

    it('once per cooldown, for any number of tokens that name unknown keys', async () => {
      const [key] = shows(new SigningKey('one', 'ec'));
      const verify = verifier();
      const show = async (count: number): Promise<void> => {
        for (let index = 0; index < count; index += 1)
          expect(await refusalOf(verify(key.token({}, { keyid: `unknown-${index}` })))).to.include(NO_KEY);
      };
      await show(30);
      expect(endpoint.requests).to.equal(1);
      const [date, monotonic] = [Date.now() + 60_001, performance.now() + 60_001];
      const clock = useFakeTimers({ now: date, toFake: ['Date'] });
      stub(performance, 'now').returns(monotonic);
      try {
        await show(30);
      } finally {
        clock.restore();
        restore();
      }
      expect(endpoint.requests).to.equal(2);
      expect(await verify(key.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
    });

    it('once per cooldown, for any number of bad tokens that name no key', async () => {
      shows(new SigningKey('one', 'ec'));
      const verify = verifier();
      const stranger = new SigningKey('one', 'ec').token({}, nameless('ES256'));
      for (let index = 0; index < 30; index += 1)
        expect(await refusalOf(verify(stranger))).to.include({ reason: 'signature' });
      expect(endpoint.requests).to.equal(1);
    });

    it('at most once a second while the endpoint is down, for any number of tokens', async () => {
      endpoint.answer = (_request, response) => response.writeHead(503).end();
      const verify = verifier();
      const token = new SigningKey('one', 'ec').token();
      const started = performance.now();
      for (let index = 0; index < 50; index += 1) expect(await refusalOf(verify(token))).to.include(NO_KEY);
      expect(endpoint.requests).to.be.at.most(1 + Math.floor((performance.now() - started) / 1000));
    });

    it('again when keys are rotated: new ones are accepted, old ones are not', async () => {
      const [former] = shows(new SigningKey('former', 'ec'));
      const verify = verifier({ cooldown: 1 });
      await verify(former.token());
      const [newest] = shows(new SigningKey('newest', 'ec'));
      await pastOneMs();
      expect(await verify(newest.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
      expect(await refusalOf(verify(former.token()))).to.include(NO_KEY);
    });

    it('again when the wall clock was set back, and not only when it has caught up', async () => {
      const [former] = shows(new SigningKey('former', 'ec'));
      const verify = verifier({ cooldown: 1 });
      await verify(former.token());
      const [newest] = shows(new SigningKey('newest', 'ec'));
      await pastOneMs();
      const { now } = Date;
      Date.now = () => now() - 3_600_000;
      try {
        // Clients need not wait for the keys, so the first ones may be refused.
        while ((await verify(newest.token()).catch(() => undefined)) === undefined) await pastOneMs();
      } finally {
        Date.now = now;
      }
      expect(endpoint.requests).to.be.within(2, 3);
    });

    it('again when keys without a name are rotated', async () => {
      const keys = [new SigningKey('former', 'ec'), new SigningKey('newest', 'ec')] as const;
      for (const key of keys) delete key.jwk.kid;
      const verify = verifier({ cooldown: 1 });
      shows(keys[0]);
      await verify(keys[0].token({}, nameless('ES256')));
      shows(keys[1]);
      await pastOneMs();
      expect(await verify(keys[1].token({ sub: 'bob' }, nameless('ES256')))).to.include({ sub: 'bob' });
      await pastOneMs();
      endpoint.answer = (_request, response) => response.writeHead(503).end();
      expect(await refusalOf(verify(keys[0].token({}, nameless('ES256'))))).to.include({
        reason: 'signature',
      });
    });

    it('again when the known ones are old, while clients need not wait', async () => {
      const [key] = shows(new SigningKey('one', 'ec'));
      const verify = verifier({ cacheMaxAge: 1, cooldown: 1 });
      await verify(key.token());
      const asked = new Promise<void>((resolve) => {
        // Never answered: whoever waited for it would not get in.
        endpoint.answer = () => resolve();
      });
      await pastOneMs();
      expect(await verify(key.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
      await asked;
      for (let index = 0; index < 5; index += 1) await verify(key.token());
      expect(endpoint.requests).to.equal(2);
    });
  });

  it('does not fetch keys again that are not old, though the cooldown is over', async () => {
    const [key] = shows(new SigningKey('one', 'ec'));
    const verify = verifier({ cooldown: 1 });
    for (let index = 0; index < 3; index += 1) {
      await verify(key.token());
      await pastOneMs();
    }
    expect(endpoint.requests).to.equal(1);
  });

  describe('while the endpoint is gone', () => {
    it('continues with known keys, for a day at most', async () => {
      const [key] = shows(new SigningKey('one', 'ec'));
      const verify = verifier({ cacheMaxAge: 1_000, cooldown: 1 });
      await verify(key.token());
      await endpoint.close();
      for (let index = 0; index < 5; index += 1)
        expect(await verify(key.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
      expect(await refusalOf(verify(new SigningKey('other', 'ec').token()))).to.include(NO_KEY);
      const day = 24 * 60 * 60 * 1000;
      const clock = useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      try {
        clock.setSystemTime(Date.now() + day);
        expect(await verify(key.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
        clock.setSystemTime(Date.now() + 2_000);
        expect(await refusalOf(verify(key.token()))).to.include(NO_KEY);
      } finally {
        clock.restore();
      }
    });
  });

  describe('without the package jose', () => {
    const absent: [what: string, load: () => Promise<Jose>, detail: string][] = [
      ['', () => Promise.reject(new Error("Cannot find package 'jose'")), "Cannot find package 'jose'"],
      [
        ', or with one that knows no customFetch',
        () => Promise.resolve({} as Jose),
        'the version of jose is too old',
      ],
    ];
    for (const [what, load, detail] of absent) {
      it(`emits a process warning, and refuses with invalid_secret${what}`, async () => {
        const warnings = new Warnings();
        const verify = createVerifier(toJwksSettings({ jwksUri: endpoint.uri }), load);
        const warning = await warnings.next();
        expect(warning).to.include({ name: 'SocketioAuthorizeWarning', detail });
        expect(warning.message).to.include('npm install jose');
        for (let index = 0; index < 2; index += 1)
          expect(await refusalOf(verify(new SigningKey('one', 'ec').token()))).to.include(NO_KEY);
        warnings.close();
        expect(endpoint.requests).to.equal(0);
      });
    }

    it('which is loaded as an ES module', async () => {
      expect((await loadJose())[Symbol.toStringTag as never]).to.equal('Module');
    });
  });
});
