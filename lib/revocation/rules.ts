import { Deadline } from '../runtime/deadlines';
import type { Deadlines } from '../runtime/deadlines';
import type { RevocationRule, TokenIdentity } from '../types';
import { issuedBefore, keyOf, keysOf, limitOf, targetOf } from './rule-keys';
import type { RuleKind } from './rule-keys';

/** Why a token is refused. */
export interface RevocationRefusal {
  /** Whether a fresh token may be accepted: after a rule by `sub`, but not by `jti` or `sid`. */
  readonly retryable: boolean;
}

/** The user's tokens up to a moment are refused; later ones are accepted. */
export const USER_REVOKED: RevocationRefusal = Object.freeze({ retryable: true });
/** The token itself is refused, or every token of its session at the provider. */
export const TOKEN_REVOKED: RevocationRefusal = Object.freeze({ retryable: false });

export function refusalBy(kind: RuleKind): RevocationRefusal {
  return kind === 'sub' ? USER_REVOKED : TOKEN_REVOKED;
}

/** How long a rule outlives its tokens, in ms: the clocks of issuers and nodes differ. */
export const CLOCK_MARGIN = 60_000;

/** How often expired rules are forgotten, in ms, while there are rules. */
const SWEEP_INTERVAL = 60_000;

/** What is kept of a rule. */
interface KnownRule {
  /** Seconds: tokens with an earlier `iat` are refused. */
  readonly issuedBefore: number;
  /** Ms since the epoch; `Infinity` if that is not known. */
  readonly expiresAt: number;
}

/** Rules in this process's memory. */
export class RevocationRules {
  /** By group and name: one text for both would take as much memory as the rest of a rule. */
  readonly #groups = new Map<string, Map<string, KnownRule>>();
  readonly #deadlines: Deadlines;
  readonly #sweepDeadline = new Deadline({ onDeadline: () => this.#sweep() });

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  get size(): number {
    let size = 0;
    for (const rules of this.#groups.values()) size += rules.size;
    return size;
  }

  /** Of two rules with one target, the later moment and the longer life count. */
  add(rule: RevocationRule): void {
    const { group, name } = keyOf(targetOf(rule));
    const rules = this.#groups.get(group) ?? new Map<string, KnownRule>();
    this.#groups.set(group, rules);
    const known = rules.get(name);
    rules.set(name, {
      issuedBefore: Math.max(limitOf(rule), known?.issuedBefore ?? 0),
      expiresAt: Math.max(rule.expiresAt ?? Infinity, known?.expiresAt ?? 0),
    });
    if (!this.#sweepDeadline.isSet) this.#scheduleSweep();
  }

  /** Why a token is refused; `undefined` if no rule here names it. */
  refusalOf(identity: TokenIdentity): RevocationRefusal | undefined {
    // Most processes have no rule.
    if (this.#groups.size === 0) return undefined;
    for (const { kind, group, name } of keysOf(identity)) {
      const rule = this.#groups.get(group)?.get(name);
      if (rule !== undefined && issuedBefore(identity, rule.issuedBefore)) return refusalBy(kind);
    }
    return undefined;
  }

  /** By time, not by number: the memory of a burst of rules is free again, though no other rule follows. */
  #scheduleSweep(): void {
    this.#deadlines.set(this.#sweepDeadline, this.#deadlines.now() + SWEEP_INTERVAL);
  }

  #sweep(): void {
    const over = this.#deadlines.now() - CLOCK_MARGIN;
    for (const [group, rules] of this.#groups) {
      for (const [name, { expiresAt }] of rules) if (expiresAt <= over) rules.delete(name);
      if (rules.size === 0) this.#groups.delete(group);
    }
    if (this.#groups.size > 0) this.#scheduleSweep();
  }
}
