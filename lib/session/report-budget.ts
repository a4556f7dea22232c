/** Reports that a client gets in one minute by default. */
const MAX_REPORTS = 16;
/** Ms for which a budget holds; after that it is full again. */
export const BUDGET_PERIOD = 60_000;

/** Bounds how many reports a client can cause. Past the bound, the server sends none. */
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
    if (now - this.#since >= BUDGET_PERIOD || now < this.#since) {
      this.#since = now;
      this.#reports = 0;
    }
    this.#reports += 1;
    return this.#reports <= this.#max;
  }
}
