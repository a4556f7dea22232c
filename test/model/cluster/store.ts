/** A store of rules that all nodes share, and that has bad days. */
import type { NewRules, RevocationRule, RevocationStore, TokenIdentity } from '../../../lib';
import { names } from '../calls';

export type Health = 'up' | 'down' | 'silent';

/** The longest time that it takes while it is up, in ms. */
export const LATENCY = 5;

export class SharedStore {
  readonly #rules: RevocationRule[] = [];
  /** The lists that were read before a restart do not go on. */
  #epoch = 0;
  #health: Health = 'up';
  /** Since when it has been well, in ms since the epoch; `Infinity` while it is not. */
  wellSince = 0;

  set health(health: Health) {
    this.#health = health;
    this.wellSince = health === 'up' ? Date.now() : Infinity;
  }

  get health(): Health {
    return this.#health;
  }

  /** It forgets how far each node has read; its rules stay. */
  restart(): void {
    this.#epoch += 1;
    this.health = 'up';
  }

  /** A node's access to it. */
  open(): RevocationStore {
    return {
      add: (rule: RevocationRule) => this.#answer(() => this.#rules.push(rule)),
      isRevoked: (identity: TokenIdentity) =>
        this.#answer(() => this.#rules.some((rule) => names(rule, identity))),
      rulesSince: (cursor?: unknown) => this.#answer(() => this.#since(cursor as Cursor | undefined)),
    };
  }

  #since(cursor: Cursor | undefined): NewRules {
    const next: Cursor = { epoch: this.#epoch, count: this.#rules.length };
    if (cursor === undefined) return { rules: this.#rules.slice(), cursor: next };
    if (cursor.epoch !== this.#epoch) return { rules: [], cursor: next, incomplete: true };
    return { rules: this.#rules.slice(cursor.count), cursor: next };
  }

  #answer<Answer>(answer: () => Answer): Promise<Answer> {
    const { health } = this;
    return new Promise((resolve, reject) => {
      if (health === 'silent') return;
      setTimeout(() => {
        if (health === 'up') resolve(answer());
        else reject(new Error('the store is down'));
      }, LATENCY);
    });
  }
}

interface Cursor {
  readonly epoch: number;
  readonly count: number;
}
