/** Revocation rules in Redis, on a client of the `redis` or `ioredis` package: both are optional peer dependencies. */
import { checkValue, expect, ownOptions, unknownOption } from '../runtime/option-check';
import type { NewRules, RevocationRule, RevocationStore, TokenIdentity } from '../types';
import { ReadBatch } from './read-batch';
import { toCommands, toText } from './redis-client';
import type { IORedisRevocationClient, RedisCommands, RedisRevocationClient } from './redis-client';
import { ADD_RULE, READ_RULES } from './redis-scripts';
import { issuedBefore, keyOf, keysOf, targetOf } from './rule-keys';
import { fromMessage, toMessage } from './rule-messages';
import { CLOCK_MARGIN } from './rules';
import { leaseTo } from './store-lease';
import type { StoreLease } from './store-lease';

/** What {@link redisRevocationStore} takes besides the client. */
export interface RedisRevocationOptions {
  /**
   * The prefix of all keys. In braces, it keeps them in one slot of a Redis Cluster, where one MGET can reach them.
   *
   * @defaultValue '\{socketio-authorize\}:'
   */
  prefix?: string | undefined;
}

/** Ms for which rules can be listed. A node that was cut off for longer looks up its sessions one by one. */
const LISTED = 3_600_000;

/** Ms within which nodes write their copies of a received rule. */
const COPIES_COME = 60_000;

/** Ms that each read overlaps the last one: after a failover, the new Redis may have a slower clock. */
const OVERLAP = 5_000;

/** The most entries of the stream that one script reads: Redis handles no other command meanwhile. */
const MAX_ENTRIES = 1_000;

/**
 * Keeps revocation rules in Redis 5 or newer, so that nodes that start later, or miss a message, know them, too. The
 * client is yours: connect it, listen to its `error` events, close it. While it is not connected, tokens are refused
 * with `revocation_unavailable`.
 *
 * One store may be given to several authorizers, which then share their rules. Authorizers for different users need a
 * `prefix` each: a second store on the same client and prefix throws, until all authorizers of the first are closed.
 *
 * @param client of the `redis` package (4 or newer) or of `ioredis` (5 or newer)
 * @throws TypeError if the client is none, an option is wrong, or another store has the same client and prefix
 * @example
 * // Without a listener, an error of the connection ends the process.
 * const client = await createClient().on('error', console.error).connect();
 * authorize({ secret, revocation: redisRevocationStore(client) });
 */
export function redisRevocationStore(
  client: RedisRevocationClient | IORedisRevocationClient,
  options: RedisRevocationOptions = {},
): RevocationStore {
  const commands = toCommands(client);
  const prefix = prefixOf(options);
  const store = new RedisStore(commands, prefix);
  const lease = leaseOf(client, prefix, store);
  lease.claim();
  leaseTo(store, lease);
  return store;
}

class RedisStore implements RevocationStore {
  readonly #commands: RedisCommands;
  readonly #prefix: string;
  readonly #batch: ReadBatch;

  constructor(commands: RedisCommands, prefix: string) {
    this.#commands = commands;
    this.#prefix = prefix;
    this.#batch = new ReadBatch(commands);
  }

  async add(rule: RevocationRule): Promise<void> {
    const { id, expiresAt } = rule;
    const now = Date.now();
    const life = expiresAt === null ? 0 : Math.ceil(expiresAt + CLOCK_MARGIN - now);
    // The rule has ended: no token is left that it could refuse.
    if (expiresAt !== null && life <= 0) return;
    const { group, name } = keyOf(targetOf(rule));
    const keys = [`${group}:${name}`, STREAM, ...(id === undefined ? [] : [`id:${id}`])];
    // A rule by `jti` or `sid` needs only its key.
    const limit = 'issuedBefore' in rule ? rule.issuedBefore : 1;
    const message = JSON.stringify(toMessage(rule, now));
    await this.#commands.run(
      ADD_RULE,
      keys.map((key) => this.#prefix + key),
      [String(limit), String(life), message, String(LISTED), String(COPIES_COME)],
    );
  }

  isRevoked(identity: TokenIdentity): boolean | Promise<boolean> {
    const names = keysOf(identity);
    if (names.length === 0) return false;
    const answers = names.map(async ({ kind, group, name }) => {
      const value = await this.#batch.read(`${this.#prefix}${group}:${name}`);
      return value !== null && (kind !== 'sub' || issuedBefore(identity, toNumber(value)));
    });
    return Promise.all(answers).then((all) => all.includes(true));
  }

  /** @param cursor ms by Redis' clock, from an earlier answer */
  async rulesSince(cursor?: unknown): Promise<NewRules> {
    const since = cursor as number | undefined;
    const read: (RevocationRule | undefined)[] = [];
    let from = since === undefined ? '-' : String(since);
    for (;;) {
      const { now, entries } = await this.#readStream(from);
      // Late by the way of the answer. So no session that began before a rule outlives it; one that began right behind
      // it may end too, and its client may log in again.
      const readAt = Date.now();
      for (const { id, message } of entries) {
        read.push(fromMessage(parsed(message), readAt - Math.max(0, now - msOf(id))));
        from = idAfter(id);
      }
      if (entries.length === MAX_ENTRIES) continue;
      const rules = read.filter((rule) => rule !== undefined);
      const isTrimmed = since !== undefined && since <= now - LISTED;
      return { rules, cursor: now - OVERLAP, incomplete: isTrimmed || rules.length < read.length };
    }
  }

  async #readStream(from: string): Promise<{ now: number; entries: Entry[] }> {
    const args = [from, String(MAX_ENTRIES)];
    const answer = await this.#commands.run(READ_RULES, [this.#prefix + STREAM], args);
    if (!Array.isArray(answer)) throw new Error('Redis answered no list');
    const [now = '', ...texts] = answer.map(toText);
    const entries: Entry[] = [];
    for (let index = 0; index < texts.length; index += 2)
      entries.push({ id: texts[index] as string, message: texts[index + 1] as string });
    return { now: toNumber(now), entries };
  }
}

/** The stream of all rules; no rule's key has this name. */
const STREAM = 'rules';

interface Entry {
  /** `{ms}-{number}`. */
  readonly id: string;
  readonly message: string;
}

function msOf(id: string): number {
  return Number(id.split('-')[0]);
}

/** Redis before 6.2 has no exclusive start. */
function idAfter(id: string): string {
  const [ms, number] = id.split('-');
  return `${ms}-${Number(number) + 1}`;
}

/** `undefined` for text that is no JSON, and so no rule. */
function parsed(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

function toNumber(value: string): number {
  const number = value === '' ? NaN : Number(value);
  if (Number.isNaN(number)) throw new Error('Redis holds something else than a revocation rule');
  return number;
}

/** Which stores are in use, by client and prefix. */
const inUse = new WeakMap<object, Map<string, RevocationStore>>();

function leaseOf(client: object, prefix: string, store: RevocationStore): StoreLease {
  const byPrefix = inUse.get(client) ?? new Map<string, RevocationStore>();
  inUse.set(client, byPrefix);
  return {
    claim() {
      if ((byPrefix.get(prefix) ?? store) !== store) {
        throw new TypeError(
          `another revocation store has this client and the prefix '${prefix}': its users would share their rules. ` +
            'Give one store to both authorizers, or each store a prefix of its own',
        );
      }
      byPrefix.set(prefix, store);
    },
    release() {
      byPrefix.delete(prefix);
    },
  };
}

const isPrefix = expect('a string that is not empty', (value) => typeof value === 'string' && value !== '');

function prefixOf(options: RedisRevocationOptions): string {
  const own = ownOptions(options, ['prefix']);
  const stranger = Object.keys(own).find((name) => name !== 'prefix');
  if (stranger !== undefined) throw unknownOption(stranger, 'redisRevocationStore()', ['prefix']);
  const { prefix = '{socketio-authorize}:' } = own;
  checkValue('prefix', isPrefix, prefix);
  return prefix as string;
}
