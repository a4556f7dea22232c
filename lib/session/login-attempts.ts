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
  /** Refusals that {@link failEarly} has counted, and {@link fail} not yet seen. */
  #early: WeakSet<UnauthorizedError> | undefined;

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
    if (this.#early?.delete(error)) return this.isExhausted;
    this.#failures += 1;
    return this.isExhausted;
  }

  /**
   * Counts a refusal whose socket has not connected yet, and may never: another CONNECT packet may replace it. If it
   * does, {@link fail} does not count the refusal again.
   */
  failEarly(error: UnauthorizedError): void {
    if (!isFailure(error)) return;
    this.#failures += 1;
    (this.#early ??= new WeakSet()).add(error);
  }

  /** A token was accepted: the count starts again. */
  succeed(): void {
    this.#failures = 0;
  }
}
