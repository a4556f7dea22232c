import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setupPrimary } from '@socket.io/cluster-adapter';
import type { ServerOptions } from 'socket.io';
import type { Socket as ClientSocket } from 'socket.io-client';
import type { AuthorizeOptions } from '../../lib';
import type { JwksVerifierOptions } from '../../lib/jwks';
import type { BackchannelLogoutOptions } from '../../lib/oidc';
import { openClient } from './world';
import type { ClientOptions, TestClient } from './world';

/** How a node is set up; it must survive JSON. */
export interface NodeConfig {
  adapter: 'redis' | 'sharded' | 'streams' | 'cluster';
  redisUrl?: string;
  /** Whether revocation rules are kept in Redis, and on a client of which package. */
  store?: boolean | 'redis' | 'ioredis';
  /** Where the store is reached, if not at `redisUrl`. */
  storeUrl?: string;
  /** Whether nothing that a node says to the others by `serverSideEmit` arrives. */
  isMute?: boolean;
  connectionStateRecovery?: Exclude<ServerOptions['connectionStateRecovery'], undefined>;
  options?: Partial<AuthorizeOptions>;
  /** The OpenID provider whose tokens it takes, and whose logouts at `/backchannel-logout`. */
  provider?: { tokens: JwksVerifierOptions; logout: BackchannelLogoutOptions };
  /** It runs `examples/user-sessions`, with its logins in Redis. */
  userSessions?: { oneDevice: boolean };
  /** Ms that a command may wait for its connection. */
  commandTimeout?: number;
  /** Where the adapter hears the other nodes, if not at `redisUrl`. */
  subscriberUrl?: string;
  /** Whether what the adapter publishes has no taker for its rejection. */
  isCareless?: boolean;
}

export interface Question {
  id: number;
  command: string;
  args: unknown[];
}

export interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

const SCRIPT = resolve(__dirname, '../cluster/node.js');

/** A server in a process of its own, with real clients in this one. */
export class NodeProcess {
  static readonly #all = new Set<NodeProcess>();
  readonly #process: ChildProcess;
  readonly #clients: ClientSocket[] = [];
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #port = 0;
  #questions = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    NodeProcess.#all.add(this);
    process.on('message', (answer: Partial<Answer>) =>
      this.#waiting.get(answer.id ?? -1)?.(answer as Answer),
    );
    process.on('exit', () => {
      for (const [id, settle] of this.#waiting) settle({ id, error: 'the node is gone' });
    });
  }

  /** Starts a node; it listens when this resolves. */
  static async start(config: NodeConfig): Promise<NodeProcess> {
    const env = { ...process.env, TEST_NODE: JSON.stringify(config) };
    const node = new NodeProcess(config.adapter === 'cluster' ? forkWorker(env) : fork(SCRIPT, { env }));
    const { value, error } = await new Promise<Answer>((settle) => node.#waiting.set(0, settle));
    node.#waiting.delete(0);
    if (error !== undefined) throw new Error(error);
    node.#port = value as number;
    return node;
  }

  static startAll(count: number, config: NodeConfig): Promise<NodeProcess[]> {
    return Promise.all(Array.from({ length: count }, () => NodeProcess.start(config)));
  }

  /** Ends every node that was started, and what a failed test has left over. */
  static async closeAll(): Promise<void> {
    const nodes = [...NodeProcess.#all];
    NodeProcess.#all.clear();
    await Promise.all(nodes.map((node) => node.close()));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Has the node do one of the commands of `test/cluster/node.ts`. */
  async call<Result = void>(command: string, ...args: unknown[]): Promise<Result> {
    this.#questions += 1;
    const id = this.#questions;
    const answered = new Promise<Answer>((settle) => this.#waiting.set(id, settle));
    this.#process.send({ id, command, args } satisfies Question);
    const { value, error } = await answered;
    this.#waiting.delete(id);
    if (error !== undefined) throw new Error(error);
    return value as Result;
  }

  /** A client that is connecting; over WebSocket, and never reconnecting by itself. */
  client(options: ClientOptions = {}): TestClient {
    const client = openClient(this.url, options);
    this.#clients.push(client.socket);
    return client;
  }

  async connected(options: ClientOptions = {}): Promise<TestClient> {
    const client = this.client(options);
    await client.until('connect');
    return client;
  }

  /** A client that has shown its token and is in. */
  async loggedIn(token: string): Promise<TestClient> {
    const client = this.client({ auth: { token } });
    await client.until('authenticated');
    return client;
  }

  /** Waits until the process has ended. */
  async gone(): Promise<void> {
    if (this.isAlive) await once(this.#process, 'exit');
  }

  /** Ends it as a failing machine does. */
  async kill(): Promise<void> {
    NodeProcess.#all.delete(this);
    this.#process.kill('SIGKILL');
    await this.gone();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    if (!this.isAlive) return;
    this.#process.disconnect();
    await once(this.#process, 'exit');
  }
}

let marks = 0;

/** Waits until every node hears every other: adapters subscribe when they can. */
export async function introduce(...nodes: NodeProcess[]): Promise<void> {
  const pairs = nodes.flatMap((one) => nodes.filter((other) => other !== one).map((other) => [one, other]));
  for (const [speaker, hearer] of pairs as [NodeProcess, NodeProcess][]) await hears(hearer, speaker);
}

/** Waits until a node has heard what another says now, and so all that it had said before. */
export async function hears(hearer: NodeProcess, speaker: NodeProcess): Promise<void> {
  marks += 1;
  const name = `mark ${marks}`;
  const heard = hearer.call('untilMark', name).then(() => true);
  do await speaker.call('mark', name);
  while (!(await Promise.race([heard, speaker.call('stats').then(() => false)])));
}

let isPrimary = false;

/** A worker of Node's own cluster, of which this process is the primary. */
function forkWorker(env: NodeJS.ProcessEnv): ChildProcess {
  if (!isPrimary) setupPrimary();
  isPrimary = true;
  cluster.setupPrimary({ exec: SCRIPT, args: [], execArgv: [] });
  return cluster.fork(env).process;
}
