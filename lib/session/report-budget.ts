/** Reports that a client gets in one minute, unless said otherwise. */
const MAX_REPORTS = 16;
const MINUTE = 60_000;

/** Bounds what a client can make the server answer: past it, a flood is dropped in silence. */
export class ReportBudget {
  readonly #max: number;
  #reports = 0;
  #since = -Infinity;

  /** @param max reports in one minute */
  constructor(max = MAX_REPORTS) {
    this.#max = max;
  }

  /** @param now ms since the epoch */
  allows(now: number): boolean {
    if (now - this.#since >= MINUTE || now < this.#since) {
      this.#since = now;
      this.#reports = 0;
    }
    this.#reports += 1;
    return this.#reports <= this.#max;
  }
}
