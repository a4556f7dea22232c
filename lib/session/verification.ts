/** What verifies one connection's tokens, one at a time, however often its client logs in and out. */
import type { Outcome } from '../token/admission';

/** A token that is to be verified. */
export interface Job {
  /** Verifies the token; a promise never rejects. */
  judge(): Outcome | Promise<Outcome>;
  /** Takes the outcome, though it may count no longer. */
  settle(outcome: Outcome): void;
}

/** Answers to what a client sends beside one verification; a flood is dropped in silence after that. */
const MAX_ANSWERS = 16;

/** The verification that runs, and the one token that may wait behind it. */
export class Verification {
  #isRunning = false;
  #waiting: Job | undefined;
  #answers = 0;

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Verifies a token: at once, or behind a verification that runs but counts no longer. One token waits; a newer one
   * takes its place.
   */
  submit(job: Job): void {
    if (this.#isRunning) this.#waiting = job;
    else this.#run(job);
  }

  /**
   * Forgets a token that waits; one that is being verified goes on.
   *
   * @returns whether it waited
   */
  withdraw(job: Job): boolean {
    if (this.#waiting !== job) return false;
    this.#waiting = undefined;
    return true;
  }

  /** Whether the client is told once more that its token has to wait, or was in vain. */
  mayAnswer(): boolean {
    this.#answers += 1;
    return this.#answers <= MAX_ANSWERS;
  }

  #run(job: Job): void {
    const outcome = job.judge();
    this.#answers = 0;
    if (!(outcome instanceof Promise)) {
      job.settle(outcome);
      return;
    }
    this.#isRunning = true;
    void outcome.then((late) => {
      this.#isRunning = false;
      job.settle(late);
      // Later, since the outcome may replace the socket whose token waits.
      if (this.#waiting !== undefined) setImmediate(() => this.#runNext());
    });
  }

  #runNext(): void {
    const next = this.#waiting;
    if (next === undefined || this.#isRunning) return;
    this.#waiting = undefined;
    this.#run(next);
  }
}
