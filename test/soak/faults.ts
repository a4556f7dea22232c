import type { Slot, SoakCluster } from './cluster';
import type { Journal } from './journal';

export interface FaultOptions {
  /** Ms from one death of a node to the next; `undefined`: none dies. */
  readonly killEvery?: number;
  /** How often Redis is stopped and started again. */
  readonly outages?: number;
}

/** Kills nodes in turns, and stops Redis now and then. */
export class Faults {
  readonly #cluster: SoakCluster;
  readonly #killEvery: number;
  readonly #outages: number;
  readonly #journal: Journal;
  readonly #underWay = new Set<Promise<void>>();
  #killedAt = Date.now();
  #isRestarting = false;
  #restarts = 0;
  #stops = 0;

  constructor(cluster: SoakCluster, { killEvery = Infinity, outages = 0 }: FaultOptions, journal: Journal) {
    this.#cluster = cluster;
    this.#killEvery = killEvery;
    this.#outages = outages;
    this.#journal = journal;
  }

  /** @param share how much of the soak is over, from 0 to 1 */
  tick(share: number): void {
    // The last one may not be back yet: the machine is busy, or Redis is gone.
    if (!this.#isRestarting && Date.now() - this.#killedAt >= this.#killEvery) {
      this.#killedAt = Date.now();
      this.#restart(this.#cluster.slots[this.#restarts % this.#cluster.slots.length] as Slot);
    }
    if (this.#stops < this.#outages && share >= (this.#stops + 1) / (this.#outages + 1)) {
      this.#stops += 1;
      this.#track(this.#cluster.interruptRedis(), 'Redis stopped and started again');
    }
  }

  /** Resolves when all that was broken is whole again. */
  async end(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #restart(slot: Slot): void {
    this.#isRestarting = true;
    this.#restarts += 1;
    const done = this.#cluster.restart(slot).finally(() => {
      this.#isRestarting = false;
    });
    this.#track(done, 'node killed and started again');
  }

  #track(promise: Promise<void>, what: string): void {
    const tracked = promise
      .then(
        () => this.#journal.count(what),
        (error: unknown) => this.#journal.fault(`${what}: ${String(error)}`),
      )
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}
