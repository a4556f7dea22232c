import type { UnauthorizedError } from '../errors';
import { isFailure } from './refusals';
import { Verification } from './verification';

/**
 * Remembers the tokens refused since the last success, and the running verification, for one connection at one
 * namespace. It outlives the sockets. Under `scope: 'connection'` the whole connection has one.
 */
export class LoginAttempts {
  readonly verification = new Verification();
  readonly #max: number;
  #failures = 0;

  /** @param max `maxAttempts` */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether the limit is reached: no further token is verified. */
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
   * @returns whether the limit is now reached
   */
  fail(error: UnauthorizedError): boolean {
    if (!isFailure(error)) return false;
    this.#failures += 1;
    return this.isExhausted;
  }

  /** A token was accepted: the count starts again. */
  succeed(): void {
    this.#failures = 0;
  }
}
