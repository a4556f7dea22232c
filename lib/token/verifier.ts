import { isUtf8 } from 'node:buffer';
import { decode, JsonWebTokenError, NotBeforeError, TokenExpiredError, verify } from 'jsonwebtoken';
import type { Jwt, JwtPayload, VerifyOptions } from 'jsonwebtoken';
import { unauthorized, UnauthorizedError } from '../errors';
import { keysNamedBy } from './keys';
import { CODES, REASONS } from '../protocol';
import type { UnauthorizedReason } from '../protocol';
import { ownText } from '../runtime/own-text';
import { muteStacks, restoreStacks } from '../runtime/stack-traces';
import type { Algorithm, JwtClaims, UnverifiedToken } from '../types';
import type { VerificationKey } from './keys';
import { badClaim, malformed, unsigned } from './refusals';
import { headerOf } from './token-header';
import type { TokenLife } from './token-life';

/** The options of `jsonwebtoken` for every token. */
export interface VerificationRules {
  /** Options that `jsonwebtoken.verify` gets unchanged. */
  readonly passed: VerifyOptions;
  /** Accepted algorithms; those of the key's type if left out. */
  readonly algorithms: readonly Algorithm[] | undefined;
}

/** `jsonwebtoken`'s messages, by their beginning. For any other, the client gets the library's own message. */
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

/** Verifies tokens with `jsonwebtoken`. */
export class TokenVerifier {
  readonly #rules: VerificationRules;
  readonly #life: TokenLife;
  /** `jsonwebtoken`'s options for each key, made once. */
  readonly #optionsByKey = new WeakMap<VerificationKey, VerifyOptions & { complete: true }>();

  constructor(rules: VerificationRules, life: TokenLife) {
    this.#rules = rules;
    this.#life = life;
  }

  /** The algorithms that a token with this key may have; empty if the option `algorithms` allows none of them. */
  algorithmsFor(key: VerificationKey): readonly Algorithm[] {
    const { algorithms } = this.#rules;
    return algorithms === undefined
      ? key.algorithms
      : key.algorithms.filter((one) => algorithms.includes(one));
  }

  /**
   * @param keys tried in order; more than one while a key is being rotated
   * @returns the claims, or `invalid_token`, or `invalid_secret` if the token names none of the keys. It is returned,
   *   because throwing costs a third of a verification
   */
  verify(token: string, keys: readonly VerificationKey[]): JwtClaims | UnauthorizedError {
    let refusal: UnauthorizedError | undefined;
    for (const key of keysNamedBy(token, keys)) {
      const outcome = this.#verifyWith(token, key);
      if (!(outcome instanceof UnauthorizedError)) return outcome;
      // Another key can help only if this one does not fit. The result of a fitting key is final.
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
      // With a callback, which `jsonwebtoken` calls at once if it has the key.
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
    // RFC 7515 §4.1.11: extensions that are not understood must be refused; jsonwebtoken does not check.
    if (header.crit !== undefined) return malformed();
    const claims = claimsIn(payload, token);
    if (claims === undefined) return malformed();
    if (!isFor(options.audience, claims)) return badClaim('jwt audience invalid');
    return this.#life.judgeFurther(claims, Date.now()) ?? claims;
  }

  #toRefusal(error: unknown, token: string): UnauthorizedError {
    if (error instanceof NotBeforeError) return this.#tooEarly(token);
    const reason = reasonOf(error);
    if (reason === undefined) {
      // jws and crypto throw various errors for malformed tokens; their texts must not reach the client.
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
 * Decodes a token without verifying it, so that its key can be found.
 *
 * @throws UnauthorizedError `invalid_token`: `malformed`, or `signature` where there is none
 */
export function decodeUnverified(token: string): UnverifiedToken {
  const decoded = takeApart(token);
  const payload = decoded && claimsIn(decoded.payload, token);
  const header = headerOf(token);
  if (!payload || header === undefined) throw malformed();
  // No key can verify such a token, so none is looked for.
  if (token.endsWith('.')) throw unsigned();
  return { header, payload };
}

function takeApart(token: string): Jwt | null {
  try {
    return decode(token, { complete: true });
  } catch {
    // The content is not JSON.
    return null;
  }
}

/** jsonwebtoken accepts strings, lists and JSON within JSON. */
function claimsIn(payload: JwtPayload | string, token: string): JwtClaims | undefined {
  return typeof payload === 'object' && holdsObject(token) ? (payload as JwtClaims) : undefined;
}

/** RFC 7519 §7.2, step 10: the payload is UTF-8, and a JSON object. */
function holdsObject(token: string): boolean {
  const bytes = Buffer.from(token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')), 'base64url');
  // JSON that begins with a brace is an object; that it is JSON is known by now.
  return isUtf8(bytes) && bytes.find((byte) => !JSON_SPACE.has(byte)) === OPENING_BRACE;
}

/** RFC 8259 §2: space, tab, line feed, carriage return. */
const JSON_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OPENING_BRACE = 0x7b;

/**
 * Whether `aud` has a text that names the audience (RFC 7519 §4.1.3). jsonwebtoken makes a text of anything that it
 * compares with a RegExp: `/^\w+$/` would match `undefined`, and so accept a token without `aud`.
 */
function isFor(audience: VerifyOptions['audience'], { aud }: JwtClaims): boolean {
  if (audience === undefined) return true;
  const wanted = [audience].flat();
  const isWanted = (name: string): boolean =>
    wanted.some((one) => (one instanceof RegExp ? one.test(name) : one === name));
  return [aud].flat().some((name) => typeof name === 'string' && isWanted(name));
}

/** V8's `SyntaxError` of `JSON.parse` contains the parsed text. */
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
