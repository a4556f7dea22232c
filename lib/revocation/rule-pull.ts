import type { Deadlines } from '../runtime/deadlines';
import type { RevocationRule } from '../types';
import type { RuleStore } from './rule-store';

/** What {@link RulePull} needs. */
export interface RulePullContext {
  readonly deadlines: Deadlines;
  readonly store: RuleStore;
  /** Ms between two questions. */
  readonly interval: number;
  /** Called with each rule that the store returns. */
  readonly onRule: (rule: RevocationRule) => void;
  /** Called when rules may be missing. */
  readonly onGap: () => void;
}

/** Asks the store regularly for new rules: once in an interval, for any number of sessions. */
export class RulePull {
  readonly #context: RulePullContext;
  #cursor: unknown;
  #isRunning = false;

  constructor(context: RulePullContext) {
    this.#context = context;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#pull();
  }

  stop(): void {
    this.#isRunning = false;
  }

  async #pull(): Promise<void> {
    const { deadlines, store, interval, onRule, onGap } = this.#context;
    const next = deadlines.now() + interval;
    const news = await store.news(this.#cursor);
    if (!this.#isRunning) return;
    if (news !== undefined) {
      this.#cursor = news.cursor;
      for (const rule of news.rules) onRule(rule);
      if (news.isIncomplete) onGap();
    }
    // The wall clock may have been set back meanwhile.
    deadlines.after(Math.min(next - deadlines.now(), interval), () => void this.#pull());
  }
}
