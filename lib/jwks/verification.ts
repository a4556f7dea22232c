/** Verifies tokens by `jose` 6, with the keys of a provider. */
import type { CryptoKey, JWSHeaderParameters } from 'jose';
import { ownRefusal } from '../errors';
import { isThenable } from '../runtime/warnings';
import type { JwtClaims } from '../types';
import { loadJose } from './jose';
import type { Jose } from './jose';
import type { JwksSettings, JwksVerifier } from './settings';
import {
  isOfClaims,
  isOfSignature,
  keyUnavailable,
  toRefusal,
  wrongAlgorithm,
  wrongIssuer,
} from './refusals';
import { RemoteKeys } from './remote-keys';

/** @param load for tests: where `jose` comes from */
export function createVerifier(settings: JwksSettings, load?: () => Promise<Jose>): JwksVerifier {
  const made = loadJose(load).then((jose) => new Verification(jose, settings));
  // A process warning reports the failure, and each token is refused because of it.
  made.catch(() => undefined);
  const verify = async (token: string, socket?: unknown): Promise<JwtClaims> => {
    try {
      return await (await made).verify(token, isSocket(socket));
    } catch (fault) {
      throw toRefusal(fault, settings.clockTolerance);
    }
  };
  return Object.freeze(Object.assign(verify, { clockTolerance: settings.clockTolerance }));
}

/** Recognizes a socket among any second arguments: `tokens.map(verify)` must not switch off the check of `exp`. */
function isSocket(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'handshake' in value;
}

type VerifyOptions = NonNullable<Parameters<Jose['jwtVerify']>[2]>;
/** A key, or a function that finds it. */
type Key = CryptoKey | ((header: JWSHeaderParameters) => Promise<CryptoKey>);

class Verification {
  readonly #jose: Jose;
  readonly #issuer: JwksSettings['issuer'];
  readonly #keys: RemoteKeys;
  readonly #timed: VerifyOptions;
  readonly #untimed: VerifyOptions;

  constructor(jose: Jose, settings: JwksSettings) {
    const { issuer, audience, algorithms, typ, clockTolerance, requiredClaims } = settings;
    this.#jose = jose;
    this.#issuer = issuer;
    this.#keys = new RemoteKeys(jose, settings);
    this.#timed = {
      algorithms,
      clockTolerance,
      requiredClaims,
      ...(issuer !== undefined && typeof issuer !== 'function' && { issuer: issuer as string | string[] }),
      ...(audience !== undefined && { audience }),
      ...(typ !== undefined && { typ }),
    };
    this.#untimed = { ...this.#timed, clockTolerance: Number.MAX_SAFE_INTEGER };
  }

  async verify(token: string, untimed: boolean): Promise<JwtClaims> {
    const options = untimed ? this.#untimed : this.#timed;
    const claims = await this.#verifySignature(token, options);
    if (typeof this.#issuer === 'function') requireIssuer(claims, this.#issuer);
    return claims;
  }

  async #verifySignature(token: string, options: VerifyOptions): Promise<JwtClaims> {
    try {
      return await this.#verifyWithSet(token, options);
    } catch (fault) {
      // A token without a `kid` may be signed with a new key. jose itself fetches again for an unknown `kid`.
      if (!(fault instanceof this.#jose.errors.JWSSignatureVerificationFailed)) throw fault;
      if (this.#jose.decodeProtectedHeader(token).kid !== undefined) throw fault;
      if (!(await this.#keys.renew())) throw fault;
      return this.#verifyWithSet(token, options);
    }
  }

  async #verifyWithSet(token: string, options: VerifyOptions): Promise<JwtClaims> {
    try {
      return await this.#verifyWith(token, (header) => this.#find(header), options);
    } catch (fault) {
      if (!(fault instanceof this.#jose.errors.JWKSMultipleMatchingKeys)) throw fault;
      return this.#tryEach(token, fault, options);
    }
  }

  /**
   * RFC 7517 §4.5: keys may have no name, and several keys may share one. If a key that can be used has refused the
   * signature, that counts, whatever is wrong with others: a forged token must not pass for a fault of the keys.
   */
  async #tryEach(token: string, keys: AsyncIterable<CryptoKey>, options: VerifyOptions): Promise<JwtClaims> {
    const wrong = new this.#jose.errors.JWSSignatureVerificationFailed();
    let last: unknown = wrong;
    let isRefused = false;
    for await (const key of keys) {
      try {
        return await this.#verifyWith(token, key, options);
      } catch (fault) {
        // The signature is valid.
        if (isOfClaims(fault)) throw fault;
        isRefused ||= isOfSignature(fault);
        last = fault;
      }
    }
    throw isRefused ? wrong : last;
  }

  async #verifyWith(token: string, key: Key, options: VerifyOptions): Promise<JwtClaims> {
    // `jwtVerify` has one signature for a key and one for a function. Only the results differ.
    const { payload } = await this.#jose.jwtVerify(token, key as CryptoKey, options);
    return payload;
  }

  async #find(header: JWSHeaderParameters): Promise<CryptoKey> {
    const { JWKSMultipleMatchingKeys, JWKSNoMatchingKey } = this.#jose.errors;
    try {
      return await this.#keys.find(header);
    } catch (fault) {
      if (fault instanceof JWKSMultipleMatchingKeys) throw fault;
      const isOfAnotherAlgorithm = fault instanceof JWKSNoMatchingKey && this.#keys.knows(header.kid);
      throw isOfAnotherAlgorithm ? wrongAlgorithm() : keyUnavailable(fault);
    }
  }
}

type IssuerCheck = Extract<JwksSettings['issuer'], (...args: never) => unknown>;

/** The token is accepted only if the function returns `true` or the token's own issuer. */
function requireIssuer(claims: JwtClaims, check: IssuerCheck): void {
  let expected: unknown;
  try {
    expected = check(claims);
    // Its rejection, without a handler, would end the process.
    if (isThenable(expected)) {
      expected.then(undefined, () => undefined);
      throw new TypeError('options.issuer must answer at once, and gave a promise');
    }
  } catch (cause) {
    throw ownRefusal(cause) ?? wrongIssuer(cause);
  }
  if (expected !== true && (typeof expected !== 'string' || expected !== claims.iss)) throw wrongIssuer();
}
