/** Random clients on a cluster for a while; what they know at the end must be what the nodes know. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakClient } from './client';
import { gaugesOf, leftoversOf, memoryOf, SoakCluster } from './cluster';
import type { ClusterOptions, Gauges } from './cluster';
import { Journal } from './journal';
import { Life } from './life';
import type { LifeOptions } from './life';

export type SoakOptions = ClusterOptions & LifeOptions;

export interface SoakReport {
  /** How often each thing was done or befell a client. */
  counts: Record<string, number>;
  /** What should not have been; empty if all is well. */
  faults: string[];
  /** Bytes of each node that is alive at the end: before its first client, and after its last one. */
  memory: { before: number; after: number }[];
}

/** Ms for nodes and clients to come to the same knowledge; on a busy machine too. */
const SETTLE = 120_000;
/** Ms for rules to end as well, whose tokens have ended: they are kept a minute longer, since clocks differ. */
const FORGET = 240_000;
/** How much more memory than before a node may hold when all have left. */
const MEMORY_BOUND = 1.05;
/** Clients that connect at once when life is over. */
const BATCH = 100;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const journal = new Journal();
  const cluster = await SoakCluster.start(options);
  const life = new Life(cluster, options, journal);
  try {
    await life.run();
    const end = new End(cluster, life, journal);
    await end.settle();
    life.disconnect();
    options.onProgress?.(`all clients leave; faults so far: ${[...journal.faults].join('; ') || 'none'}`);
    await end.expectNothingLeft();
    options.onProgress?.(`memory; faults so far: ${[...journal.faults].join('; ') || 'none'}`);
    const memory = options.warmUp > 0 ? await end.expectMemoryBack() : [];
    return { counts: journal.counts, faults: [...journal.faults], memory };
  } finally {
    life.disconnect();
    await cluster.close();
  }
}

/** What must be true when life is over. */
class End {
  readonly #cluster: SoakCluster;
  readonly #life: Life;
  readonly #journal: Journal;

  constructor(cluster: SoakCluster, life: Life, journal: Journal) {
    this.#cluster = cluster;
    this.#life = life;
    this.#journal = journal;
  }

  /** All clients connect, most of those that are not logged in do so for good, and some wait; then both sides must agree. */
  async settle(): Promise<void> {
    const { clients, chance } = this.#life;
    for (const [index, client] of clients.entries()) {
      const isToWait = chance.number() < 0.2;
      if (client.isIdle) {
        if (isToWait) client.connect();
        else this.#life.connectForGood(client);
      } else if (client.socket.connected && !client.isAuthenticated && !isToWait) this.#life.logIn(client);
      if (index % BATCH === 0) await sleep(10);
    }
    const hasSettled = await within(SETTLE, async () => (await this.#agree()) && !this.#hasRevoked());
    if (!hasSettled) await this.#report();
    const sum = (name: keyof Gauges): number => this.#felt().reduce((all, gauges) => all + gauges[name], 0);
    this.#journal.counts['at the end authenticated'] = sum('authenticated');
    this.#journal.counts['at the end pending'] = sum('pending');
  }

  async expectNothingLeft(): Promise<void> {
    const { nodes, slots } = this.#cluster;
    const wanted = JSON.stringify(
      slots.map(({ before }) => [before.leftovers, { pending: 0, authenticated: 0 }]),
    );
    const look = async (): Promise<string> =>
      JSON.stringify(
        await Promise.all(nodes.map((node) => Promise.all([leftoversOf(node), gaugesOf(node)]))),
      );
    let found = '';
    const isClean = await within(SETTLE, async () => (found = await look()) === wanted);
    if (!isClean) this.#journal.fault(`left over: ${found}, wanted: ${wanted}`);
  }

  async expectMemoryBack(): Promise<SoakReport['memory']> {
    const { nodes, slots } = this.#cluster;
    let memory: SoakReport['memory'] = [];
    const isBack = await within(FORGET, async () => {
      const after = await Promise.all(nodes.map(memoryOf));
      memory = slots.map(({ before }, index) => ({ before: before.memory, after: after[index] ?? NaN }));
      return memory.every((one) => one.after <= one.before * MEMORY_BOUND);
    });
    if (!isBack) this.#journal.fault(`memory is not given back: ${JSON.stringify(memory)}`);
    return memory;
  }

  async #report(): Promise<void> {
    if (this.#hasRevoked()) this.#journal.fault('a revoked session lives');
    const known = await this.#known();
    const difference = JSON.stringify([known, this.#felt(), await this.#strangers()]);
    this.#journal.fault(`nodes and clients disagree: ${difference}`);
  }

  async #agree(): Promise<boolean> {
    const felt = JSON.stringify(this.#felt());
    if (JSON.stringify(await this.#known()) !== felt) return false;
    return (await this.#strangers()).length === 0 && felt === JSON.stringify(this.#felt());
  }

  /** The gauges of each node. */
  #known(): Promise<Gauges[]> {
    return Promise.all(this.#cluster.nodes.map(gaugesOf));
  }

  /** The same, as the clients of each node know it. */
  #felt(): Gauges[] {
    return this.#cluster.slots.map((slot) => {
      const connected = this.#life.clients.filter(
        (client) => client.slot === slot && client.socket.connected,
      );
      const authenticated = connected.filter(({ isAuthenticated }) => isAuthenticated).length;
      return { pending: connected.length - authenticated, authenticated };
    });
  }

  /** Sockets that a node takes for somebody else than their client does. */
  async #strangers(): Promise<string[]> {
    const identities = await Promise.all(
      this.#cluster.nodes.map((node) => node.call<[id: string, jti: string | null][]>('identities')),
    );
    const known = new Map(identities.flat());
    const idOf = ({ token }: SoakClient): string | null => token?.jti ?? null;
    return this.#life.clients
      .filter(({ socket }) => socket.connected)
      .filter((client) => known.get(String(client.socket.id)) !== idOf(client))
      .map((client) => `${known.get(String(client.socket.id))} is ${idOf(client)}`);
  }

  #hasRevoked(): boolean {
    return this.#life.clients.some(
      ({ isAuthenticated, token }) =>
        isAuthenticated && token !== undefined && this.#journal.isRevoked(token),
    );
  }
}

/** Whether something comes true in so many ms. */
async function within(ms: number, isTrue: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (!(await isTrue())) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
