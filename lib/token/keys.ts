import type { AsymmetricKeyDetails, KeyObject } from 'node:crypto';
import { warnOnce } from '../runtime/warnings';
import type { Algorithm, Jwk } from '../types';
import { findKeys, isDisguised } from './key-forms';
import type { FoundKeys } from './key-forms';
import { readJwk } from './key-jwk';
import { headerOf } from './token-header';

export { describe } from '../runtime/describe';

/** A key that is ready, with the algorithms that its type allows; the token's header never widens them. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithms: readonly Algorithm[];
  /** The key's name, if it has one: a token that names another key is not verified with it. */
  readonly kid?: string;
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
/** RFC 7518 §3.2: a key of the same size as the hash output or larger must be used; 256 bits for HS256. */
const MIN_SECRET_BYTES = 32;

const warnOfShortSecret = warnOnce(
  `a shared secret has less than ${MIN_SECRET_BYTES} bytes: anyone who has one token can guess it (RFC 7518 §3.2). Make one with: node -p "crypto.randomBytes(${MIN_SECRET_BYTES}).toString('base64url')"`,
);

/**
 * Makes keys ready, once. Given a string, `jsonwebtoken` tries to parse it as a public key for every token; the
 * exception inside costs as much as thirty verifications.
 *
 * @param material one key in any form, or a JWK set, whose keys that cannot verify are ignored (RFC 7517 §5)
 * @returns at least one key
 * @throws TypeError that says what is wrong with the key, never its value
 */
export function toVerificationKeys(material: unknown): readonly VerificationKey[] {
  const found = findKeys(material);
  const ready: VerificationKey[] = [];
  let firstFault: unknown;
  for (const one of found) {
    try {
      ready.push(toReady(one));
    } catch (fault) {
      firstFault ??= fault;
    }
  }
  if (ready.length === 0) throw firstFault;
  return ready;
}

function toReady(found: FoundKeys[number]): VerificationKey {
  if (!isJwk(found)) return { key: found, algorithms: algorithmsOf(found) };
  const { key, alg, kid } = readJwk(found);
  if (key.type === 'secret' && isDisguised(key))
    throw new TypeError('a JWK of type oct that holds a public key');
  const algorithms = algorithmsOf(key).filter((algorithm) => alg === undefined || algorithm === alg);
  if (algorithms.length === 0) throw new TypeError(`a JWK whose alg its key cannot verify with`);
  return { key, algorithms, ...(kid !== undefined && { kid }) };
}

function isJwk(found: FoundKeys[number]): found is Jwk {
  return 'kty' in found;
}

function algorithmsOf(key: KeyObject): readonly Algorithm[] {
  if (key.type === 'secret') {
    const size = key.symmetricKeySize as number;
    if (size === 0) throw new TypeError('must not be empty');
    if (size < MIN_SECRET_BYTES) warnOfShortSecret();
    return HMAC_ALGORITHMS;
  }
  const type = key.asymmetricKeyType as string;
  const details = key.asymmetricKeyDetails as AsymmetricKeyDetails;
  const algorithms = PUBLIC_KEY_ALGORITHMS[type]?.(details) ?? [];
  if (algorithms.length > 0) return algorithms;
  const { namedCurve = '' } = details;
  const kind = type === 'rsa-pss' ? 'without the parameters of PS256, PS384 or PS512' : namedCurve;
  throw new TypeError(`jsonwebtoken verifies nothing with a key of type ${type} ${kind}`.trimEnd());
}

/** The algorithms of a public key, by its type. */
const PUBLIC_KEY_ALGORITHMS: Readonly<
  Record<string, (details: AsymmetricKeyDetails) => readonly Algorithm[] | undefined>
> = {
  ec: ({ namedCurve = '' }) => EC_ALGORITHMS[namedCurve],
  rsa: (details) => {
    requireLongRsa(details);
    return RSA_ALGORITHMS;
  },
  'rsa-pss': (details) => {
    requireLongRsa(details);
    return PSS_ALGORITHMS.filter((one) => isForPss(one, details));
  },
};

function requireLongRsa({ modulusLength = MIN_RSA_BITS }: AsymmetricKeyDetails): void {
  if (modulusLength < MIN_RSA_BITS)
    throw new TypeError(`an RSA key must have at least ${MIN_RSA_BITS} bits, this one has ${modulusLength}`);
}

/**
 * Whether the parameters of an RSA-PSS key are those of an algorithm (RFC 7518 §3.5): the same hash twice, and a salt of
 * its size, of which the key names the least (RFC 4055 §3.1). `jsonwebtoken` demands them, and refuses a token of any
 * other algorithm in a way that would not let the next key be tried.
 */
function isForPss(algorithm: Algorithm, details: AsymmetricKeyDetails): boolean {
  const bits = Number(algorithm.slice(2));
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = details;
  return hashAlgorithm === `sha${bits}` && mgf1HashAlgorithm === hashAlgorithm && saltLength * 8 <= bits;
}

/**
 * The keys that a token may be verified with: of keys that have a name, those that the token names, or all of them if
 * it names none (RFC 7515 §4.1.4).
 */
export function keysNamedBy(token: string, keys: readonly VerificationKey[]): readonly VerificationKey[] {
  if (keys.every(({ kid }) => kid === undefined)) return keys;
  const named = kidOf(token);
  return named === undefined ? keys : keys.filter(({ kid }) => kid === undefined || kid === named);
}

/** Without a header, the verification reports what is wrong with the token. */
function kidOf(token: string): string | undefined {
  const kid: unknown = headerOf(token)?.kid;
  return typeof kid === 'string' ? kid : undefined;
}
