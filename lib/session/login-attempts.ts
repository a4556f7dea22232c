import type { UnauthorizedError } from '../errors';
import { isFailure } from './refusals';
import { ReportBudget } from './report-budget';
import { Verification } from './verification';

/** Refused tokens that a connection is told of in one minute, at least; a refusal is longer than most wrong tokens. */
const MAX_ANSWERS = 32;

/**
 * What is remembered of a connection at one namespace while its sockets come and go: the refused tokens since the last
 * success, and the verification that runs. Under `scope: 'connection'` one for the whole connection.
 */
export class LoginAttempts {
  readonly verification = new Verification();
  readonly #max: number;
  readonly #answers: ReportBudget;
  #failures = 0;

  /** @param max `maxAttempts` */
  constructor(max: number) {
    this.#max = max;
    this.#answers = new ReportBudget(Math.max(MAX_ANSWERS, max));
  }

  /** Whether no further token is looked at. */
  get isExhausted(): boolean {
    return this.#failures >= this.#max;
  }

  /** Whether there is nothing to remember. */
  get isBlank(): boolean {
    return this.#failures === 0 && !this.verification.isRunning;
  }

  /**
   * Counts a refusal, if the token is to blame for it.
   *
   * @returns whether it was one too many
   */
  fail(error: UnauthorizedError): boolean {
    if (!isFailure(error)) return false;
    this.#failures += 1;
    return this.isExhausted;
  }

  /** Whether the client is told of a refusal. */
  mayAnswer(now: number): boolean {
    return this.#answers.allows(now);
  }

  /** A token was good: the count starts again. */
  succeed(): void {
    this.#failures = 0;
  }
}
