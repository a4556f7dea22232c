import { createSecretKey } from 'node:crypto';
import { expect } from 'chai';
import { KeyCache } from '../../lib/token/key-cache';
import { rsaKeys, SECRET } from '../support/tokens';

const bytesOf = (key: { key: { export(): unknown } } | undefined): unknown => key?.key.export();
const oct = (secret: string): { kty: string; k: string } => ({
  kty: 'oct',
  k: Buffer.from(secret).toString('base64url'),
});

describe('keys that a function returns', () => {
  let cache: KeyCache;

  beforeEach(() => {
    cache = new KeyCache();
  });

  const materials: [what: string, make: () => unknown][] = [
    ['strings', () => SECRET],
    ['bytes', () => Buffer.from(SECRET)],
    ['JWKs', () => oct(SECRET)],
    ['JWK sets', () => ({ keys: [oct(SECRET)] })],
  ];
  for (const [what, make] of materials) {
    it(`are prepared once, however often they are returned: ${what}`, () => {
      expect(cache.resolve(make())[0]).to.equal(cache.resolve(make())[0]);
    });
  }

  it('are prepared once, however often they are returned: KeyObjects', () => {
    const key = createSecretKey(Buffer.from(SECRET));
    expect(cache.resolve(key)[0]).to.equal(cache.resolve(key)[0]);
  });

  it('may be a list, and a list of sets', () => {
    const { publicKey } = rsaKeys();
    expect(
      cache.resolve([SECRET, Buffer.from(publicKey), { keys: [oct(SECRET), oct(`${SECRET}, another`)] }]),
    ).to.have.length(4);
    expect(() => cache.resolve([])).to.throw(TypeError);
    for (const nothing of [undefined, null, 7, {}, [[SECRET]]]) {
      expect(() => cache.resolve(nothing)).to.throw(TypeError);
    }
  });

  it('are not confused with one another', () => {
    const [one, two] = ['one secret of 32 bytes or even more', 'two secrets of 32 bytes or even more'];
    const asViews = [one, two].map((secret) => {
      const bytes = Buffer.from(secret);
      return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    });
    const asArrayBuffers = [one, two].map((secret) => Uint8Array.from(Buffer.from(secret)).buffer);
    /** What JSON does not show. */
    class Hidden {
      readonly #secret: string;
      constructor(secret: string) {
        this.#secret = secret;
      }
      get kty(): string {
        return 'oct';
      }
      get k(): string {
        return oct(this.#secret).k;
      }
    }
    for (const pair of [asViews, asArrayBuffers, [new Hidden(one), new Hidden(two)]]) {
      const found = pair.map((material) => bytesOf(cache.resolve(material)[0]));
      expect(found).to.deep.equal([Buffer.from(one), Buffer.from(two)]);
    }
  });

  it('are prepared again when the returned object has changed in place', () => {
    const set = { keys: [oct(SECRET)] };
    cache.resolve(set);
    set.keys = [oct('another secret, of 32 bytes or more')];
    expect(bytesOf(cache.resolve(set)[0])).to.deep.equal(Buffer.from('another secret, of 32 bytes or more'));
  });

  it('are kept in bounded number', () => {
    const [first] = cache.resolve('first');
    for (let index = 0; index < 1000; index += 1) cache.resolve(`key ${index}`);
    expect(cache.resolve('first')[0]).not.to.equal(first);
  });
});
