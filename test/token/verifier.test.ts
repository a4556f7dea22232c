import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import jsonwebtoken from 'jsonwebtoken';
import { restore, stub } from 'sinon';
import {
  array,
  assert,
  constantFrom,
  dictionary,
  jsonValue,
  nat,
  oneof,
  property,
  string,
  tuple,
} from 'fast-check';
import { UnauthorizedError } from '../../lib';
import type { JwtClaims } from '../../lib';
import { toVerificationKeys } from '../../lib/token/keys';
import type { VerificationKey } from '../../lib/token/keys';
import { CODES } from '../../lib/protocol';
import { decodeUnverified, TokenVerifier } from '../../lib/token/verifier';
import type { VerificationRules } from '../../lib/token/verifier';
import { createToken, rsaKeys, RULES, SECRET } from '../support/tokens';

const { publicKey, privateKey } = rsaKeys();
const [hmacKey] = toVerificationKeys(SECRET) as [VerificationKey];
const [rsaKey] = toVerificationKeys(publicKey) as [VerificationKey];
const now = Math.floor(Date.now() / 1000);

const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** A token of any header and payload, with a good HMAC. */
function forge(header: unknown, payload: unknown, secret = SECRET): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function refusalOf(
  token: string,
  rules: Partial<VerificationRules> = {},
  keys = [hmacKey],
): UnauthorizedError {
  const outcome = new TokenVerifier({ ...RULES, ...rules }).verify(token, keys);
  expect(outcome).to.be.instanceOf(UnauthorizedError);
  return outcome as UnauthorizedError;
}

describe('a token', () => {
  const cases: [what: string, token: string, reason: string, rules?: Partial<VerificationRules>][] = [
    ['that is no JWT', 'abc', 'malformed'],
    ['with too many parts', `${createToken()}.x`, 'malformed'],
    ['whose header is no JSON', forge('{', { sub: 'bob' }), 'malformed'],
    ['whose payload is no JSON', forge({ alg: 'HS256', typ: 'JWT' }, '{'), 'malformed'],
    ['whose payload is a string', forge({ alg: 'HS256' }, '"bob"'), 'malformed'],
    ['whose payload is a list', forge({ alg: 'HS256' }, ['bob']), 'malformed'],
    ['whose payload is null', forge({ alg: 'HS256', typ: 'JWT' }, 'null'), 'malformed'],
    [
      'with an extension that must be understood (RFC 7515 §4.1.11)',
      forge({ alg: 'HS256', crit: ['b64'] }, {}),
      'malformed',
    ],
    ['signed with another key', createToken({}, {}, 'another'), 'signature'],
    ['whose signature is cut off', createToken().replace(/[^.]*$/, ''), 'signature'],
    ['that is not signed: alg none', `${encode({ alg: 'none' })}.${encode({ sub: 'bob' })}.`, 'signature'],
    ['that says alg none under a signature', forge({ alg: 'none' }, {}), 'algorithm'],
    ['without alg', forge({ typ: 'JWT' }, {}), 'algorithm'],
    ['whose alg is no string', forge({ alg: ['HS256'] }, {}), 'algorithm'],
    [
      'of an algorithm that is not accepted',
      createToken({}, { algorithm: 'HS512' }),
      'algorithm',
      { algorithms: ['HS256'] },
    ],
    ['of another type of key', createToken({}, { algorithm: 'RS256' }, privateKey), 'algorithm'],
    ['that is not active yet', createToken({ nbf: now + 60 }), 'not_active'],
    ['that has expired', createToken({ exp: now - 60 }), 'expired'],
    ['that is too old', createToken({ iat: now - 7200 }), 'expired', { passed: { maxAge: 3600 } }],
    ['whose exp is no number', forge({ alg: 'HS256' }, { exp: 'tomorrow' }), 'claim'],
    ['whose nbf is no number', forge({ alg: 'HS256' }, { nbf: {} }), 'claim'],
    ['of another issuer', createToken({ iss: 'eve' }), 'claim', { passed: { issuer: 'alice' } }],
    ['for another audience', createToken({ aud: 'mail' }), 'claim', { passed: { audience: 'chat' } }],
    ['of another subject', createToken({ sub: 'eve' }), 'claim', { passed: { subject: 'bob' } }],
    ['of another name', createToken({ jti: 'two' }), 'claim', { passed: { jwtid: 'one' } }],
    ['of another nonce', createToken({ nonce: 'two' }), 'claim', { passed: { nonce: 'one' } }],
    [
      'without iat, where an age is asked for',
      createToken({}, { noTimestamp: true }),
      'claim',
      { passed: { maxAge: 60 } },
    ],
  ];
  for (const [what, token, reason, rules] of cases) {
    it(`${what} is refused as ${reason}`, () => {
      const { code, data } = refusalOf(token, rules);
      expect({ code, reason: data.reason }).to.deep.equal({ code: 'invalid_token', reason });
    });
  }

  it('signed by HMAC with a public key that everybody knows is refused', () => {
    expect(refusalOf(forge({ alg: 'HS256' }, {}, publicKey), {}, [rsaKey]).data.reason).to.equal('algorithm');
  });

  it('is tried with every key while keys are rotated, and judged by the one that fits', () => {
    const verifier = new TokenVerifier(RULES);
    const keys = [rsaKey, ...toVerificationKeys('former'), hmacKey];
    expect(verifier.verify(createToken({ sub: 'bob' }), keys)).to.include({ sub: 'bob' });
    expect(refusalOf(createToken({ exp: 1 }), {}, keys).data.reason).to.equal('expired');
    expect(refusalOf(createToken({}, {}, 'another'), {}, keys).data.reason).to.equal('signature');
    expect(refusalOf(createToken(), {}, [])).to.have.property('code', 'invalid_secret');
  });

  it('with __proto__ among its claims changes no object of ours', () => {
    const token = forge({ alg: 'HS256' }, '{"sub":"bob","__proto__":{"admin":true}}');
    const claims = new TokenVerifier(RULES).verify(token, [hmacKey]);
    expect((claims as JwtClaims)['admin']).to.equal(undefined);
    expect(({} as { admin?: boolean }).admin).to.equal(undefined);
  });

  it('never verifies after a change of one character', () => {
    const token = createToken({ sub: 'bob', exp: now + 60 });
    const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \u0000é';
    assert(
      property(nat(token.length - 1), constantFrom(...Array.from(characters)), (index, character) => {
        const changed = token.slice(0, index) + character + token.slice(index + 1);
        // The last character of a Base64url part may hold bits that say nothing.
        const isSame = changed
          .split('.')
          .every((part, at) =>
            Buffer.from(part, 'base64url').equals(Buffer.from(token.split('.')[at] ?? '', 'base64url')),
          );
        if (isSame) return;
        refusalOf(changed);
      }),
      { numRuns: 500 },
    );
  });

  it('made of anything at all gives a code, and no other exception', () => {
    const anything = oneof(
      string(),
      jsonValue().map(encode),
      dictionary(constantFrom('alg', 'typ', 'crit', 'kid', 'exp', 'nbf'), jsonValue()).map(encode),
    );
    const tokens = oneof(
      string(),
      array(anything, { maxLength: 4 }).map((parts) => parts.join('.')),
      tuple(jsonValue(), jsonValue()).map(([header, payload]) => forge(header, payload)),
    );
    assert(
      property(tokens, (token) => {
        expect(refusalOf(token).code).to.equal(CODES.invalidToken);
        try {
          decodeUnverified(token);
        } catch (error) {
          expect(error).to.be.instanceOf(UnauthorizedError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a verification', () => {
  afterEach(() => restore());

  it('does not hang on it that jsonwebtoken calls back at once', () => {
    const { verify } = jsonwebtoken;
    stub(jsonwebtoken, 'verify').callsFake((...args: unknown[]) => {
      const [token, key, options, callback] = args as Parameters<typeof verify>;
      if (callback === undefined) return (verify as (...some: unknown[]) => unknown)(token, key, options);
      setImmediate(() => (verify as (...some: unknown[]) => unknown)(...args));
      return undefined;
    });
    expect(new TokenVerifier(RULES).verify(createToken({ sub: 'bob' }), [hmacKey])).to.include({
      sub: 'bob',
    });
    expect(refusalOf(createToken({ exp: 1 })).data.reason).to.equal('expired');
    expect(refusalOf(createToken({}, {}, 'another')).data.reason).to.equal('signature');
  });

  it('leaves stack traces as they were, whatever comes of it', () => {
    const limit = Error.stackTraceLimit;
    refusalOf(createToken({ exp: 1 }));
    new TokenVerifier(RULES).verify(createToken(), [hmacKey]);
    expect(Error.stackTraceLimit).to.equal(limit).and.above(0);
    expect(new Error('of somebody else').stack).to.match(/\n {4}at /);
  });
});

describe('the end of a session', () => {
  const ends: [what: string, claims: JwtClaims, end: number, rules?: Partial<VerificationRules>][] = [
    ['at exp', { exp: 100 }, 100_000],
    ['at a fraction of a second', { exp: 100.25 }, 100_250],
    ['at exp and the tolerance', { exp: 100 }, 105_000, { clockTolerance: 5 }],
    ['at iat and maxAge', { iat: 50, exp: 100 }, 60_000, { maxAge: 10 }],
    ['at exp, if that is earlier', { iat: 50, exp: 55 }, 55_000, { maxAge: 10 }],
    ['never without either', { iat: 50 }, Infinity],
    ['never, if no iat tells the age', {}, Infinity, { maxAge: 10 }],
    ['never with ignoreExpiration', { exp: 100 }, Infinity, { ignoreExpiration: true }],
    ['no later than a Date can say', { exp: 1e300 }, 8.64e15],
  ];
  for (const [what, claims, end, rules] of ends) {
    it(`comes ${what}`, () => {
      expect(new TokenVerifier({ ...RULES, ...rules }).endOf(claims)).to.equal(end);
    });
  }
});

describe('a token that is not verified yet', () => {
  it('is taken apart', () => {
    const { header, payload } = decodeUnverified(createToken({ sub: 'bob' }, { keyid: 'one' }));
    expect(header).to.include({ alg: 'HS256', kid: 'one' });
    expect(payload).to.include({ sub: 'bob' });
  });

  for (const token of [
    '',
    'abc',
    'a.b',
    `${createToken()}.x`,
    forge({ alg: 'HS256' }, '"bob"'),
    forge({ alg: 'HS256', typ: 'JWT' }, '{'),
  ]) {
    it(`is refused as malformed: ${token.slice(0, 12)}…`, () => {
      expect(() => decodeUnverified(token))
        .to.throw(UnauthorizedError)
        .with.nested.property('data.reason', 'malformed');
    });
  }
});
