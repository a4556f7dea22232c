/** The nodes of a soak, which come and go, and the Redis server between them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthorizerStats } from '../../lib';
import { introduce, NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';

export interface ClusterOptions {
  readonly nodes: number;
  /** Ms that a client has for its login. */
  readonly timeout: number;
  /** The sockets that each node has had before its memory is measured; 0: it is not measured. */
  readonly warmUp: number;
}

export interface Gauges {
  pending: number;
  authenticated: number;
}

/** What two snapshots of a node must agree in. */
export interface Leftovers {
  sockets: number;
  rooms: string[];
  sids: number;
  clients: number;
  listeners: number;
  timers: number;
}

/** One place of the cluster, where a node runs, is killed, and is started again. */
export interface Slot {
  /** `undefined` while it is being started again. */
  node: NodeProcess | undefined;
  /** What the node held before its first client. */
  before: { leftovers: Leftovers; memory: number };
}

/** Ms that Redis is gone. */
const OUTAGE = 3_000;
/** Sockets of a warm-up that are open at once. */
const AT_ONCE = 25;

export class SoakCluster {
  readonly slots: Slot[] = [];
  readonly #redis: RedisServer;
  readonly #config: NodeConfig;
  readonly #warmUp: number;

  private constructor(redis: RedisServer, { timeout, warmUp }: ClusterOptions) {
    this.#redis = redis;
    this.#config = {
      adapter: 'redis',
      redisUrl: redis.url,
      store: true,
      options: { timeout, maxAttempts: 1_000 },
    };
    this.#warmUp = warmUp;
  }

  static async start(options: ClusterOptions): Promise<SoakCluster> {
    const cluster = new SoakCluster(await RedisServer.start({ persistent: true }), options);
    const nodes = await NodeProcess.startAll(options.nodes, cluster.#config);
    await introduce(...nodes);
    for (const node of nodes) cluster.slots.push({ node, before: await cluster.#measure(node) });
    return cluster;
  }

  get nodes(): NodeProcess[] {
    return this.slots.flatMap(({ node }) => node ?? []);
  }

  /** Kills the node of a slot, and starts another one there. */
  async restart(slot: Slot): Promise<void> {
    const { node } = slot;
    slot.node = undefined;
    if (node?.isAlive !== true) throw new Error('a node has died by itself');
    await node.kill();
    const next = await NodeProcess.start(this.#config);
    const [neighbour] = this.nodes;
    if (neighbour !== undefined) await introduce(next, neighbour);
    slot.before = await this.#measure(next);
    slot.node = next;
  }

  /** Stops Redis, and starts it again after a while with what it had on disk. */
  async interruptRedis(): Promise<void> {
    await this.#redis.stop();
    await sleep(OUTAGE);
    await this.#redis.start();
  }

  async close(): Promise<void> {
    await NodeProcess.closeAll();
    await this.#redis.close();
  }

  async #measure(node: NodeProcess): Promise<Slot['before']> {
    // Without clients: what is compiled, loaded or grown at the first ones is no leak.
    for (let done = 0; done < this.#warmUp; done += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => visit(node, done + index)));
    while ((await leftoversOf(node)).clients > 0) await sleep(20);
    return { leftovers: await leftoversOf(node), memory: this.#warmUp > 0 ? await memoryOf(node) : 0 };
  }
}

let visits = 0;

/** One client that does everything once, and leaves. */
async function visit(node: NodeProcess, number: number): Promise<void> {
  visits += 1;
  const [sub, sid, jti] = [`guest ${visits}`, `visit ${visits}`, `token of guest ${visits}`];
  const exp = Math.floor(Date.now() / 1000) + 60;
  const token = createToken({ sub, sid, jti, exp });
  const client = node.client({ auth: { token } });
  const stay = async (): Promise<void> => {
    await client.until('authenticated');
    for (const shown of [token, 'no token', createToken({ sub: `not ${sub}`, exp })])
      await client.authenticate(shown);
    await client.socket.emitWithAck('deauthenticate');
    await client.authenticate(token);
    await node.call('emit', 'tick', `user ${sub}`);
    const rules = [{ sub, grace: 1 }, { sub }, { sid }, { jti }];
    // All nodes keep rules, so these are few. Redis may be gone.
    const rule = number < 20 ? rules[number % rules.length] : undefined;
    if (rule !== undefined) await node.call('revoke', { ...rule, exp: exp - 59 }).catch(() => undefined);
  };
  // On a busy machine a guest may be thrown out before it has done everything.
  await Promise.race([stay(), client.until('disconnect'), client.until('connect_error')]);
  if (number % 2 === 0) client.socket.io.engine.close();
  client.socket.disconnect();
}

export async function gaugesOf(node: NodeProcess): Promise<Gauges> {
  const { pending, authenticated } = await node.call<AuthorizerStats>('stats');
  return { pending, authenticated };
}

export function leftoversOf(node: NodeProcess): Promise<Leftovers> {
  return node.call<Leftovers>('leftovers');
}

/** Bytes of V8's heap, and of what it holds outside, after a full garbage collection. */
export function memoryOf(node: NodeProcess): Promise<number> {
  return node.call<number>('memory');
}
