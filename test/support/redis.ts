import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';

export type RedisConnection = ReturnType<typeof connect>;

/** A start fails fast, so this is a second or two. */
const MAX_STARTS = 50;

interface RedisServerOptions {
  /** What was written is on disk before it is acknowledged. */
  persistent?: boolean;
  /** It is a node of a Redis Cluster. */
  cluster?: boolean;
  /** It is a Sentinel that watches the server on this port, under the name `main`. */
  sentinelOf?: number;
}

/** A real Redis server on a port of its own, with a temporary folder; it can be stopped, killed and started again. */
export class RedisServer {
  #port = 0;
  readonly #folder: string;
  readonly #options: RedisServerOptions;
  readonly #clients: RedisConnection[] = [];
  #process: ChildProcess | undefined;

  private constructor(folder: string, options: RedisServerOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'socketio-authorize-redis-'));
    const server = new RedisServer(folder, options);
    await server.start();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** A client, not connected yet, that comes back quickly; closed with the server. */
  client(): RedisConnection {
    const client = connect(this.url);
    // Without a listener, Redis being gone would be an exception.
    client.on('error', () => undefined);
    this.#clients.push(client);
    return client;
  }

  /** A client whose connection stands. */
  async connected(): Promise<RedisConnection> {
    const client = this.client();
    await client.connect();
    return client;
  }

  /** Starts it again, on the same port, with what it had on disk. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    const isFirst = this.#port === 0;
    // Another program may take the port just before Redis does: the first time there are others, later it is waited for.
    for (let attempt = 1; ; attempt += 1) {
      if (isFirst) this.#port = await freePort();
      const code = await this.#run();
      if (code === undefined) return;
      this.#process = undefined;
      if (attempt === MAX_STARTS) throw new Error(`redis-server ended with ${code}`);
    }
  }

  /** @returns once it listens; how it ended if it could not */
  async #run(): Promise<string | undefined> {
    const options = {
      port: this.#port,
      bind: '127.0.0.1',
      dir: this.#folder,
      save: '',
      appendonly: this.#options.persistent ? 'yes' : 'no',
      'cluster-enabled': this.#options.cluster ? 'yes' : 'no',
      // A node alone does not learn its own address from others, and some clients ask for it.
      'cluster-announce-ip': '127.0.0.1',
      appendfsync: 'always',
    };
    const args =
      this.#options.sentinelOf === undefined
        ? Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
        : [await this.#sentinelFile(this.#options.sentinelOf), '--sentinel'];
    const redis = spawn('/usr/bin/redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = redis;
    const exited = once(redis, 'exit').then((ending: unknown[]) => ending.join(' '));
    const listening = new Promise<undefined>((resolve) => {
      createInterface(redis.stdout).on('line', (line) => {
        if (/Ready to accept connections|\+monitor master/.test(line)) resolve(undefined);
      });
    });
    return Promise.race([listening, exited]);
  }

  /** A Sentinel writes what it learns into its configuration. */
  async #sentinelFile(watched: number): Promise<string> {
    const path = join(this.#folder, 'sentinel.conf');
    const lines = [
      `port ${this.port}`,
      'bind 127.0.0.1',
      `dir ${this.#folder}`,
      `sentinel monitor main 127.0.0.1 ${watched} 1`,
    ];
    await writeFile(path, `${lines.join('\n')}\n`);
    return path;
  }

  /** Ends it as an operator would, or as a failing machine does. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const redis = this.#process;
    this.#process = undefined;
    if (redis === undefined || redis.exitCode !== null) return;
    redis.kill(signal);
    await once(redis, 'exit');
  }

  kill(): Promise<void> {
    return this.stop('SIGKILL');
  }

  /** Stands still, with all connections open; until {@link thaw}. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    for (const client of this.#clients) if (client.isOpen) client.destroy();
    await this.stop('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** How often the server has run a command. */
export async function callsOf(client: RedisConnection, command: string): Promise<number> {
  const info = await client.info('commandstats');
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(info)?.[1] ?? 0);
}

/** Waits until a client has a connection again. */
export async function ready(client: RedisConnection): Promise<void> {
  if (!client.isReady) await untilReady(client);
}

/**
 * Waits until a client stands. `once` of Node would reject at an error, such as that of an attempt to connect from
 * before the server's start.
 */
export function untilReady(client: { once(event: 'ready', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    client.once('ready', () => resolve());
  });
}

function connect(url: string) {
  return createClient({ url, socket: { reconnectStrategy: 20 } });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
