import type { UnauthorizedError } from '../errors';
import { isFailure } from './refusals';
import { Verification } from './verification';

/**
 * What is remembered of a connection at one namespace while its sockets come and go: the refused tokens since the last
 * success, and the verification that runs. Under `scope: 'connection'` one for the whole connection.
 */
export class LoginAttempts {
  readonly verification = new Verification();
  readonly #max: number;
  #failures = 0;

  /** @param max `maxAttempts` */
  constructor(max: number) {
    this.#max = max;
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

  /** A token was good: the count starts again. */
  succeed(): void {
    this.#failures = 0;
  }
}
