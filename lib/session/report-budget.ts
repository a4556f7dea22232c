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

  /**
   * @param now ms since the epoch
   * @param cost how many reports it is; the first one is allowed, whatever it costs
   */
  allows(now: number, cost = 1): boolean {
    if (now - this.#since >= BUDGET_PERIOD || now < this.#since) {
      this.#since = now;
      this.#reports = 0;
    }
    const isAllowed = this.#reports < this.#max;
    this.#reports += cost;
    return isAllowed;
  }
}
