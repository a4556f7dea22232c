/** Calls the application's functions. Whatever they do, the token gets an outcome in time. */
import type { Deadlines } from '../runtime/deadlines';
import { unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import { CODES } from '../protocol';
import { isThenable } from '../runtime/warnings';
import { silence } from './outages';

/** Makes a refusal from an exception, a rejection or a timeout. */
export type ToRefusal = (fault: unknown) => UnauthorizedError;

/** Calls functions with a time limit. An exception, a rejection and a timeout become refusals. */
export class ApplicationCalls {
  readonly #deadlines: Deadlines;
  readonly #timeout: number;

  /** @param timeout ms for each call to be answered */
  constructor(deadlines: Deadlines, timeout: number) {
    this.#deadlines = deadlines;
    this.#timeout = timeout;
  }

  /**
   * @param use turns the answer into the result; what it throws refuses, too
   * @returns the result of `use`, or a promise of it if the answer comes later
   * @throws UnauthorizedError the result of `toRefusal`, now or by the promise
   */
  ask<Result>(
    call: () => unknown,
    toRefusal: ToRefusal,
    use: (answer: unknown) => Result,
  ): Result | PromiseLike<Result> {
    let answer: unknown;
    let isLate: boolean;
    try {
      answer = call();
      isLate = isThenable(answer);
    } catch (fault) {
      throw refusalOf(fault, toRefusal);
    }
    return isLate ? this.#inTime(answer as PromiseLike<unknown>, toRefusal).then(use) : use(answer);
  }

  #inTime(answer: PromiseLike<unknown>, toRefusal: ToRefusal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancel = this.#deadlines.after(this.#timeout, () =>
        reject(refusalOf(silence(this.#timeout), toRefusal)),
      );
      Promise.resolve(answer).then(
        (value) => {
          cancel();
          resolve(value);
        },
        (fault: unknown) => {
          cancel();
          reject(refusalOf(fault, toRefusal));
        },
      );
    });
  }
}

/** The thrown value may be anything, even an object that throws when its members are read. */
function refusalOf(fault: unknown, toRefusal: ToRefusal): UnauthorizedError {
  try {
    return toRefusal(fault);
  } catch (cause) {
    return unauthorized(CODES.unknown, { cause });
  }
}
