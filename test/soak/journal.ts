import type { SoakToken } from './client';

/** What has happened in a soak, what should not have, and which tokens are revoked. */
export class Journal {
  readonly counts: Record<string, number> = {};
  readonly faults = new Set<string>();
  readonly #tokens = new Set<string>();
  readonly #sessions = new Set<string>();
  readonly #users = new Map<string, number>();

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  fault(what: string): void {
    this.faults.add(what);
  }

  /** Remembers a rule that the cluster has confirmed. */
  revoked(rule: { jti: string } | { sid: string } | { sub: string; issuedBefore: number }): void {
    if ('jti' in rule) this.#tokens.add(rule.jti);
    else if ('sid' in rule) this.#sessions.add(rule.sid);
    else this.#users.set(rule.sub, Math.max(rule.issuedBefore, this.#users.get(rule.sub) ?? 0));
  }

  isRevoked({ jti, sid, sub, iat }: SoakToken): boolean {
    return this.#tokens.has(jti) || this.#sessions.has(sid) || iat < (this.#users.get(sub) ?? 0);
  }
}
