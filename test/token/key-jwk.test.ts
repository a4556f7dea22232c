import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { authorize } from '../../lib';
import type { Jwk, KeyMaterial } from '../../lib';
import { toVerificationKeys } from '../../lib/token/keys';
import { SigningKey } from '../support/jwks-endpoint';
import { show } from '../support/refusals';
import type { Reply } from '../support/refusals';
import { createToken, rsaKeys, SECRET } from '../support/tokens';
import { World } from '../support/world';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const oct: Jwk = { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') };
const b64 = (text: string): string => Buffer.from(text).toString('base64url');

describe('a JWK', () => {
  const good: [what: string, jwk: Jwk, algorithms: string[]][] = [
    ['use sig', { ...ec, use: 'sig' }, ['ES256']],
    ['key_ops verify', { ...ec, key_ops: ['encrypt', 'verify'] }, ['ES256']],
    ['key_ops sign, as private keys have it', { ...ec, key_ops: ['sign'] }, ['ES256']],
    ['its one algorithm', { ...rsa, alg: 'RS512' }, ['RS512']],
    ['its one algorithm, for a shared secret', { ...oct, alg: 'HS512' }, ['HS512']],
  ];
  for (const [what, jwk, algorithms] of good) {
    it(`may name ${what}`, () => {
      expect(toVerificationKeys(jwk)[0]).to.have.deep.property('algorithms', algorithms);
    });
  }

  const bad: [what: string, jwk: object, message: RegExp][] = [
    ['for encryption', { ...rsa, use: 'enc' }, /use/],
    ['whose use is no string', { ...rsa, use: ['sig'] }, /use/],
    ['for other operations', { ...rsa, key_ops: ['encrypt', 'wrapKey'] }, /key_ops/],
    ['whose operations are no list', { ...rsa, key_ops: 'verify' }, /key_ops/],
    ['for an algorithm of encryption', { ...rsa, alg: 'RSA-OAEP' }, /alg/],
    ['for an algorithm of another type of key', { ...rsa, alg: 'ES256' }, /alg/],
    ['for HMAC with a public key', { ...rsa, alg: 'HS256' }, /alg/],
    ['whose alg is no string', { ...rsa, alg: 7 }, /alg/],
    ['without a modulus', { kty: 'RSA', e: 'AQAB' }, /cannot be read/],
    ['whose modulus is no string', { ...rsa, n: 7 }, /cannot be read/],
    ['with a small modulus', { ...rsa, n: 'AQAB' }, /2048/],
    ['whose point is not on its curve', { ...ec, x: ec.y }, /cannot be read/],
    ['of an unknown type', { ...rsa, kty: 'AKP' }, /cannot be read/],
    ['of a shared secret without one', { kty: 'oct' }, /oct/],
    ['of an empty shared secret', { kty: 'oct', k: '' }, /oct/],
    ['of a shared secret that is no Base64url', { kty: 'oct', k: 'a secret' }, /oct/],
    ['of a shared secret that is a public key', { kty: 'oct', k: b64(rsaKeys().publicKey) }, /public key/],
    [
      'of a shared secret that is a broken public key',
      { kty: 'oct', k: b64('-----BEGIN PUBLIC KEY-----') },
      /PEM/,
    ],
  ];
  for (const [what, jwk, message] of bad) {
    for (const [form, material] of [
      ['an object', jwk],
      ['text', JSON.stringify(jwk)],
    ] as const) {
      it(`is refused ${what}, as ${form}`, () => {
        expect(() => toVerificationKeys(material)).to.throw(TypeError, message);
      });
    }
  }
});

describe('a JWK set', () => {
  it('provides its signature keys, and ignores the others', () => {
    const keys = toVerificationKeys({
      keys: [
        { ...rsa, use: 'enc' },
        null,
        7,
        { kid: 'no key' },
        ed25519,
        { ...rsa, n: 'AQAB' },
        { ...ec, kid: 'ec' },
        rsa,
      ],
    });
    expect(keys.map(({ kid, key }) => [kid, key.asymmetricKeyType])).to.deep.equal([
      ['ec', 'ec'],
      [undefined, 'rsa'],
    ]);
  });

  it('is refused if it has no signature key, with the first reason', () => {
    expect(() => toVerificationKeys({ keys: [{ ...rsa, use: 'enc' }, ed25519] })).to.throw(TypeError, /use/);
    expect(() => toVerificationKeys({ keys: [] })).to.throw(TypeError, /object/);
    expect(() => toVerificationKeys({ keys: [null] })).to.throw(TypeError, /object/);
  });
});

describe('a server whose secret is a JWK set', () => {
  let world: World;
  const [one, two] = [new SigningKey('one', 'rsa'), new SigningKey('two', 'ec')];
  const set = { keys: [{ ...one.jwk, alg: 'RS256' }, two.jwk, { ...oct, kid: 'shared' }] };

  beforeEach(async () => {
    world = await new World().listen();
  });
  afterEach(() => world.close());

  async function answer(secret: KeyMaterial | (() => KeyMaterial), token: string): Promise<Reply> {
    world.authorize({ secret }).attach(world.io);
    return show(await world.connected(), token);
  }

  const sources: [how: string, secret: KeyMaterial | (() => KeyMaterial)][] = [
    ['an object', set],
    ['text', JSON.stringify(set)],
    ['found by a function', () => set],
  ];
  for (const [how, secret] of sources) {
    for (const key of [one, two]) {
      it(`accepts a token signed with its key ${key.kid}: ${how}`, async () => {
        expect(await answer(secret, key.token())).to.include({ ok: true });
      });
    }

    it(`accepts a token signed with its shared secret: ${how}`, async () => {
      expect(await answer(secret, createToken({}, { keyid: 'shared' }))).to.include({ ok: true });
    });

    const header = { alg: 'RS256', kid: undefined as unknown as string };
    it(`tries every key for a token that names none: ${how}`, async () => {
      expect(await answer(secret, one.token({}, { header }))).to.include({ ok: true });
    });

    const refused: [what: string, token: string, refusal: object][] = [
      [
        'under the name of another key',
        two.token({}, { keyid: 'one' }),
        { code: 'invalid_token', reason: 'algorithm' },
      ],
      [
        'under its secret, in the name of its public key',
        createToken({}, { keyid: 'one' }),
        { code: 'invalid_token', reason: 'algorithm' },
      ],
      [
        'with an algorithm that the JWK does not name',
        one.token({}, { algorithm: 'RS512' }),
        { code: 'invalid_token', reason: 'algorithm' },
      ],
      ['by a stranger', new SigningKey('two', 'ec').token(), { code: 'invalid_token', reason: 'signature' }],
      [
        'under an unknown name',
        two.token({}, { keyid: 'three' }),
        { code: 'invalid_secret', reason: 'key_unavailable', retryable: true },
      ],
    ];
    for (const [what, token, refusal] of refused) {
      it(`refuses a token signed ${what}: ${how}`, async () => {
        expect((await answer(secret, token)).error).to.include(refusal);
      });
    }
  }

  it('uses only the keys for `algorithms`, and throws if there is none', async () => {
    const secret = { keys: [one.jwk, two.jwk] };
    world.authorize({ secret, algorithms: ['ES256'] }).attach(world.io);
    const client = await world.connected();
    expect((await show(client, one.token())).error).to.include({ reason: 'algorithm' });
    expect(await show(client, two.token())).to.include({ ok: true });
    expect(() => authorize({ secret, algorithms: ['HS256'] })).to.throw(
      TypeError,
      /options\.algorithms.*RS256.*ES256/,
    );
  });
});
