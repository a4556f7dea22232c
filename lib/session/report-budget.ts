/** Reports that a client gets of refused events in one minute. */
const MAX_REPORTS = 16;
const MINUTE = 60_000;

/** Bounds what a client can make the server answer: a flood of refused events is dropped in silence. */
export class ReportBudget {
  #reports = 0;
  #since = -Infinity;

  /** @param now ms since the epoch */
  allows(now: number): boolean {
    if (now - this.#since >= MINUTE || now < this.#since) {
      this.#since = now;
      this.#reports = 0;
    }
    this.#reports += 1;
    return this.#reports <= MAX_REPORTS;
  }
}
