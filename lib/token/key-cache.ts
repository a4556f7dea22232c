import { KeyObject } from 'node:crypto';
import { toBytes } from './key-forms';
import { fingerprintOf, jwksOf } from './key-jwk';
import { toVerificationKeys } from './keys';
import type { VerificationKey } from './keys';

/**
 * Ready keys of one kind that are kept. Bounded, because the key function's result may depend on the token, which the
 * client writes.
 */
const CACHE_SIZE = 1000;

type Ready = readonly VerificationKey[];

/** Turns a key function's results into ready keys, each once, because detecting a key's form is slow. */
export class KeyCache {
  readonly #byKey = new WeakMap<KeyObject, Ready>();
  readonly #byText = new Map<string, Ready>();
  readonly #byBytes = new Map<string, Ready>();
  /** By their content: the object itself may change. */
  readonly #byJwk = new Map<string, Ready>();

  /**
   * @param material a key or several, as a key function may return them while keys are rotated
   * @throws TypeError if one is no key
   */
  resolve(material: unknown): Ready {
    if (!Array.isArray(material)) return this.#resolveOne(material);
    if (material.length === 0) throw new TypeError('no key');
    return material.flatMap((one) => this.#resolveOne(one));
  }

  #resolveOne(material: unknown): Ready {
    if (material instanceof KeyObject) return this.#fromKey(material);
    if (typeof material === 'string') return remembered(this.#byText, material, material);
    const bytes = toBytes(material);
    if (bytes !== undefined) return remembered(this.#byBytes, bytes.toString('latin1'), bytes);
    const jwks = jwksOf(material);
    if (jwks !== undefined) return remembered(this.#byJwk, fingerprintOf(jwks), material);
    return toVerificationKeys(material);
  }

  #fromKey(key: KeyObject): Ready {
    let ready = this.#byKey.get(key);
    if (ready === undefined) this.#byKey.set(key, (ready = toVerificationKeys(key)));
    return ready;
  }
}

function remembered(cache: Map<string, Ready>, name: string, material: unknown): Ready {
  let ready = cache.get(name);
  if (ready !== undefined) return ready;
  ready = toVerificationKeys(material);
  if (cache.size >= CACHE_SIZE) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  cache.set(name, ready);
  return ready;
}
