import { isUtf8 } from 'node:buffer';
import { decode, JsonWebTokenError, NotBeforeError, TokenExpiredError, verify } from 'jsonwebtoken';
import type { Jwt, JwtPayload, VerifyOptions } from 'jsonwebtoken';
import { unauthorized, UnauthorizedError } from '../errors';
import { keysNamedBy } from './keys';
import { CODES, REASONS } from '../protocol';
import type { UnauthorizedReason } from '../protocol';
import { ownText } from '../runtime/own-text';
import { muteStacks, restoreStacks } from '../runtime/stack-traces';
import type { Algorithm, JwtClaims, JwtHeader, UnverifiedToken } from '../types';
import type { VerificationKey } from './keys';
import { malformed, unsigned } from './refusals';
import type { TokenLife } from './token-life';

/** What `jsonwebtoken` is told about every token. */
export interface VerificationRules {
  /** Handed to `jsonwebtoken.verify` as they are. */
  readonly passed: VerifyOptions;
  /** Accepted algorithms; those of the key's type if left out. */
  readonly algorithms: readonly Algorithm[] | undefined;
}

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
  readonly #life: TokenLife;
  /** `jsonwebtoken`'s options for each key, made once. */
  readonly #optionsByKey = new WeakMap<VerificationKey, VerifyOptions & { complete: true }>();

  constructor(rules: VerificationRules, life: TokenLife) {
    this.#rules = rules;
    this.#life = life;
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

  #verifyWith(token: string, ready: VerificationKey): JwtClaims | UnauthorizedError {
    const { key } = ready;
    const options = this.#optionsFor(ready);
    let answer: Jwt | UnauthorizedError | undefined;
    const limit = muteStacks();
    try {
      // By callback, which is called at once where the key is at hand; the other form is there if ever it is not.
      verify(token, key, options, (fault, verified) => {
        answer = verified ?? this.#toRefusal(fault, token);
      });
      answer ??= verify(token, key, options);
    } catch (fault) {
      return this.#toRefusal(fault, token);
    } finally {
      restoreStacks(limit);
    }
    if (answer instanceof UnauthorizedError) return answer;
    const { header, payload } = answer;
    // RFC 7515 §4.1.11: extensions that are not understood must be refused; jsonwebtoken does not look.
    if (header.crit !== undefined) return malformed();
    const claims = claimsIn(payload, token);
    return claims === undefined ? malformed() : (this.#life.faultOf(claims) ?? claims);
  }

  #toRefusal(error: unknown, token: string): UnauthorizedError {
    if (error instanceof NotBeforeError) return this.#tooEarly(token);
    const reason = reasonOf(error);
    if (reason === undefined) {
      // jws and crypto throw whatever they like at odd tokens; their words are not for the wire.
      return unauthorized(CODES.invalidToken, { reason: REASONS.malformed, cause: withoutSource(error) });
    }
    const { message } = error as Error;
    return unauthorized(CODES.invalidToken, { message, reason, cause: error });
  }

  #tooEarly(token: string): UnauthorizedError {
    const claims = decode(token) as JwtClaims;
    return this.#life.faultOf(claims) ?? this.#life.notActive(Number(claims.nbf), Date.now());
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
 * Takes a token apart without verifying it, so that its key can be found.
 *
 * @throws UnauthorizedError `invalid_token`: `malformed`, or `signature` where there is none
 */
export function decodeUnverified(token: string): UnverifiedToken {
  const decoded = takeApart(token);
  const payload = decoded && claimsIn(decoded.payload, token);
  if (!payload) throw malformed();
  // Nobody has to look for the key of a token that no key can be good for.
  if (token.endsWith('.')) throw unsigned();
  return { header: decoded.header as JwtHeader, payload };
}

function takeApart(token: string): Jwt | null {
  try {
    return decode(token, { complete: true });
  } catch {
    // Not JSON inside.
    return null;
  }
}

/** jsonwebtoken lets strings, lists, and JSON within JSON through. */
function claimsIn(payload: JwtPayload | string, token: string): JwtClaims | undefined {
  return typeof payload === 'object' && holdsObject(token) ? (payload as JwtClaims) : undefined;
}

/** RFC 7519 §7.2, step 10: the payload is UTF-8, and a JSON object. */
function holdsObject(token: string): boolean {
  const bytes = Buffer.from(token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')), 'base64url');
  // What follows an opening brace is the object's: that it is JSON is known by now.
  return isUtf8(bytes) && bytes.find((byte) => !JSON_SPACE.has(byte)) === OPENING_BRACE;
}

/** RFC 8259 §2: space, tab, line feed, carriage return. */
const JSON_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OPENING_BRACE = 0x7b;

/** V8's `SyntaxError` of `JSON.parse` holds the whole text that was parsed. */
function withoutSource(error: unknown): Error {
  const { name, message } = error as Error;
  return Object.assign(new Error(ownText(message)), { name });
}

function isMisfit(refusal: UnauthorizedError): boolean {
  return refusal.data.reason === REASONS.signature || refusal.data.reason === REASONS.algorithm;
}

function reasonOf(error: unknown): UnauthorizedReason | undefined {
  if (error instanceof TokenExpiredError) return REASONS.expired;
  if (!(error instanceof JsonWebTokenError)) return undefined;
  return REASON_BY_MESSAGE.find(([beginning]) => error.message.startsWith(beginning))?.[1];
}
