import type { RevocationRule, TokenIdentity } from '../types';
import { issuedBefore, keyOf, keysOf, limitOf, targetOf } from './rule-keys';
import type { RuleKind } from './rule-keys';

/** Why a token is refused. */
export interface RevocationRefusal {
  /** Whether a fresh token may count: after a rule by `sub`, and not by `jti` or `sid`. */
  readonly retryable: boolean;
}

/** The user's tokens up to a moment are refused; a later one counts. */
export const USER_REVOKED: RevocationRefusal = Object.freeze({ retryable: true });
/** The token itself is refused, or every token of its session at the provider. */
export const TOKEN_REVOKED: RevocationRefusal = Object.freeze({ retryable: false });

export function refusalBy(kind: RuleKind): RevocationRefusal {
  return kind === 'sub' ? USER_REVOKED : TOKEN_REVOKED;
}

/** How long a rule outlives its tokens, in ms: the clocks of issuers and nodes differ. */
export const CLOCK_MARGIN = 60_000;

/** How many rules may be kept before those that are over are looked for. */
const FIRST_SWEEP = 1024;

/** Rules in this process's memory. */
export class RevocationRules {
  readonly #rules = new Map<string, { readonly issuedBefore: number; readonly expiresAt: number }>();
  readonly #now: () => number;
  #sweepAt = FIRST_SWEEP;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#rules.size;
  }

  /** Of two rules with one target the later moment counts, and the longer life. */
  add(rule: RevocationRule): void {
    const key = keyOf(targetOf(rule));
    const known = this.#rules.get(key);
    this.#rules.set(key, {
      issuedBefore: Math.max(limitOf(rule), known?.issuedBefore ?? 0),
      expiresAt: Math.max(rule.expiresAt ?? Infinity, known?.expiresAt ?? 0),
    });
    if (this.size >= this.#sweepAt) this.#sweep();
  }

  /** Why a token is refused; `undefined` if no rule here names it. */
  refusalOf(identity: TokenIdentity): RevocationRefusal | undefined {
    // Most processes hold no rule at all.
    if (this.size === 0) return undefined;
    for (const { kind, key } of keysOf(identity)) {
      const rule = this.#rules.get(key);
      if (rule !== undefined && issuedBefore(identity, rule.issuedBefore)) return refusalBy(kind);
    }
    return undefined;
  }

  /** Forgets what is over. Runs when the rules have doubled since the last time, so an `add` costs the same in the mean. */
  #sweep(): void {
    const over = this.#now() - CLOCK_MARGIN;
    for (const [key, { expiresAt }] of this.#rules) if (expiresAt <= over) this.#rules.delete(key);
    this.#sweepAt = Math.max(FIRST_SWEEP, this.size * 2);
  }
}
