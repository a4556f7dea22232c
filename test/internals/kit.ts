import { once } from 'node:events';
import { createAdapter as createRedisAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import type { Server, ServerOptions, Socket } from 'socket.io';
import { needs } from '../support/debian';
import { RawClient } from '../support/raw-client';
import { RedisServer } from '../support/redis';
import type { ClientOptions, TestClient } from '../support/world';
import { World } from '../support/world';

/** The oldest Socket.IO 4 that is supported, and the newest. */
export const VERSIONS = ['socket.io-4-0', 'socket.io'] as const;
export type Version = (typeof VERSIONS)[number];

/** A server of one version of Socket.IO that nobody guards. */
export class BareWorld extends World {
  static async start(version: Version, options: Partial<ServerOptions> = {}): Promise<BareWorld> {
    // oxlint-disable-next-line typescript/no-require-imports -- one of two versions, which TypeScript cannot know
    const { Server: Class } = require(version) as { Server: typeof Server };
    const world = new BareWorld(options, Class);
    await world.listen();
    return world;
  }

  /** A client whose connection stands, and its socket on the server. */
  async pair(namespace = '/', options: ClientOptions = {}): Promise<{ client: TestClient; socket: Socket }> {
    const connection = once(this.io.of(namespace) as never, 'connection') as Promise<[Socket]>;
    const client = await this.connected(namespace, options);
    const [socket] = await connection;
    return { client, socket };
  }

  /** A client that speaks the protocol by hand; its transport stands, and no namespace yet. */
  raw(): Promise<RawClient> {
    return RawClient.open(this.url, 'websocket');
  }

  override async close(): Promise<void> {
    await super.close();
    // Older versions of Socket.IO do not wait for their connections.
    this.http.closeAllConnections();
  }
}

/** Has a function told of each call of a method, on this object alone. */
export function spyOn(target: object, name: string, onCall: (...args: never[]) => unknown): void {
  const original = (target as Record<string, (...args: unknown[]) => unknown>)[name];
  if (typeof original !== 'function') throw new TypeError(`there is no ${name}()`);
  const spy = function spy(this: unknown, ...args: unknown[]): unknown {
    onCall(...(args as never[]));
    return original.apply(this, args);
  };
  Object.defineProperty(target, name, { value: spy, configurable: true, writable: true });
}

/** The arguments of the next event of that name. */
export async function next<Args extends unknown[]>(emitter: object, event: string): Promise<Args> {
  return (await once(emitter as never, event)) as Args;
}

/** How a server is told which adapter to use. */
export type AdapterOption = NonNullable<ServerOptions['adapter']>;

/** The adapters that connect processes by Redis. */
export const REDIS_ADAPTERS: readonly [
  name: string,
  create: (redis: RedisServer) => Promise<AdapterOption>,
][] = [
  ['redis', async (redis) => createRedisAdapter(await redis.connected(), await redis.connected())],
  ['sharded redis', async (redis) => createShardedAdapter(await redis.connected(), await redis.connected())],
  ['redis-streams', async (redis) => createStreamsAdapter(await redis.connected(), { blockTimeInMs: 100 })],
];

/** Gives the tests of a suite one Redis server. */
export function withRedis(): () => RedisServer {
  let redis: RedisServer | undefined;
  before(async function start() {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
  });
  after(() => redis?.close());
  return () => redis as RedisServer;
}
