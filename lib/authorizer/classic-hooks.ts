import { ownRefusal } from '../errors';
import type { UnauthorizedError } from '../errors';
import type { Accept } from '../options';
import type { Deadlines } from '../runtime/deadlines';
import { callGuarded } from '../runtime/warnings';

/** What a hook decided, with the error that it means for the client. */
export type Decision = (error: UnauthorizedError | undefined, isAccepted: boolean) => void;

/** Asks the hooks `success` and `fail`, which answer by a callback as in socketio-jwt. */
export class ClassicHooks {
  readonly #deadlines: Deadlines;
  readonly #timeout: number;

  /** @param timeout ms that a hook has to answer; after that it has refused */
  constructor(deadlines: Deadlines, timeout: number) {
    this.#deadlines = deadlines;
    this.#timeout = timeout;
  }

  /** Only the first answer counts. A hook that throws has refused. */
  ask(name: 'success' | 'fail', hook: (accept: Accept) => unknown, decide: Decision): void {
    let isAnswered = false;
    const once = (error: unknown, isAccepted: boolean): void => {
      if (isAnswered) return;
      isAnswered = true;
      cancel();
      // Any other error was not written for the client.
      decide(ownRefusal(error), isAccepted);
    };
    const cancel = this.#deadlines.after(this.#timeout, () => once(undefined, false));
    let hasFailed = true;
    callGuarded(`options.${name}`, () => {
      const result = hook((error, accepted = true) => once(error, !error && accepted));
      hasFailed = false;
      return result;
    });
    if (hasFailed) once(undefined, false);
  }
}
