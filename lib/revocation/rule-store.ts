import type { Deadlines } from '../runtime/deadlines';
import { isThenable, reportFault } from '../runtime/warnings';
import type { RevocationRule, RevocationStore, TokenIdentity } from '../types';
import type { TokenLife } from './rule-life';
import { toRule } from './rule-messages';
import { TOKEN_REVOKED, USER_REVOKED } from './rules';
import type { RevocationRefusal } from './rules';
import { livesAt, releaseStore, retainStore } from './store-lease';

/** A store's answer about new rules. */
export interface StoreNews {
  readonly rules: readonly RevocationRule[];
  readonly cursor: unknown;
  /** Whether rules may be missing. */
  readonly isIncomplete: boolean;
}

type Refusal = RevocationRefusal | undefined;

/** Asks the application's store, with a time limit. Only a clear answer counts. */
export class RuleStore {
  readonly #store: RevocationStore;
  readonly #deadlines: Deadlines;
  readonly #timeout: number;
  /** A copy, by which the store tells its users apart. */
  readonly #life: TokenLife;
  /** Whether the last background request failed: a store that is down is reported once. */
  #isDown = false;
  #isReleased = false;

  /**
   * @param life how long this authorizer accepts tokens
   * @param timeout ms for the store to answer
   * @throws TypeError if another store holds what this one needs
   */
  constructor(
    store: RevocationStore,
    { maxTokenLife, lifeAfterExp }: TokenLife,
    deadlines: Deadlines,
    timeout: number,
  ) {
    this.#life = { maxTokenLife, lifeAfterExp };
    retainStore(store, this.#life);
    this.#store = store;
    this.#deadlines = deadlines;
    this.#timeout = timeout;
  }

  /** Whether the store can list what is new. */
  get hasNews(): boolean {
    return typeof this.#store.rulesSince === 'function';
  }

  /** How long tokens are accepted here, and by the other authorizers that have this store. */
  get lives(): readonly TokenLife[] {
    return [this.#life, ...livesAt(this.#store)];
  }

  /** Keeps a rule; rejects if the store failed, or did not answer in time. */
  add(rule: RevocationRule): Promise<unknown> {
    return this.#inTime(() => this.#store.add(rule));
  }

  /** Why a token is refused. Throws or rejects if the store fails. The caller sets the time limit. */
  refusalOf(identity: TokenIdentity): Refusal | PromiseLike<Refusal> {
    return whenAnswered(this.#store.isRevoked(identity), (revoked) =>
      // Anything but a clear no refuses the token.
      revoked === false ? undefined : this.#explain(identity),
    );
  }

  /** The same for a live session; `undefined` if the store failed, which is reported. */
  lookUp(identity: TokenIdentity): Promise<{ readonly refusal: Refusal } | undefined> {
    return this.#inBackground(async () => ({ refusal: await this.refusalOf(identity) }));
  }

  /** The new rules in the store; `undefined` if it failed, which is reported. */
  news(cursor: unknown): Promise<StoreNews | undefined> {
    return this.#inBackground(async () => toNews(await this.#store.rulesSince?.(cursor)));
  }

  /** Releases the store. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    releaseStore(this.#store, this.#life);
  }

  /** A store answers yes or no. A second question without the user shows whether a fresh token may be accepted. */
  #explain({ sub, ...others }: TokenIdentity): RevocationRefusal | PromiseLike<RevocationRefusal> {
    if (sub === undefined) return TOKEN_REVOKED;
    if (others.jti === undefined && others.sid === undefined) return USER_REVOKED;
    return whenAnswered(this.#store.isRevoked(others), (revoked) =>
      revoked === false ? USER_REVOKED : TOKEN_REVOKED,
    );
  }

  async #inBackground<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      const answer = await this.#inTime(ask);
      this.#isDown = false;
      return answer;
    } catch (fault) {
      if (!this.#isDown) reportStore(fault);
      this.#isDown = true;
      return undefined;
    }
  }

  #inTime<Answer>(ask: () => Answer | PromiseLike<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const cancel = this.#deadlines.after(this.#timeout, () =>
        reject(new Error('the revocation store did not answer')),
      );
      new Promise<Answer>((answer) => answer(ask())).then(resolve, reject).finally(cancel);
    });
  }
}

/** Reports a store that failed in the background to the operator. */
export function reportStore(fault: unknown): void {
  reportFault('the revocation store', fault);
}

/**
 * Synchronous if the answer is: an in-memory store must not cost a turn of the event loop. A promise that is not Node's
 * may return nothing from `then`, which would look like no refusal.
 */
function whenAnswered<Result>(
  answer: unknown,
  judge: (answer: unknown) => Result | PromiseLike<Result>,
): Result | PromiseLike<Result> {
  return isThenable(answer) ? Promise.resolve(answer).then(judge) : judge(answer);
}

function toNews(answer: unknown): StoreNews {
  const { rules, cursor, incomplete } = (answer ?? {}) as Record<string, unknown>;
  if (!Array.isArray(rules)) throw new Error('the revocation store gave no list of rules');
  const read = rules.map(toRule);
  const good = read.filter((rule) => rule !== undefined);
  return { rules: good, cursor, isIncomplete: incomplete === true || good.length < read.length };
}
