import { decode, JsonWebTokenError, NotBeforeError, TokenExpiredError, verify } from 'jsonwebtoken';
import type { Jwt, VerifyOptions } from 'jsonwebtoken';
import { unauthorized, UnauthorizedError } from '../errors';
import { keysNamedBy } from './keys';
import type { VerificationKey } from './keys';
import type { Algorithm } from '../types';
import { CODES, REASONS } from '../protocol';
import type { UnauthorizedReason } from '../protocol';
import { muteStacks, restoreStacks } from '../runtime/stack-traces';
import type { JwtClaims, JwtHeader, UnverifiedToken } from '../types';

/** What `jsonwebtoken` is told about every token. */
export interface VerificationRules {
  /** Handed to `jsonwebtoken.verify` as they are. */
  readonly passed: VerifyOptions;
  /** Accepted algorithms; those of the key's type if left out. */
  readonly algorithms: readonly Algorithm[] | undefined;
  /** `maxAge` in seconds. */
  readonly maxAge: number | undefined;
  readonly clockTolerance: number;
  readonly ignoreExpiration: boolean;
}

/** The largest moment that a `Date` holds, in ms (ECMA-262 §21.4.1.1): a larger `exp` would not survive JSON. */
const MAX_TIME = 8.64e15;

/** `jsonwebtoken`'s messages, by how they begin; what is not here is told in the library's own words. */
const REASON_BY_MESSAGE: readonly (readonly [beginning: string, reason: UnauthorizedReason])[] = [
  ['jwt malformed', REASONS.malformed],
  ['invalid token', REASONS.malformed],
  ['jwt must', REASONS.malformed],
  ['invalid signature', REASONS.signature],
  ['jwt signature is required', REASONS.signature],
  ['invalid algorithm', REASONS.algorithm],
  ['jwt audience invalid', REASONS.claim],
  ['jwt issuer invalid', REASONS.claim],
  ['jwt subject invalid', REASONS.claim],
  ['jwt jwtid invalid', REASONS.claim],
  ['jwt nonce invalid', REASONS.claim],
  ['iat required', REASONS.claim],
  ['invalid exp value', REASONS.claim],
  ['invalid nbf value', REASONS.claim],
];

/** Verifies tokens; the one place that knows `jsonwebtoken`. */
export class TokenVerifier {
  readonly #rules: VerificationRules;
  /** `jsonwebtoken`'s options for each key, made once. */
  readonly #optionsByKey = new WeakMap<VerificationKey, VerifyOptions & { complete: true }>();

  constructor(rules: VerificationRules) {
    this.#rules = rules;
  }

  /** The algorithms that a token under this key may have; none if the application's list leaves none. */
  algorithmsFor(key: VerificationKey): readonly Algorithm[] {
    const { algorithms } = this.#rules;
    return algorithms === undefined
      ? key.algorithms
      : key.algorithms.filter((one) => algorithms.includes(one));
  }

  /**
   * @param keys tried in order; more than one while a key is being rotated
   * @returns the claims, or `invalid_token`, or `invalid_secret` if the token names none of the keys: given back, since to throw costs a third of a verification
   */
  verify(token: string, keys: readonly VerificationKey[]): JwtClaims | UnauthorizedError {
    let refusal: UnauthorizedError | undefined;
    for (const key of keysNamedBy(token, keys)) {
      const outcome = this.#verifyWith(token, key);
      if (!(outcome instanceof UnauthorizedError)) return outcome;
      // Another key can help only where this one did not fit; a fitting key's word is the last one.
      if (!isMisfit(outcome)) return outcome;
      if (refusal?.data.reason !== REASONS.signature) refusal = outcome;
    }
    return refusal ?? unauthorized(CODES.invalidSecret, { reason: REASONS.keyUnavailable });
  }

  /**
   * When a session that rests on these claims ends, in ms since the epoch: at `exp` plus the tolerance, or at `iat`
   * plus `maxAge` if that is earlier; `Infinity` if neither is there (RFC 7519 §4.1.4).
   */
  endOf(claims: JwtClaims): number {
    const { maxAge, clockTolerance, ignoreExpiration } = this.#rules;
    if (ignoreExpiration) return Infinity;
    const byExp = typeof claims.exp === 'number' ? claims.exp + clockTolerance : Infinity;
    const byAge = maxAge !== undefined && typeof claims.iat === 'number' ? claims.iat + maxAge : Infinity;
    const end = Math.min(byExp, byAge) * 1000;
    return end === Infinity ? end : Math.min(end, MAX_TIME);
  }

  #verifyWith(token: string, ready: VerificationKey): JwtClaims | UnauthorizedError {
    const { key } = ready;
    const options = this.#optionsFor(ready);
    let answer: Jwt | UnauthorizedError | undefined;
    const limit = muteStacks();
    try {
      // By callback, which is called at once where the key is at hand; the other form is there if ever it is not.
      verify(token, key, options, (fault, verified) => {
        answer = verified ?? toRefusal(fault);
      });
      answer ??= verify(token, key, options);
    } catch (fault) {
      return toRefusal(fault);
    } finally {
      restoreStacks(limit);
    }
    if (answer instanceof UnauthorizedError) return answer;
    const { header, payload } = answer;
    // RFC 7515 §4.1.11: extensions that are not understood must be refused; jsonwebtoken does not look.
    if (header.crit !== undefined) return malformed();
    // RFC 7519 §7.2, step 10: the claims set is a JSON object; jsonwebtoken lets strings and arrays through.
    return isClaims(payload) ? payload : malformed();
  }

  #optionsFor(key: VerificationKey): VerifyOptions & { complete: true } {
    let options = this.#optionsByKey.get(key);
    if (options === undefined) {
      options = { ...this.#rules.passed, algorithms: [...this.algorithmsFor(key)], complete: true };
      this.#optionsByKey.set(key, options);
    }
    return options;
  }
}

/**
 * Takes a token apart without verifying it.
 *
 * @throws UnauthorizedError `invalid_token`, `malformed`
 */
export function decodeUnverified(token: string): UnverifiedToken {
  let decoded;
  try {
    decoded = decode(token, { complete: true });
  } catch {
    // Not JSON inside.
  }
  if (!decoded || token.split('.').length !== 3 || !isClaims(decoded.payload)) throw malformed();
  return { header: decoded.header as JwtHeader, payload: decoded.payload };
}

/** What is refused as not being a JWT at all. */
export function malformed(message = 'jwt malformed'): UnauthorizedError {
  return unauthorized(CODES.invalidToken, { message, reason: REASONS.malformed });
}

/** A token whose life is over, found so by the library and not by `jsonwebtoken`. */
export function expired(): UnauthorizedError {
  return unauthorized(CODES.invalidToken, { message: 'jwt expired', reason: REASONS.expired });
}

function isClaims(payload: unknown): payload is JwtClaims {
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload);
}

function isMisfit(refusal: UnauthorizedError): boolean {
  return refusal.data.reason === REASONS.signature || refusal.data.reason === REASONS.algorithm;
}

function toRefusal(error: unknown): UnauthorizedError {
  const reason = reasonOf(error);
  if (reason === undefined) {
    // jws and crypto throw whatever they like at odd tokens; their words are not for the wire.
    return unauthorized(CODES.invalidToken, { reason: REASONS.malformed, cause: error });
  }
  return unauthorized(CODES.invalidToken, {
    message: (error as Error).message,
    reason,
    cause: error,
  });
}

function reasonOf(error: unknown): UnauthorizedReason | undefined {
  if (error instanceof TokenExpiredError) return REASONS.expired;
  if (error instanceof NotBeforeError) return REASONS.notActive;
  if (!(error instanceof JsonWebTokenError)) return undefined;
  return REASON_BY_MESSAGE.find(([beginning]) => error.message.startsWith(beginning))?.[1];
}
