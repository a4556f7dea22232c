import type { RevocationRule, RevocationStore, TokenIdentity } from '../types';

/** How many rules may be kept before those that are over are looked for. */
const FIRST_SWEEP = 1024;

/** Rules in this process's memory. */
export class RevocationRules implements RevocationStore {
  readonly #byJti = new Map<string, number>();
  readonly #bySub = new Map<string, { issuedBefore: number; expiresAt: number }>();
  readonly #now: () => number;
  #sweepAt = FIRST_SWEEP;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get size(): number {
    return this.#byJti.size + this.#bySub.size;
  }

  /** @returns whether it refuses anything that was not refused before */
  add(rule: RevocationRule): boolean {
    const expiresAt = rule.expiresAt ?? Infinity;
    const isNews =
      'jti' in rule
        ? this.#addJti(rule.jti, expiresAt)
        : this.#addSub(rule.sub, rule.issuedBefore, expiresAt);
    if (this.size >= this.#sweepAt) this.#sweep();
    return isNews;
  }

  isRevoked(identity: TokenIdentity): boolean {
    const { jti, sub } = identity;
    if (jti !== undefined && this.#byJti.has(jti)) return true;
    const rule = sub === undefined ? undefined : this.#bySub.get(sub);
    return rule !== undefined && issuedBefore(identity, rule.issuedBefore);
  }

  #addJti(jti: string, expiresAt: number): boolean {
    const known = this.#byJti.get(jti);
    this.#byJti.set(jti, Math.max(expiresAt, known ?? 0));
    return known === undefined;
  }

  #addSub(sub: string, before: number, expiresAt: number): boolean {
    const known = this.#bySub.get(sub);
    this.#bySub.set(sub, {
      issuedBefore: Math.max(before, known?.issuedBefore ?? 0),
      expiresAt: Math.max(expiresAt, known?.expiresAt ?? 0),
    });
    return known === undefined || known.issuedBefore < before;
  }

  /** Forgets what is over. Runs when the rules have doubled since the last time, so an `add` costs the same in the mean. */
  #sweep(): void {
    const now = this.#now();
    for (const [jti, expiresAt] of this.#byJti) if (expiresAt <= now) this.#byJti.delete(jti);
    for (const [sub, { expiresAt }] of this.#bySub) if (expiresAt <= now) this.#bySub.delete(sub);
    this.#sweepAt = Math.max(FIRST_SWEEP, this.size * 2);
  }
}

/** Whether a token was issued before a second; one that does not say when counts as old. */
export function issuedBefore({ iat }: TokenIdentity, second: number): boolean {
  return iat === undefined || iat < second;
}
