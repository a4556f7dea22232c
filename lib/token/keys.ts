import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import type { AsymmetricKeyDetails } from 'node:crypto';
import type { Algorithm } from '../types';

/** A key that is ready, with the algorithms that its type allows; the token's header never widens them. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithms: readonly Algorithm[];
}

export const HMAC_ALGORITHMS: readonly Algorithm[] = ['HS256', 'HS384', 'HS512'];
const PSS_ALGORITHMS: readonly Algorithm[] = ['PS256', 'PS384', 'PS512'];
const RSA_ALGORITHMS: readonly Algorithm[] = ['RS256', 'RS384', 'RS512', ...PSS_ALGORITHMS];
const EC_ALGORITHMS: Readonly<Record<string, readonly Algorithm[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};
export const ALGORITHMS: readonly Algorithm[] = [
  ...HMAC_ALGORITHMS,
  ...RSA_ALGORITHMS,
  ...Object.values(EC_ALGORITHMS).flat(),
];

/** RFC 7518 §3.3: a key of 2048 bits or larger must be used. */
const MIN_RSA_BITS = 2048;

/**
 * How many keys a key function may have handed out as strings before the oldest is converted again. Bounded, since
 * what the function returns may depend on the token, and a client writes the token.
 */
const CACHE_SIZE = 1000;

/**
 * Makes a key ready, once: `jsonwebtoken` given a string tries to parse it as a public key for every token, and throws
 * inside, which costs some thirty verifications.
 *
 * @throws TypeError that says what is wrong with the key, never its value
 */
export function toVerificationKey(material: unknown): VerificationKey {
  const key = toKeyObject(material);
  return { key, algorithms: algorithmsOf(key) };
}

/** Turns what a key function hands out into ready keys, each string once. */
export class KeyCache {
  readonly #bySecret = new Map<string, VerificationKey>();
  readonly #byKey = new WeakMap<KeyObject, VerificationKey>();

  /**
   * @param material a key or several, as a key function may return them while keys are rotated
   * @throws TypeError if one is no key
   */
  resolve(material: unknown): readonly VerificationKey[] {
    if (!Array.isArray(material)) return [this.#resolveOne(material)];
    if (material.length === 0) throw new TypeError('no key');
    return material.map((one) => this.#resolveOne(one));
  }

  #resolveOne(material: unknown): VerificationKey {
    if (typeof material === 'string') return this.#fromSecret(material);
    if (!(material instanceof KeyObject)) return toVerificationKey(material);
    let ready = this.#byKey.get(material);
    if (ready === undefined) this.#byKey.set(material, (ready = toVerificationKey(material)));
    return ready;
  }

  #fromSecret(secret: string): VerificationKey {
    let ready = this.#bySecret.get(secret);
    if (ready !== undefined) return ready;
    ready = toVerificationKey(secret);
    if (this.#bySecret.size >= CACHE_SIZE) {
      for (const oldest of this.#bySecret.keys()) {
        this.#bySecret.delete(oldest);
        break;
      }
    }
    this.#bySecret.set(secret, ready);
    return ready;
  }
}

function toKeyObject(material: unknown): KeyObject {
  if (material instanceof KeyObject)
    return material.type === 'private' ? createPublicKey(material) : material;
  if (typeof material !== 'string' && !(material instanceof Uint8Array)) {
    throw new TypeError(`expected a string, a Buffer or a KeyObject, got ${describe(material)}`);
  }
  const bytes = typeof material === 'string' ? Buffer.from(material) : Buffer.from(material);
  // Node's crypto refuses an empty secret late, and each version in its own way.
  if (bytes.length === 0) throw new TypeError('must not be empty');
  if (!isPem(bytes)) return fromDer(bytes) ?? createSecretKey(bytes);
  try {
    const text = bytes.toString('latin1');
    return createPublicKey(text.slice(text.indexOf(PEM_LABEL)));
  } catch (cause) {
    throw new TypeError(
      'looks like PEM, but holds no public key, certificate or private key that can be read',
      {
        cause,
      },
    );
  }
}

/** RFC 7468 §2. */
const PEM_LABEL = '-----BEGIN ';
/** What every key in DER begins with. */
const DER_SEQUENCE = 0x30;

/**
 * A PEM may have text before its label, or a byte-order mark. Whatever holds one is no shared secret: a public key taken
 * for one would let everybody who knows it sign.
 */
function isPem(bytes: Buffer): boolean {
  return bytes.includes(PEM_LABEL);
}

/** The same holds for a public key in its binary form (RFC 5280 §4.1, SubjectPublicKeyInfo). */
function fromDer(bytes: Buffer): KeyObject | undefined {
  if (bytes[0] !== DER_SEQUENCE) return undefined;
  try {
    return createPublicKey({ key: bytes, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function algorithmsOf(key: KeyObject): readonly Algorithm[] {
  if (key.type === 'secret') {
    if (key.symmetricKeySize === 0) throw new TypeError('must not be empty');
    return HMAC_ALGORITHMS;
  }
  const type = key.asymmetricKeyType;
  const { modulusLength = MIN_RSA_BITS, namedCurve = '' } = key.asymmetricKeyDetails as AsymmetricKeyDetails;
  if (type === 'rsa' || type === 'rsa-pss') {
    if (modulusLength < MIN_RSA_BITS) {
      throw new TypeError(
        `an RSA key must have at least ${MIN_RSA_BITS} bits, this one has ${modulusLength}`,
      );
    }
    return type === 'rsa' ? RSA_ALGORITHMS : PSS_ALGORITHMS;
  }
  const algorithms = type === 'ec' ? EC_ALGORITHMS[namedCurve] : undefined;
  if (algorithms === undefined) {
    throw new TypeError(`jsonwebtoken verifies nothing with a key of type ${type} ${namedCurve}`.trimEnd());
  }
  return algorithms;
}

/** A value's type, for messages: the value itself may be a secret. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
