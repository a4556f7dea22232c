import { Cluster, Redis } from 'ioredis';
import { createCluster } from 'redis';
import type { IORedisRevocationClient, RedisRevocationClient } from '../../lib/redis';
import { ready, untilReady } from './redis';
import type { RedisConnection, RedisServer } from './redis';

/** A client of one of the packages that a revocation store takes. */
export interface StoreClient {
  readonly client: RedisRevocationClient | IORedisRevocationClient;
  /** Waits until its connection stands again. */
  ready(): Promise<void>;
  close(): void;
}

/** Connects clients of one package to a server. */
export interface ClientPackage {
  connected(redis: RedisServer): Promise<StoreClient>;
  /** To a server that is a Redis Cluster of its own. */
  ofCluster(redis: RedisServer): Promise<StoreClient>;
}

/** The packages whose clients a revocation store takes. */
export const PACKAGES: Readonly<Record<'redis' | 'ioredis', ClientPackage>> = {
  redis: {
    async connected(redis) {
      return ofRedis(await redis.connected());
    },
    async ofCluster(redis) {
      const client = createCluster({ rootNodes: [{ url: redis.url }] });
      await client.connect();
      return { client, ready: () => Promise.resolve(), close: () => client.destroy() };
    },
  },
  ioredis: {
    connected: (redis) => ofIoredis(new Redis(redis.port, '127.0.0.1', { retryStrategy: () => 20 })),
    ofCluster: (redis) => ofIoredis(new Cluster([{ host: '127.0.0.1', port: redis.port }])),
  },
};

function ofRedis(client: RedisConnection): StoreClient {
  // The server closes it.
  return { client, ready: () => ready(client), close: () => undefined };
}

/** Waits until a client of ioredis is connected, by whichever way. */
export async function ofIoredis(client: Redis | Cluster): Promise<StoreClient> {
  // Without a listener it prints what happens to it.
  client.on('error', () => undefined);
  const whenReady = async (): Promise<void> => {
    if (client.status !== 'ready') await untilReady(client);
  };
  await whenReady();
  return { client, ready: whenReady, close: () => client.disconnect() };
}
