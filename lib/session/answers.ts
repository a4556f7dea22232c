import { connectionOf } from '../socket-io/connections';
import type { AnySocket } from '../types';
import { ReportBudget } from './report-budget';

/** What a client is told: a refusal, that its token must wait, or that an event was dropped. */
export type AnswerKind = 'refusal' | 'busy' | 'dropped';

/**
 * Answers that a connection gets in one minute. They are longer than most wrong packets. Of the last two kinds, as many
 * as two sockets, or two verifications, may have.
 */
const MAX_ANSWERS: Readonly<Record<AnswerKind, number>> = { refusal: 20, busy: 32, dropped: 32 };

/** Bounds the answers to each connection. The bound is the connection's, because a client can name endless namespaces. */
export class Answers {
  readonly #maxAttempts: number;
  readonly #budgets = new WeakMap<object, Map<AnswerKind, ReportBudget>>();

  /** @param maxAttempts a client is told of all of them */
  constructor(maxAttempts: number) {
    this.#maxAttempts = maxAttempts;
  }

  /**
   * Whether the client is told once more.
   *
   * @param now ms since the epoch
   */
  allow(socket: AnySocket, kind: AnswerKind, now: number): boolean {
    const connection = connectionOf(socket);
    let budgets = this.#budgets.get(connection);
    if (budgets === undefined) this.#budgets.set(connection, (budgets = new Map<AnswerKind, ReportBudget>()));
    let budget = budgets.get(kind);
    if (budget === undefined) {
      budget = new ReportBudget(Math.max(MAX_ANSWERS[kind], this.#maxAttempts));
      budgets.set(kind, budget);
    }
    return budget.allows(now);
  }
}
