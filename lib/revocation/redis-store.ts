/**
 * Revocation rules in Redis, on the `redis` client, which is an optional peer dependency.
 *
 * One key a rule: `{prefix}:jti:x`, or `{prefix}:sub:x` with the second before which tokens are refused. Redis lets them
 * expire by itself.
 */
import { describe } from '../token/keys';
import type { RevocationRule, RevocationStore, TokenIdentity } from '../types';
import { issuedBefore } from './rules';

/** What is used of a client of the `redis` package, from version 4: `createClient`, `createCluster`, a pool. */
export interface RedisRevocationClient {
  /** Whether a command would be sent now, not queued until the connection is back. */
  readonly isReady?: boolean;
  /** MGET. */
  mGet(keys: string[]): PromiseLike<unknown>;
  /** EVAL. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): PromiseLike<unknown>;
}

/** What {@link redisRevocationStore} takes besides the client. */
export interface RedisRevocationOptions {
  /**
   * What all keys begin with. In braces, it keeps them in one slot of a Redis Cluster, where one MGET can reach them.
   *
   * @defaultValue '\{socketio-authorize\}:'
   */
  prefix?: string;
}

/** How long a rule outlives its tokens, in ms: the clocks of nodes differ. */
const GRACE = 60_000;

/** Keys that one MGET asks for; Redis does nothing else meanwhile. */
const MAX_KEYS = 1_000;

/** Of two rules under one key the later moment counts, and the longer life; 0 ms to live means for good. */
const ADD = `
local value, life = ARGV[1], tonumber(ARGV[2])
local known = redis.call('GET', KEYS[1])
if known then
  local left = redis.call('PTTL', KEYS[1])
  if tonumber(known) > tonumber(value) then value = known end
  if left < 0 then life = 0 elseif life > 0 then life = math.max(life, left) end
end
if life == 0 then redis.call('SET', KEYS[1], value)
else redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', life)) end
return 1`;

/**
 * Keeps revocation rules in Redis, so that nodes that start later know of them too. The client is yours: connect it,
 * listen to its `error` events, close it. While it is not connected, tokens are refused with `revocation_unavailable`.
 *
 * @throws TypeError if the client is none, or an option is wrong
 * @example authorize({ secret, revocation: redisRevocationStore(await createClient().connect()) })
 */
export function redisRevocationStore(
  client: RedisRevocationClient,
  options: RedisRevocationOptions = {},
): RevocationStore {
  const prefix = checked(client, options);
  const batch = new ReadBatch(client);
  return {
    async add(rule: RevocationRule): Promise<void> {
      const [key, value] =
        'jti' in rule
          ? [`${prefix}jti:${rule.jti}`, '1']
          : [`${prefix}sub:${rule.sub}`, String(rule.issuedBefore)];
      const life = rule.expiresAt === null ? 0 : Math.ceil(rule.expiresAt + GRACE - Date.now());
      // Nothing lives that it could refuse.
      if (rule.expiresAt !== null && life <= 0) return;
      requireReady(client);
      await client.eval(ADD, { keys: [key], arguments: [value, String(life)] });
    },

    isRevoked(identity: TokenIdentity): boolean | Promise<boolean> {
      const { jti, sub } = identity;
      if (jti === undefined && sub === undefined) return false;
      const byJti = jti === undefined ? undefined : batch.read(`${prefix}jti:${jti}`);
      const bySub = sub === undefined ? undefined : batch.read(`${prefix}sub:${sub}`);
      return Promise.all([byJti, bySub]).then(
        ([rule = null, second = null]) =>
          rule !== null || (second !== null && issuedBefore(identity, toSecond(second))),
      );
    },
  };
}

interface Question {
  readonly key: string;
  readonly resolve: (value: string | null) => void;
  readonly reject: (fault: unknown) => void;
}

/** Asks Redis once for what is asked in one turn of the event loop, such as the logins of a reconnect storm. */
class ReadBatch {
  readonly #client: RedisRevocationClient;
  #questions: Question[] = [];

  constructor(client: RedisRevocationClient) {
    this.#client = client;
  }

  read(key: string): Promise<string | null> {
    return new Promise((resolve, reject) => {
      // After the packets that have come in, which are read before `setImmediate` calls back.
      if (this.#questions.length === 0) setImmediate(() => this.#ask());
      this.#questions.push({ key, resolve, reject });
    });
  }

  #ask(): void {
    const questions = this.#questions;
    this.#questions = [];
    for (let start = 0; start < questions.length; start += MAX_KEYS) {
      const part = questions.slice(start, start + MAX_KEYS);
      this.#fetch(part.map(({ key }) => key)).then(
        (values) => part.forEach(({ resolve }, index) => resolve(values[index] ?? null)),
        (fault: unknown) => part.forEach(({ reject }) => reject(fault)),
      );
    }
  }

  async #fetch(keys: string[]): Promise<(string | null)[]> {
    requireReady(this.#client);
    const values = await this.#client.mGet(keys);
    if (!Array.isArray(values) || values.length !== keys.length) throw new Error('Redis answered no values');
    return values.map(toText);
  }
}

/** A client without a connection would queue the command, and its answer would come when nobody waits any more. */
function requireReady({ isReady }: RedisRevocationClient): void {
  if (isReady === false) throw new Error('the Redis client is not connected');
}

function toText(value: unknown): string | null {
  if (typeof value === 'string' || value === null) return value;
  // The application may have told the client to give buffers.
  if (Buffer.isBuffer(value)) return value.toString();
  throw new Error('Redis answered something else than text');
}

function toSecond(value: string): number {
  const second = value === '' ? NaN : Number(value);
  if (Number.isNaN(second)) throw new Error('Redis holds something else than a revocation rule');
  return second;
}

/** @returns the prefix of all keys */
function checked(client: RedisRevocationClient, options: RedisRevocationOptions): string {
  const methods = client as Partial<RedisRevocationClient> | null | undefined;
  if (typeof methods?.mGet !== 'function' || typeof methods.eval !== 'function') {
    throw new TypeError(`client must be a client of the redis package, got ${describe(client)}`);
  }
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object, got ${describe(options)}`);
  }
  const stranger = Object.keys(options).find((name) => name !== 'prefix');
  if (stranger !== undefined)
    throw new TypeError(`options.${stranger} is not an option of redisRevocationStore()`);
  const { prefix = '{socketio-authorize}:' }: { prefix?: unknown } = options;
  if (typeof prefix !== 'string' || prefix === '') {
    throw new TypeError(`options.prefix must be a string that is not empty, got ${describe(prefix)}`);
  }
  return prefix;
}
