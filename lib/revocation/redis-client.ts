import { describe } from '../token/keys';

/** The used members of a client of the `redis` package, from version 4: `createClient`, `createCluster`, a pool. */
export interface RedisRevocationClient {
  /** Whether a command would be sent now, not queued until the connection is back. */
  readonly isReady?: boolean;
  /** MGET. */
  mGet(keys: string[]): PromiseLike<unknown>;
  /** EVAL. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): PromiseLike<unknown>;
}

/**
 * The used members of a client of the `ioredis` package, from version 5: `Redis`, also with Sentinel, and `Cluster`.
 */
export interface IORedisRevocationClient {
  /** `'ready'` if a command would be sent now, not queued until the connection is back. */
  readonly status: string;
  /** MGET. */
  mget(keys: string[]): PromiseLike<unknown>;
  /** EVAL. */
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): PromiseLike<unknown>;
}

/** The commands that a store needs, for both packages. All reject at once while the client is not connected. */
export interface RedisCommands {
  /** The values of keys; `null` where there is none. */
  getAll(keys: string[]): Promise<(string | null)[]>;
  /** Runs a script. */
  run(script: string, keys: string[], args: string[]): Promise<unknown>;
}

/** @throws TypeError if it is a client of neither package */
export function toCommands(client: RedisRevocationClient | IORedisRevocationClient): RedisCommands {
  const sender = senderOf(client);
  if (sender === undefined) {
    throw new TypeError(`client must be a client of the redis or ioredis package, got ${describe(client)}`);
  }
  // Without a connection, the client would queue the command, and the answer would come too late.
  const ready = (): Sender => {
    if (!sender.isReady()) throw new Error('the Redis client is not connected');
    return sender;
  };
  return {
    async getAll(keys) {
      const values = await ready().getAll(keys);
      if (!Array.isArray(values) || values.length !== keys.length)
        throw new Error('Redis answered no values');
      return values.map((value: unknown) => (value === null ? null : toText(value)));
    },
    async run(script, keys, args) {
      return ready().run(script, keys, args);
    },
  };
}

interface Sender {
  isReady(): boolean;
  getAll(keys: string[]): PromiseLike<unknown>;
  run(script: string, keys: string[], args: string[]): PromiseLike<unknown>;
}

function senderOf(client: RedisRevocationClient | IORedisRevocationClient): Sender | undefined {
  if (isOfRedis(client)) {
    return {
      isReady: () => client.isReady !== false,
      getAll: (keys) => client.mGet(keys),
      run: (script, keys, args) => client.eval(script, { keys, arguments: args }),
    };
  }
  if (!isOfIoredis(client)) return undefined;
  return {
    isReady: () => client.status === 'ready',
    getAll: (keys) => client.mget(keys),
    run: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
  };
}

function isOfRedis(client: unknown): client is RedisRevocationClient {
  return hasMethods(client, 'mGet', 'eval');
}

/** Version 3 of `redis` has the same methods but answers by callback, and has no `status`. */
function isOfIoredis(client: unknown): client is IORedisRevocationClient {
  return hasMethods(client, 'mget', 'eval') && typeof (client as { status?: unknown }).status === 'string';
}

function hasMethods(client: unknown, ...names: string[]): boolean {
  const members = client as Readonly<Record<string, unknown>> | null | undefined;
  return names.every((name) => typeof members?.[name] === 'function');
}

/** @throws Error if the answer is no text: the application may have configured the client to return buffers */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString();
  throw new Error('Redis answered something else than text');
}
