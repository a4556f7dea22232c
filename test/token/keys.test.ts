import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { keysNamedBy, toVerificationKeys } from '../../lib/token/keys';
import type { VerificationKey } from '../../lib/token/keys';
import { execute } from '../support/project';
import { ROOT } from '../support/repository';
import { createToken, rsaKeys, SECRET } from '../support/tokens';

const pem = (key: KeyObject): string =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }) as string;
const ec = (namedCurve: string): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve });
/** A key that is for one hash alone (RFC 4055 §3.1). */
const rsaPss = (hashAlgorithm: string | undefined, more: object = {}): ReturnType<typeof ec> =>
  generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    ...(hashAlgorithm !== undefined && { hashAlgorithm, mgf1HashAlgorithm: hashAlgorithm }),
    ...more,
  });
const HMAC = ['HS256', 'HS384', 'HS512'];
const PSS = ['PS256', 'PS384', 'PS512'];
const RSA = ['RS256', 'RS384', 'RS512', ...PSS];

describe('a key', () => {
  const { publicKey, privateKey } = rsaKeys();
  const elliptic = ec('P-256');
  const pss = rsaPss('sha256');
  const good: [what: string, material: unknown, algorithms: string[]][] = [
    ['a string', SECRET, HMAC],
    ['a Buffer', Buffer.from(SECRET), HMAC],
    ['a secret KeyObject', createSecretKey(Buffer.from(SECRET)), HMAC],
    [
      'a secret KeyObject that holds a PEM: the key that it holds',
      createSecretKey(Buffer.from(publicKey)),
      RSA,
    ],
    ['a public RSA key as PEM', publicKey, RSA],
    ['a private RSA key as PEM: its public half', privateKey, RSA],
    ['a private KeyObject: its public half', elliptic.privateKey, ['ES256']],
    ['a public KeyObject', createPublicKey(publicKey), RSA],
    ['an RSA-PSS key', pss.publicKey, ['PS256']],
    ['an RSA-PSS key in DER', pss.publicKey.export({ type: 'spki', format: 'der' }), ['PS256']],
    ['an RSA-PSS key for SHA-384', rsaPss('sha384').publicKey, ['PS384']],
    [
      'an RSA-PSS key for SHA-512 and a shorter salt',
      rsaPss('sha512', { saltLength: 32 }).publicKey,
      ['PS512'],
    ],
    ['a P-256 key', pem(elliptic.publicKey), ['ES256']],
    ['a private P-256 key in DER', elliptic.privateKey.export({ type: 'pkcs8', format: 'der' }), ['ES256']],
    [
      'a private P-256 key of SEC1 in DER',
      elliptic.privateKey.export({ type: 'sec1', format: 'der' }),
      ['ES256'],
    ],
    ['a P-256 key as JWK', elliptic.publicKey.export({ format: 'jwk' }), ['ES256']],
    ['a P-384 key', ec('P-384').publicKey, ['ES384']],
    ['a P-521 key', ec('P-521').publicKey, ['ES512']],
    ['a shared secret as JWK', { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') }, HMAC],
  ];
  for (const [what, material, algorithms] of good) {
    it(`may be ${what}, and allows only the algorithms of its type`, () => {
      const [ready, ...others] = toVerificationKeys(material) as [VerificationKey];
      expect(others).to.deep.equal([]);
      expect(ready.algorithms).to.deep.equal(algorithms);
      expect(ready.key.type).to.equal(algorithms === HMAC ? 'secret' : 'public');
    });
  }

  const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const ed25519 = generateKeyPairSync('ed25519');
  const bad: [what: string, material: unknown, message: RegExp][] = [
    ['nothing', undefined, /undefined/],
    ['null', null, /null/],
    ['a number', 7, /number/],
    ['a list', [SECRET], /an array/],
    ['a list of JWKs', [elliptic.publicKey.export({ format: 'jwk' })], /an array/],
    ['another object', { secret: SECRET }, /object/],
    ['an empty string', '', /empty/],
    ['an empty Buffer', Buffer.alloc(0), /empty/],
    ['an empty ArrayBuffer', new ArrayBuffer(0), /empty/],
    ['an empty KeyObject', createSecretKey(Buffer.alloc(0)), /empty/],
    ['an RSA key under 2048 bits', small.publicKey, /2048 bits/],
    [
      'an RSA key under 2048 bits in DER',
      small.publicKey.export({ type: 'pkcs1', format: 'der' }),
      /2048 bits/,
    ],
    ['an Ed25519 key, which jsonwebtoken does not know', ed25519.publicKey, /ed25519/],
    ['Ed25519 in PEM', pem(ed25519.publicKey), /ed25519/],
    [
      'Ed25519 in Base64',
      ed25519.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      /ed25519/,
    ],
    ['Ed25519 as JWK', ed25519.publicKey.export({ format: 'jwk' }), /ed25519/],
    ['an RSA-PSS key that names no hash', rsaPss(undefined).publicKey, /rsa-pss/],
    ['an RSA-PSS key of two hashes', rsaPss('sha256', { mgf1HashAlgorithm: 'sha1' }).publicKey, /rsa-pss/],
    ['an RSA-PSS key of a hash that JWTs do not have', rsaPss('sha1').publicKey, /rsa-pss/],
    ['an RSA-PSS key of too long a salt', rsaPss('sha256', { saltLength: 33 }).publicKey, /rsa-pss/],
    ['a key on a curve that JWTs do not have', ec('secp256k1').publicKey, /secp256k1/],
  ];
  for (const [what, material, message] of bad) {
    it(`may not be ${what}`, () => {
      expect(() => toVerificationKeys(material)).to.throw(TypeError, message);
    });
  }

  it('of a wrong type is refused with a list of the accepted forms, and without its value', () => {
    expect(() => toVerificationKeys({ secret: SECRET }))
      .to.throw(TypeError, /shared secret.*public key.*certificate.*PEM.*DER.*Base64.*JWK.*KeyObject/)
      .with.property('message')
      .that.does.not.include(SECRET);
  });
});

describe('a shared secret under 32 bytes', () => {
  /** What a process says that makes keys of these. */
  async function warnings(...materials: string[]): Promise<string> {
    const program = `const { toVerificationKeys } = require('./.build/lib/token/keys.js');
      for (const material of [${materials.join(', ')}]) toVerificationKeys(material);`;
    return (await execute(process.execPath, ['-e', program], ROOT)).stderr;
  }

  const short: [what: string, material: string][] = [
    ['a string', `'q'.repeat(31)`],
    ['bytes', `Buffer.alloc(31, 'q')`],
    ['a KeyObject', `crypto.createSecretKey(Buffer.alloc(31, 'q'))`],
    ['a JWK', `{ kty: 'oct', k: 'qqqqqqqqqqqqqqqq' }`],
  ];
  for (const [what, material] of short) {
    it(`works, with one process warning that does not show it: ${what}`, async () => {
      const said = await warnings(material, material, `'qqqq'`);
      expect(said.match(/RFC 7518/g)).to.have.length(1);
      expect(said).to.match(/SocketioAuthorizeWarning: .*32 bytes/);
      expect(said).not.to.include('qqqq');
    });
  }

  it('is the only kind of key with a warning', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }));
    expect(await warnings(`'q'.repeat(32)`, jwk, JSON.stringify(jwk))).to.equal('');
  });
});

describe('keys that have names', () => {
  const secrets = ['one', 'two', 'nameless'].map((name) =>
    Buffer.from(`${name}: a secret of 32 bytes or more`),
  );
  const [one, two, nameless] = secrets.map((secret, index) => {
    const kid = ['one', 'two'][index];
    return toVerificationKeys({ kty: 'oct', k: secret.toString('base64url'), ...(kid && { kid }) })[0];
  }) as [VerificationKey, VerificationKey, VerificationKey];
  const keys = [one, two, nameless];

  it("are chosen by the token's kid, together with keys without a name", () => {
    expect(keysNamedBy(createToken({}, { keyid: 'two' }), keys)).to.deep.equal([two, nameless]);
    expect(keysNamedBy(createToken({}, { keyid: 'three' }), keys)).to.deep.equal([nameless]);
    expect(keysNamedBy(createToken({}, { keyid: 'three' }), [one, two])).to.deep.equal([]);
  });

  it('may have names in any script, which jsonwebtoken writes in Latin-1 and others in UTF-8 (RFC 7515 §3)', () => {
    const [named] = toVerificationKeys({ kty: 'oct', k: 'x'.repeat(43), kid: 'schlüssel' });
    const written = [
      Buffer.from(createToken({}, { keyid: 'schlüssel' }).split('.', 1)[0] as string, 'base64url'),
    ];
    written.push(Buffer.from(written[0]?.toString('latin1') as string));
    expect(written[0]).to.not.deep.equal(written[1]);
    for (const header of written)
      expect(
        keysNamedBy(`${header.toString('base64url')}.e30.x`, [one, named as VerificationKey]),
      ).to.deep.equal([named]);
  });

  it('are all tried for a token that names none', () => {
    const odd = { header: { alg: 'HS256', kid: 7 as unknown as string } };
    for (const token of [createToken(), createToken({}, odd), 'no token', '', 'bnVsbA.e30.x'])
      expect(keysNamedBy(token, keys)).to.deep.equal(keys);
  });
});
