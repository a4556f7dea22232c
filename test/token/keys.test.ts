import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { KeyCache, toVerificationKey } from '../../lib/token/keys';
import { rsaKeys } from '../support/tokens';

const pem = (key: KeyObject): string =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }) as string;
const ec = (namedCurve: string): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve });
const HMAC = ['HS256', 'HS384', 'HS512'];
const PSS = ['PS256', 'PS384', 'PS512'];
const RSA = ['RS256', 'RS384', 'RS512', ...PSS];

describe('a key', () => {
  const { publicKey, privateKey } = rsaKeys();
  const elliptic = ec('P-256');
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  const good: [what: string, material: unknown, algorithms: string[]][] = [
    ['a string', 'SECRET_KEY', HMAC],
    ['a Buffer', Buffer.from('SECRET_KEY'), HMAC],
    ['a secret KeyObject', createSecretKey(Buffer.from('SECRET_KEY')), HMAC],
    ['a public RSA key as PEM', publicKey, RSA],
    ['a public RSA key as PEM in a Buffer', Buffer.from(publicKey), RSA],
    ['a PEM with space before it', `\n  ${publicKey}`, RSA],
    [
      'a PEM with text before it, as openssl writes it',
      `Bag Attributes\n    friendlyName: x\n${publicKey}`,
      RSA,
    ],
    [
      'a PEM with a byte-order mark',
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(publicKey)]),
      RSA,
    ],
    ['a public key in DER', createPublicKey(publicKey).export({ type: 'spki', format: 'der' }), RSA],
    ['a shared secret that begins as DER does', Buffer.from('0 is a number'), HMAC],
    ['a private RSA key as PEM: its public half', privateKey, RSA],
    ['a private KeyObject: its public half', elliptic.privateKey, ['ES256']],
    ['a public KeyObject', createPublicKey(publicKey), RSA],
    ['an RSA-PSS key', pss.publicKey, PSS],
    ['a P-256 key', pem(elliptic.publicKey), ['ES256']],
    ['a P-384 key', ec('P-384').publicKey, ['ES384']],
    ['a P-521 key', ec('P-521').publicKey, ['ES512']],
  ];
  for (const [what, material, algorithms] of good) {
    it(`may be ${what}, and allows the algorithms of its type alone`, () => {
      const ready = toVerificationKey(material);
      expect(ready.algorithms).to.deep.equal(algorithms);
      expect(ready.key.type).to.equal(algorithms === HMAC ? 'secret' : 'public');
    });
  }

  const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const bad: [what: string, material: unknown, message: RegExp][] = [
    ['nothing', undefined, /undefined/],
    ['null', null, /null/],
    ['a number', 7, /number/],
    ['a list', ['SECRET_KEY'], /an array/],
    ['an object', { kty: 'oct' }, /object/],
    ['an empty string', '', /empty/],
    ['an empty Buffer', Buffer.alloc(0), /empty/],
    ['an empty KeyObject', createSecretKey(Buffer.alloc(0)), /empty/],
    ['a broken PEM', publicKey.replace('MII', 'XXX'), /looks like PEM/],
    ['an RSA key under 2048 bits', small.publicKey, /2048 bits/],
    ['an Ed25519 key, which jsonwebtoken does not know', generateKeyPairSync('ed25519').publicKey, /ed25519/],
    ['a key on a curve that JWTs do not have', ec('secp256k1').publicKey, /secp256k1/],
  ];
  for (const [what, material, message] of bad) {
    it(`may not be ${what}`, () => {
      expect(() => toVerificationKey(material)).to.throw(TypeError, message);
    });
  }
});

describe('keys that a function hands out', () => {
  it('are made ready once, strings and KeyObjects', () => {
    const cache = new KeyCache();
    const key = createSecretKey(Buffer.from('SECRET_KEY'));
    for (const material of ['SECRET_KEY', key])
      expect(cache.resolve(material)[0]).to.equal(cache.resolve(material)[0]);
  });

  it('may be several', () => {
    const cache = new KeyCache();
    expect(cache.resolve(['one', Buffer.from('two')])).to.have.length(2);
    expect(() => cache.resolve([])).to.throw(TypeError);
  });

  it('are not held without bound', () => {
    const cache = new KeyCache();
    const [first] = cache.resolve('first');
    for (let index = 0; index < 1000; index += 1) cache.resolve(`key ${index}`);
    expect(cache.resolve('first')[0]).not.to.equal(first);
  });
});
