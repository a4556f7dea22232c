/** Verifies one connection's tokens one at a time, however often its client logs in and out. */
import type { Outcome } from '../token/admission';

/** A token that is to be verified. */
export interface Job {
  /** Verifies the token; a promise never rejects. */
  judge(): Outcome | Promise<Outcome>;
  /** Takes the outcome, which may no longer count. */
  settle(outcome: Outcome): void;
}

/** Answers to the tokens that a client sends during one verification. The server does not answer more. */
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
   * Verifies a token at once, or after the running verification, whose outcome no longer counts. One token waits; a
   * newer one replaces it.
   */
  submit(job: Job): void {
    if (this.#isRunning) this.#waiting = job;
    else this.#run(job);
  }

  /**
   * Forgets a waiting token. A running verification continues.
   *
   * @returns whether it waited
   */
  withdraw(job: Job): boolean {
    if (this.#waiting !== job) return false;
    this.#waiting = undefined;
    return true;
  }

  /** Whether the client is told once more that its token must wait, or was dropped. */
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
      // Later, because the outcome may replace the socket whose token waits.
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
