import { RulePull } from './rule-pull';
import type { RulePullContext } from './rule-pull';
import { SessionSweep } from './session-sweep';
import type { SessionSweepContext } from './session-sweep';

/** What a {@link Recheck} needs. */
export type RecheckContext = SessionSweepContext & Omit<RulePullContext, 'onGap'>;

/**
 * Ends sessions whose revocation did not reach this node: adapters guarantee no delivery. A store that lists its rules
 * is asked for new ones; any other is asked for each session.
 */
export class Recheck {
  readonly #sweep: SessionSweep;
  readonly #pull: RulePull | undefined;

  constructor(context: RecheckContext) {
    this.#sweep = new SessionSweep(context);
    if (context.store.hasNews) this.#pull = new RulePull({ ...context, onGap: () => this.#sweep.once() });
  }

  /** Nothing happens the second time. */
  start(): void {
    (this.#pull ?? this.#sweep).start();
  }

  stop(): void {
    this.#pull?.stop();
    this.#sweep.stop();
  }
}
