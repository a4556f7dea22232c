/** Keys as JSON: JWK and JWK set (RFC 7517). */
import { createPublicKey, createSecretKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { Jwk } from '../types';

/** A JWK that was read. Its own restrictions count. */
export interface ReadJwk {
  readonly key: KeyObject;
  /** The one algorithm that it is for (RFC 7517 §4.4). */
  readonly alg?: string;
  /** Its name (RFC 7517 §4.5). */
  readonly kid?: string;
}

/**
 * The `key_ops` that allow verification: of public keys, private keys (whose public part is used) and secrets (RFC
 * 7517 §4.3).
 */
const OPERATIONS: ReadonlySet<unknown> = new Set(['verify', 'sign']);
const BASE64URL = /^[\w+/-]+={0,2}$/;

/** The JWKs in a value that is a JWK or a JWK set; `undefined` if it is neither. */
export function jwksOf(value: unknown): readonly Jwk[] | undefined {
  if (isJwk(value)) return [value];
  const keys: unknown = Array.isArray(value) ? value : (value as { keys?: unknown } | null)?.keys;
  return Array.isArray(keys) && keys.some(isJwk) ? (keys as unknown[]).filter(isJwk) : undefined;
}

/** The JWKs in JSON, with any text around it: quotes, the name of a variable, a comment. */
export function jwksIn(text: string): readonly Jwk[] | undefined {
  const json = fromBracket(text);
  // Most secrets: an exception costs more than all else that is asked here.
  if (json === '') return undefined;
  try {
    return jwksOf(JSON.parse(json.slice(0, Math.max(json.lastIndexOf('}'), json.lastIndexOf(']')) + 1)));
  } catch {
    return undefined;
  }
}

/** Whether a text has a JWK or a set that {@link jwksIn} does not read: cut off, inside an object, or no JSON. */
export function looksLikeJwk(text: string): boolean {
  return NAMED_MEMBER.test(fromBracket(text)) || KEY_TYPE.test(text);
}

function fromBracket(text: string): string {
  const start = text.search(/[{[]/);
  return start === -1 ? '' : text.slice(start);
}

/** JSON or JavaScript of a JWK or a set, quotes escaped or not. */
const NAMED_MEMBER = /^\{\s*[\\"']*(?:kty|keys)[\\"']*\s*:|^[{[][\s\S]*[\\"']kty[\\"']*\s*:/;
/** The key type that RFC 7518 §6.1 and RFC 8037 §2 give public keys, in YAML and other notations. */
const KEY_TYPE = /\bkty\b\W{1,12}(?:RSA|EC|OKP)\b/;

function isJwk(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && typeof (value as Jwk).kty === 'string';
}

/** The members of a JWK that are read. */
const MEMBERS = ['kty', 'use', 'key_ops', 'alg', 'kid', 'n', 'e', 'crv', 'x', 'y', 'k'] as const;

/** A text that is equal for JWKs with equal members. */
export function fingerprintOf(jwks: readonly Jwk[]): string {
  return JSON.stringify(jwks.map((jwk) => MEMBERS.map((name) => jwk[name])));
}

/** @throws TypeError if it is no key for signatures, or cannot be read */
export function readJwk(jwk: Jwk): ReadJwk {
  const { use, key_ops: operations, alg, kid }: Partial<Record<keyof Jwk, unknown>> = jwk;
  const mayVerify = operations === undefined || (Array.isArray(operations) && operations.some(isVerifying));
  if ((use !== undefined && use !== 'sig') || !mayVerify)
    throw new TypeError('a JWK whose use or key_ops is not for signatures');
  if (alg !== undefined && typeof alg !== 'string') throw new TypeError('a JWK whose alg is no string');
  const key = jwk.kty === 'oct' ? secretOf(jwk) : publicKeyOf(jwk);
  return { key, ...(alg !== undefined && { alg }), ...(typeof kid === 'string' && { kid }) };
}

function isVerifying(operation: unknown): boolean {
  return OPERATIONS.has(operation);
}

/** RFC 7518 §6.4. */
function secretOf({ k }: { k?: unknown }): KeyObject {
  if (typeof k !== 'string' || !BASE64URL.test(k))
    throw new TypeError('a JWK of type oct without a k that can be read');
  return createSecretKey(Buffer.from(k, 'base64url'));
}

/** RFC 7518 §6.2 and §6.3, RFC 8037 §2. Private members are left out. */
function publicKeyOf({ kty, n, e, crv, x, y }: Jwk): KeyObject {
  try {
    return createPublicKey({ key: { kty, n, e, crv, x, y } as JsonWebKey, format: 'jwk' });
  } catch (cause) {
    throw new TypeError('a JWK that cannot be read', { cause });
  }
}
