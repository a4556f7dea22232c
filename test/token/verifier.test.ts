import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { KeyPairKeyObjectResult } from 'node:crypto';
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
import { decodeUnverified } from '../../lib/token/verifier';
import type { VerificationRules } from '../../lib/token/verifier';
import { createToken, rsaKeys, SECRET, tokenLife, tokenVerifier } from '../support/tokens';

const { publicKey, privateKey } = rsaKeys();
const [hmacKey] = toVerificationKeys(SECRET) as [VerificationKey];
const [rsaKey] = toVerificationKeys(publicKey) as [VerificationKey];
const now = Math.floor(Date.now() / 1000);

const encode = (part: unknown): string => {
  const bytes = Buffer.isBuffer(part)
    ? part
    : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
  return bytes.toString('base64url');
};

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
  const outcome = tokenVerifier(rules).verify(token, keys);
  expect(outcome).to.be.instanceOf(UnauthorizedError);
  return outcome as UnauthorizedError;
}

const IGNORING = { passed: { ignoreExpiration: true, ignoreNotBefore: true } };

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
      'whose payload is JSON within JSON',
      forge({ alg: 'HS256', typ: 'JWT' }, JSON.stringify('{"sub":"bob"}')),
      'malformed',
    ],
    [
      'whose payload is JSON within JSON, with space in front',
      forge({ alg: 'HS256', typ: 'JWT' }, ` \n${JSON.stringify('{"sub":"bob"}')}`),
      'malformed',
    ],
    [
      'whose payload is not UTF-8: two names may become one (RFC 7519 §7.2)',
      forge({ alg: 'HS256', typ: 'JWT' }, Buffer.from('{"sub":"J\u00f6rg"}', 'latin1')),
      'malformed',
    ],
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
    ['that is not active yet', createToken({ nbf: now + 3600 }), 'not_active'],
    ['that has expired', createToken({ exp: now - 60 }), 'expired'],
    ['that is too old', createToken({ iat: now - 7200 }), 'expired', { passed: { maxAge: 3600 } }],
    ['whose exp is no number', forge({ alg: 'HS256' }, { exp: 'tomorrow' }), 'claim'],
    ['whose nbf is no number', forge({ alg: 'HS256' }, { nbf: {} }), 'claim'],
    ['whose exp is in ms', createToken({ exp: Date.now() + 60_000 }), 'claim'],
    ['whose nbf is in ms', createToken({ nbf: Date.now() }), 'claim'],
    [
      'whose nbf is in ms and past, where nbf does not count',
      createToken({ nbf: Date.now() }),
      'claim',
      IGNORING,
    ],
    ['whose iat is in ms', createToken({ iat: Date.now() }), 'claim'],
    [
      'whose iat is in ms, where an age is asked for',
      createToken({ iat: Date.now() }),
      'claim',
      { passed: { maxAge: 60 } },
    ],
    ['whose exp no Date can hold', forge({ alg: 'HS256' }, '{"exp":1e999}'), 'claim'],
    ['whose nbf no Date can hold', forge({ alg: 'HS256' }, '{"nbf":1e300}'), 'claim'],
    ['whose exp is in ms, where exp does not count', createToken({ exp: Date.now() }), 'claim', IGNORING],
    ['of another issuer', createToken({ iss: 'eve' }), 'claim', { passed: { issuer: 'alice' } }],
    ['for another audience', createToken({ aud: 'mail' }), 'claim', { passed: { audience: 'chat' } }],
    ...[undefined, null, 7, {}, [['chat']], [null, 7]].map((aud): (typeof cases)[number] => [
      `whose aud is ${JSON.stringify(aud)}, which is no text that a RegExp could match,`,
      forge({ alg: 'HS256' }, { aud }),
      'claim',
      { passed: { audience: ['mail', /./] } },
    ]),
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

  it('that is not JSON gives the server the reason, and not the client', () => {
    const { data, cause } = refusalOf(forge({ alg: 'HS256', typ: 'JWT' }, '{hunter2'));
    expect(data).to.include({ message: 'invalid token', reason: 'malformed' });
    expect(cause).to.be.an('error').with.property('name', 'SyntaxError');
  });

  it('with white space around its payload is accepted', () => {
    const token = forge({ alg: 'HS256', typ: 'JWT' }, '\r\n\t {"sub":"bob"} ');
    expect(tokenVerifier().verify(token, [hmacKey])).to.deep.equal({ sub: 'bob' });
    expect(decodeUnverified(token).payload).to.deep.equal({ sub: 'bob' });
  });

  it('for several audiences is accepted if a RegExp matches one of them', () => {
    const verifier = tokenVerifier({ passed: { audience: ['mail', /^chat:/] } });
    for (const aud of ['mail', 'chat:1', ['chat:1'], ['other', 7, 'chat:1'], [null, 'mail']])
      expect(verifier.verify(forge({ alg: 'HS256' }, { aud }), [hmacKey])).to.deep.equal({ aud });
  });

  it('that is not active yet is refused with the ms until then, less the tolerance', () => {
    const verifier = tokenVerifier({ passed: { clockTolerance: 2 } }, tokenLife({ clockTolerance: 2 }));
    const nbf = Math.floor(Date.now() / 1000) + 1000;
    const refusal = verifier.verify(createToken({ nbf }), [hmacKey]) as UnauthorizedError;
    expect(refusal.data).to.include({ reason: 'not_active', message: 'jwt not active' });
    expect(refusal.data.retryAfter).to.be.within(900_000, 998_000);
  });

  it('signed by HMAC with a public key is refused', () => {
    expect(refusalOf(forge({ alg: 'HS256' }, {}, publicKey), {}, [rsaKey]).data.reason).to.equal('algorithm');
  });

  it('is tried with every key while keys are rotated, and judged by the matching one', () => {
    const verifier = tokenVerifier();
    const keys = [rsaKey, ...toVerificationKeys('former'), hmacKey];
    expect(verifier.verify(createToken({ sub: 'bob' }), keys)).to.include({ sub: 'bob' });
    expect(refusalOf(createToken({ exp: 1 }), {}, keys).data.reason).to.equal('expired');
    expect(refusalOf(createToken({}, {}, 'another'), {}, keys).data.reason).to.equal('signature');
    expect(refusalOf(createToken(), {}, [])).to.have.property('code', 'invalid_secret');
  });

  it('is tried with the next key, if the first is an RSA-PSS key for another hash', () => {
    const [former, next] = ['sha256', 'sha512'].map((hash) =>
      generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: hash, mgf1HashAlgorithm: hash }),
    ) as [KeyPairKeyObjectResult, KeyPairKeyObjectResult];
    const keys = [former, next].flatMap((pair) => toVerificationKeys(pair.publicKey));
    const token = createToken({ sub: 'bob' }, { algorithm: 'PS512' }, next.privateKey);
    expect(tokenVerifier().verify(token, keys)).to.include({ sub: 'bob' });
    expect(refusalOf(token, {}, keys.slice(0, 1)).data.reason).to.equal('algorithm');
  });

  it('with __proto__ among its claims changes no other object', () => {
    const token = forge({ alg: 'HS256' }, '{"sub":"bob","__proto__":{"admin":true}}');
    const claims = tokenVerifier().verify(token, [hmacKey]);
    expect((claims as JwtClaims)['admin']).to.equal(undefined);
    expect(({} as { admin?: boolean }).admin).to.equal(undefined);
  });

  it('is never valid after a change of one character', () => {
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

  it('made of any bytes gives a code, and no other exception', () => {
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

  it('does not rely on jsonwebtoken calling back synchronously', () => {
    const { verify } = jsonwebtoken;
    stub(jsonwebtoken, 'verify').callsFake((...args: unknown[]) => {
      const [token, key, options, callback] = args as Parameters<typeof verify>;
      if (callback === undefined) return (verify as (...some: unknown[]) => unknown)(token, key, options);
      setImmediate(() => (verify as (...some: unknown[]) => unknown)(...args));
      return undefined;
    });
    expect(tokenVerifier().verify(createToken({ sub: 'bob' }), [hmacKey])).to.include({
      sub: 'bob',
    });
    expect(refusalOf(createToken({ exp: 1 })).data.reason).to.equal('expired');
    expect(refusalOf(createToken({}, {}, 'another')).data.reason).to.equal('signature');
  });

  it('leaves the setting of stack traces as it was, whatever the outcome', () => {
    const limit = Error.stackTraceLimit;
    refusalOf(createToken({ exp: 1 }));
    tokenVerifier().verify(createToken(), [hmacKey]);
    expect(Error.stackTraceLimit).to.equal(limit).and.above(0);
    expect(new Error('of somebody else').stack).to.match(/\n {4}at /);
  });
});

describe('a token that is not verified yet', () => {
  it('is decoded', () => {
    const { header, payload } = decodeUnverified(createToken({ sub: 'bob' }, { keyid: 'one' }));
    expect(header).to.include({ alg: 'HS256', kid: 'one' });
    expect(payload).to.include({ sub: 'bob' });
  });

  it('has a header in UTF-8 (RFC 7515 §3), or in Latin-1 as jsonwebtoken writes it', () => {
    for (const token of [
      createToken({}, { keyid: 'schlüssel' }),
      forge({ alg: 'HS256', kid: 'schlüssel' }, {}),
    ])
      expect(decodeUnverified(token).header.kid).to.equal('schlüssel');
  });

  it('and not signed is refused before its key is searched', () => {
    const payload = encode({ sub: 'bob' });
    for (const token of [`${encode({ alg: 'none' })}.${payload}.`, createToken().replace(/[^.]*$/, '')]) {
      expect(() => decodeUnverified(token))
        .to.throw(UnauthorizedError, 'jwt signature is required')
        .with.nested.property('data.reason', 'signature');
    }
  });

  for (const token of [
    '',
    'abc',
    'a.b',
    'a.b.',
    `${createToken()}.x`,
    forge({ alg: 'HS256' }, '"bob"'),
    forge({ alg: 'HS256', typ: 'JWT' }, '{'),
    ...['7', '"HS256"', '[]', 'null'].map((header) => forge(header, {})),
    forge({ alg: 'HS256', typ: 'JWT' }, JSON.stringify('{"sub":"bob"}')),
    forge({ alg: 'HS256', typ: 'JWT' }, Buffer.from('{"sub":"\u00f6"}', 'latin1')),
  ]) {
    it(`is refused as malformed: ${token.slice(0, 12)}…`, () => {
      expect(() => decodeUnverified(token))
        .to.throw(UnauthorizedError)
        .with.nested.property('data.reason', 'malformed');
    });
  }
});
