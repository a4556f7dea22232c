/** A token's lifetime, from `exp`, `nbf`, `iat` and `maxAge` (RFC 7519 §4.1.4 to §4.1.6). */
import { unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import { CODES, REASONS } from '../protocol';
import type { JwtClaims } from '../types';
import { badClaim, expired } from './refusals';

/** The options about a token's lifetime; all in seconds. */
export interface LifeRules {
  /** The greatest age after `iat`; `undefined` for no limit. */
  readonly maxAge: number | undefined;
  readonly clockTolerance: number;
  readonly ignoreExpiration: boolean;
}

/**
 * How far an issuer's clock may be ahead of the server's, in seconds, beyond `clockTolerance`. It counts where `maxAge`
 * counts from a token's `iat`: a token from farther ahead is not active yet, and rules of `revoke` are kept so much longer
 * than `maxAge`. Five minutes are usual (RFC 4120 §8.2). It is not 0: a clock may be a second ahead without anybody's
 * notice, and after `revoke` a token of the next second is asked for.
 */
export const MAX_SECONDS_AHEAD = 300;

const MOMENTS = ['exp', 'nbf', 'iat'] as const;
/** 9999-12-31 in seconds: a greater number is in ms by mistake. */
const MAX_SECONDS = 253_402_300_799;
/** The largest time value of a `Date`, in ms (ECMA-262 §21.4.1.1): JSON cannot carry a larger date. */
const MAX_TIME = 8.64e15;

/** Decides when tokens are valid, by their claims. */
export class TokenLife {
  readonly #rules: LifeRules;

  constructor(rules: LifeRules) {
    this.#rules = rules;
  }

  /**
   * Refuses times that must be mistakes: a session with `exp` in ms would never end, and `revoke({ sub })` could not
   * reach one whose `iat` is in the far future.
   */
  faultOf(claims: JwtClaims): UnauthorizedError | undefined {
    for (const name of MOMENTS) {
      const moment: unknown = claims[name];
      if (typeof moment === 'number' && moment > MAX_SECONDS) return badClaim(`invalid ${name} value`);
    }
    return undefined;
  }

  /**
   * Judges claims that `jsonwebtoken` has not seen, as it would judge them, and as {@link judgeFurther} does.
   *
   * @param now ms since the epoch
   */
  judge(claims: JwtClaims, now: number): UnauthorizedError | undefined {
    return (
      this.faultOf(claims) ??
      this.#judgeStart(claims, now) ??
      this.#judgeEnd(claims, now) ??
      this.#judgeIssue(claims, now)
    );
  }

  /**
   * Judges claims that `jsonwebtoken` has accepted.
   *
   * @param now ms since the epoch
   */
  judgeFurther(claims: JwtClaims, now: number): UnauthorizedError | undefined {
    return this.faultOf(claims) ?? this.#judgeIssue(claims, now);
  }

  /**
   * A token before its `nbf`. The issuer's clock may be ahead of the server's, so the client is told when to show it
   * again.
   *
   * @param nbf in seconds
   * @param now ms since the epoch
   */
  notActive(nbf: number, now: number): UnauthorizedError {
    // Whole seconds, because times are compared in whole seconds.
    const startsAt = Math.ceil(nbf - this.#rules.clockTolerance) * 1000;
    return unauthorized(CODES.invalidToken, {
      message: 'jwt not active',
      reason: REASONS.notActive,
      retryAfter: Math.max(startsAt - Math.floor(now), 1),
    });
  }

  /**
   * When a session that rests on these claims ends, in ms since the epoch: at `exp` plus the tolerance, or at `iat`
   * plus `maxAge` if that is earlier; `Infinity` if neither is there. `ignoreExpiration` ignores `exp` alone.
   */
  endOf(claims: JwtClaims): number {
    const { maxAge, clockTolerance, ignoreExpiration } = this.#rules;
    const byExp =
      !ignoreExpiration && typeof claims.exp === 'number' ? claims.exp + clockTolerance : Infinity;
    const byAge = maxAge !== undefined && typeof claims.iat === 'number' ? claims.iat + maxAge : Infinity;
    const end = Math.min(byExp, byAge) * 1000;
    return end === Infinity ? end : Math.min(end, MAX_TIME);
  }

  #judgeStart({ nbf }: JwtClaims, now: number): UnauthorizedError | undefined {
    if (nbf === undefined) return undefined;
    if (typeof nbf !== 'number') return badClaim('invalid nbf value');
    return nbf > toSeconds(now) + this.#rules.clockTolerance ? this.notActive(nbf, now) : undefined;
  }

  /** Without `maxAge`, `iat` decides nothing, and rules of `revoke` end with `exp` or never. */
  #judgeIssue({ iat }: JwtClaims, now: number): UnauthorizedError | undefined {
    const { maxAge, clockTolerance } = this.#rules;
    if (maxAge === undefined || typeof iat !== 'number') return undefined;
    const isAhead = iat > toSeconds(now) + clockTolerance + MAX_SECONDS_AHEAD;
    return isAhead ? this.notActive(iat - MAX_SECONDS_AHEAD, now) : undefined;
  }

  #judgeEnd({ exp, iat }: JwtClaims, now: number): UnauthorizedError | undefined {
    const { maxAge, clockTolerance, ignoreExpiration } = this.#rules;
    const seconds = toSeconds(now);
    if (exp !== undefined && !ignoreExpiration) {
      if (typeof exp !== 'number') return badClaim('invalid exp value');
      if (seconds >= exp + clockTolerance) return expired();
    }
    if (maxAge === undefined) return undefined;
    if (typeof iat !== 'number') return badClaim('iat required when maxAge is specified');
    return seconds >= iat + maxAge + clockTolerance ? expired('maxAge exceeded') : undefined;
  }
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
