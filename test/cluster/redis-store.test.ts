import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { RESP_TYPES } from 'redis';
import { redisRevocationStore } from '../../lib/redis';
import type { NewRules, RevocationRule, RevocationStore } from '../../lib';
import { needs } from '../support/debian';
import { callsOf, RedisServer } from '../support/redis';
import type { RedisConnection } from '../support/redis';
import { ofIoredis, PACKAGES } from '../support/redis-clients';
import type { ClientPackage, StoreClient } from '../support/redis-clients';

const PREFIX = '{socketio-authorize}:';

const jti = (name: string, more: object = {}): RevocationRule => ({ jti: name, expiresAt: null, ...more });
const sub = (name: string, issuedBefore = 1000, more: object = {}): RevocationRule => ({
  sub: name,
  issuedBefore,
  expiresAt: null,
  ...more,
});

for (const [name, clients] of Object.entries(PACKAGES)) {
  describe(`the revocation store in Redis, on a client of ${name}`, () => suite(clients));
}

function suite(clients: ClientPackage): void {
  let redis: RedisServer;
  /** Looks at what is in Redis. */
  let admin: RedisConnection;
  let connection: StoreClient;
  let store: RevocationStore;

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
    admin = await redis.connected();
    connection = await clients.connected(redis);
    store = redisRevocationStore(connection.client);
  });

  beforeEach(() => admin.flushAll());

  after(async () => {
    connection?.close();
    await redis?.close();
  });

  const news = (cursor?: unknown): Promise<NewRules> => newsOf(store, cursor);

  it('refuses the token that a rule names, and no other', async () => {
    await store.add(jti('one'));
    expect(await store.isRevoked({ jti: 'one', sub: 'bob' })).to.equal(true);
    expect(await store.isRevoked({ jti: 'two', sub: 'one' })).to.equal(false);
    expect(await store.isRevoked({ sub: 'bob' })).to.equal(false);
    expect(await store.isRevoked({})).to.equal(false);
  });

  it("refuses a user's tokens that were issued before a moment, and those without `iat`", async () => {
    await store.add(sub('bob'));
    expect(await store.isRevoked({ sub: 'bob', iat: 999 })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob' })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob', iat: 1000 })).to.equal(false);
    expect(await store.isRevoked({ sub: 'carol', iat: 999 })).to.equal(false);
    expect(await store.isRevoked({ jti: 'bob', iat: 999 })).to.equal(false);
  });

  it("refuses the tokens of a provider's session, however new", async () => {
    await store.add({ sid: 'session', expiresAt: null });
    expect(await store.isRevoked({ sub: 'bob', sid: 'session', iat: 9e9 })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob', sid: 'other', jti: 'session' })).to.equal(false);
  });

  it("refuses only the tokens of the rule's issuer, and without one those of all issuers", async () => {
    await store.add(sub('bob', 1000, { iss: 'a' }));
    await store.add(jti('one', { iss: 'a' }));
    await store.add(jti('two'));
    const answers = [
      { sub: 'bob', iss: 'a', iat: 1 },
      { jti: 'one', iss: 'a' },
      { jti: 'two', iss: 'b' },
      { sub: 'bob', iss: 'b', iat: 1 },
      { sub: 'bob', iat: 1 },
      { jti: 'one', iss: 'b' },
    ].map(async (identity) => store.isRevoked(identity));
    expect(await Promise.all(answers)).to.deep.equal([true, true, true, false, false, false]);
  });

  it('uses the later of two moments for one user, whichever node writes last', async () => {
    const others = await Promise.all([clients.connected(redis), clients.connected(redis)]);
    const stores = others.map(({ client }) => redisRevocationStore(client));
    const moments = Array.from({ length: 200 }, (_, index) => 1000 + ((index * 37) % 200));
    await Promise.all(moments.map((moment, index) => stores[index % 2]?.add(sub('bob', moment))));
    for (const other of others) other.close();
    expect(await store.isRevoked({ sub: 'bob', iat: 1198 })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob', iat: 1199 })).to.equal(false);
  });

  it('lets a rule expire a minute after the tokens that it refuses, because the clocks of nodes differ', async () => {
    await store.add(jti('one', { expiresAt: Date.now() + 5_000 }));
    expect(await admin.pTTL(`${PREFIX}jti:one`)).to.be.within(60_000, 65_000);
    await store.add(jti('two', { expiresAt: Date.now() - 59_900 }));
    while (await store.isRevoked({ jti: 'two' }));
    expect(await admin.keys(`${PREFIX}jti:*`)).to.deep.equal([`${PREFIX}jti:one`]);
    await store.add(jti('over', { expiresAt: Date.now() - 60_001 }));
    expect(await admin.exists(`${PREFIX}jti:over`)).to.equal(0);
  });

  it('never shortens the life of a rule', async () => {
    const key = `${PREFIX}sub:bob`;
    await store.add(sub('bob', 1000, { expiresAt: Date.now() + 100_000 }));
    await store.add(sub('bob', 2000, { expiresAt: Date.now() + 10_000 }));
    expect(await admin.pTTL(key)).to.be.within(110_000, 160_000);
    await store.add(sub('bob', 1500));
    expect(await admin.pTTL(key)).to.equal(-1);
    await store.add(sub('bob', 3000, { expiresAt: Date.now() + 10_000 }));
    expect(await admin.pTTL(key)).to.equal(-1);
    expect(await admin.get(key)).to.equal('3000');
  });

  it('reads the rules that version 1 wrote', async () => {
    await admin.set(`${PREFIX}jti:one`, '1');
    await admin.set(`${PREFIX}sub:bob`, '1000');
    expect(await store.isRevoked({ jti: 'one', iat: 5 })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob', iat: 999 })).to.equal(true);
  });

  it('answers 2,000 checks at once with four commands', async () => {
    await store.add(jti('jti 1234'));
    const before = await callsOf(admin, 'mget');
    const answers = await Promise.all(
      Array.from({ length: 2_000 }, async (_, index) =>
        store.isRevoked({ jti: `jti ${index}`, sub: `${index}` }),
      ),
    );
    expect(answers.flatMap((answer, index) => (answer ? [index] : []))).to.deep.equal([1234]);
    expect((await callsOf(admin, 'mget')) - before).to.equal(4);
  });

  it('takes a prefix, for two applications on one Redis', async () => {
    const other = redisRevocationStore(connection.client, { prefix: '{other}:' });
    await other.add(jti('one'));
    expect(await admin.keys('*')).to.have.members(['{other}:jti:one', '{other}:rules']);
    expect(await other.isRevoked({ jti: 'one' })).to.equal(true);
    expect(await store.isRevoked({ jti: 'one' })).to.equal(false);
    expect((await news()).rules).to.deep.equal([]);
  });

  it('works on Redis Cluster', async () => {
    const node = await RedisServer.start({ cluster: true });
    const nodeAdmin = await node.connected();
    await nodeAdmin.clusterAddSlotsRange({ start: 0, end: 16_383 });
    while (!(await nodeAdmin.clusterInfo()).startsWith('cluster_state:ok')) await sleep(20);
    const cluster = await clients.ofCluster(node);
    try {
      const other = redisRevocationStore(cluster.client);
      await other.add(jti('one', { id: 'a' }));
      await other.add(sub('bob', 1000, { iss: 'a' }));
      const answers = [
        { jti: 'one', sub: 'carol' },
        { jti: 'two', sub: 'bob', iss: 'a' },
        { jti: 'two', sub: 'carol' },
      ].map(async (claims) => other.isRevoked(claims));
      expect(await Promise.all(answers)).to.deep.equal([true, true, false]);
      expect((await newsOf(other)).rules).to.have.length(2);
    } finally {
      cluster.close();
      await node.close();
    }
  });

  describe('lists new rules:', () => {
    it('from a cursor on, in order, and all rules without one', async () => {
      const before = await news();
      expect(before.rules).to.deep.equal([]);
      const rules = [jti('one'), { sid: 's', iss: 'a', expiresAt: Date.now() + 1e6 }, sub('bob')];
      for (const rule of rules) await store.add(rule);
      const after = await news(before.cursor);
      expect(after).to.deep.include({ rules, incomplete: false });
      expect((await news()).rules).to.deep.equal(rules);
    });

    it('some seconds before the cursor again, and not without end', async () => {
      await admin.xAdd(`${PREFIX}rules`, `${Date.now() - 6_000}-0`, { rule: JSON.stringify(jti('old')) });
      await store.add(jti('new'));
      const { rules, cursor } = await news();
      expect(rules).to.deep.equal([jti('old'), jti('new')]);
      expect((await news(cursor)).rules).to.deep.equal([jti('new')]);
    });

    it('with the time of each rule, and the end of its grace, by the clock of the reader', async () => {
      const now = Date.now();
      // By a node whose clock is an hour behind; the ms that are left are what counts.
      await admin.xAdd(`${PREFIX}rules`, `${now - 2_000}-0`, {
        rule: JSON.stringify({
          sub: 'bob',
          issuedBefore: 7,
          everySession: true,
          graceLeft: 5_000,
          expiresAt: null,
        }),
      });
      const [rule] = (await news()).rules as unknown as [{ revokedAt: number; graceUntil: number }];
      expect(rule).to.include({ sub: 'bob', issuedBefore: 7 });
      expect(rule.revokedAt).to.be.within(now - 2_000, Date.now() - 2_000);
      expect(rule.graceUntil - rule.revokedAt).to.equal(5_000);
      const revokedAt = Date.now();
      await store.add(sub('carol', 7, { revokedAt, graceUntil: revokedAt + 5_000 }));
      const later = (await news()).rules[1] as { revokedAt: number; graceUntil: number };
      expect(later.revokedAt).to.be.within(revokedAt, Date.now());
      expect(later.graceUntil).to.be.within(revokedAt + 4_900, Date.now() + 5_000);
    });

    it('without a time in the future, if the clock of Redis was set back', async () => {
      await admin.xAdd(`${PREFIX}rules`, `${Date.now() + 60_000}-0`, {
        rule: JSON.stringify({ sub: 'bob', issuedBefore: 7, everySession: true, expiresAt: null }),
      });
      const [rule] = (await news()).rules as unknown as [{ revokedAt: number }];
      expect(rule.revokedAt).to.be.at.most(Date.now());
    });

    it('a rule once, although other nodes have written copies, and again if it is revoked again', async () => {
      for (const id of ['a', 'a', 'b', 'a']) await store.add(jti('one', { id }));
      expect((await news()).rules.map(({ id }) => id)).to.deep.equal(['a', 'b']);
    });

    it('more than 2,000 rules in one answer', async () => {
      for (let start = 0; start < 2_100; start += 700)
        await Promise.all(
          Array.from({ length: 700 }, async (_, index) => store.add(jti(`${start + index}`))),
        );
      const { rules } = await news();
      expect(new Set(rules.map((rule) => ('jti' in rule ? rule.jti : ''))).size).to.equal(2_100);
      expect(rules).to.have.length(2_100);
    });

    it('for an hour, with `incomplete` for a node that was away for longer', async () => {
      const hour = 3_600_000;
      const now = Date.now();
      await admin.xAdd(`${PREFIX}rules`, `${now - hour - 1_000}-0`, { rule: JSON.stringify(jti('old')) });
      await store.add(jti('new'));
      expect((await news()).rules).to.deep.equal([jti('new')]);
      expect(await admin.pTTL(`${PREFIX}rules`)).to.be.within(hour - 10_000, hour);
      expect(await news(now - hour + 60_000)).to.include({ incomplete: false });
      expect(await news(now - hour - 1)).to.include({ incomplete: true });
    });

    for (const odd of ['not JSON', '{"jti":7}']) {
      it(`all readable rules, with incomplete if it holds ${odd}`, async () => {
        await admin.xAdd(`${PREFIX}rules`, '*', { rule: odd });
        await store.add(jti('one'));
        expect(await news()).to.deep.include({ rules: [jti('one')], incomplete: true });
      });
    }
  });

  it('rejects if Redis holds something that is no rule', async () => {
    await admin.set(`${PREFIX}sub:bob`, 'not a number');
    expect(await outcome(store.isRevoked({ sub: 'bob', iat: 1 }))).to.be.an('error');
    expect(await outcome(store.add(sub('bob', 1)))).to.be.an('error');
    await admin.set(`${PREFIX}rules`, 'not a stream');
    expect(await outcome(news())).to.be.an('error');
  });

  it('rejects at once while Redis is gone, and works again when it is back', async () => {
    await redis.stop();
    const answers = [store.isRevoked({ jti: 'one' }), store.add(jti('one')), news()];
    for (const one of await Promise.all(answers.map(outcome))) expect(one).to.be.an('error');
    await redis.start();
    await connection.ready();
    await store.add(jti('two'));
    expect(await store.isRevoked({ jti: 'two' })).to.equal(true);
    // What was told to have failed was not done later.
    expect(await store.isRevoked({ jti: 'one' })).to.equal(false);
  });

  it('rejects a check if Redis is killed before it answers', async () => {
    redis.freeze();
    const answers = [store.isRevoked({ jti: 'one' }), store.add(jti('one')), news()];
    const outcomes = Promise.all(answers.map(outcome));
    // Sent by now: its own check comes after the store's.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await redis.kill();
    for (const one of await outcomes) expect(one).to.be.an('error');
    await redis.start();
    await connection.ready();
  });

  it('loses no rule that it had accepted when a Redis that persists is killed', async () => {
    const durable = await RedisServer.start({ persistent: true });
    const other = await clients.connected(durable);
    try {
      const rules = redisRevocationStore(other.client);
      await rules.add(jti('one', { expiresAt: Date.now() + 60_000 }));
      await durable.kill();
      await durable.start();
      await other.ready();
      expect(await rules.isRevoked({ jti: 'one' })).to.equal(true);
      expect((await newsOf(rules)).rules).to.have.length(1);
    } finally {
      other.close();
      await durable.close();
    }
  });
}

describe('the revocation store in Redis', () => {
  let redis: RedisServer;
  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
  });
  after(() => redis?.close());

  it('accepts a client of redis that returns buffers', async () => {
    const client = (await redis.connected()).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    const store = redisRevocationStore(client);
    await store.add(sub('bob'));
    expect(await store.isRevoked({ sub: 'bob', iat: 999 })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob', iat: 1000 })).to.equal(false);
    expect((await newsOf(store)).rules).to.deep.equal([sub('bob')]);
  });

  it('accepts a client of ioredis with a `keyPrefix`', async () => {
    const { client, close } = await ofIoredis(new Redis(redis.port, { keyPrefix: 'mine:' }));
    const store = redisRevocationStore(client, { prefix: '{other}:' });
    await store.add(jti('one', { id: 'a' }));
    expect(await store.isRevoked({ jti: 'one' })).to.equal(true);
    expect((await newsOf(store)).rules).to.have.length(1);
    close();
    const admin = await redis.connected();
    expect(await admin.exists('mine:{other}:jti:one')).to.equal(1);
  });

  it('works with ioredis through Sentinel', async () => {
    const sentinel = await RedisServer.start({ sentinelOf: redis.port });
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
    const { client, close } = await ofIoredis(new Redis({ sentinels, name: 'main' }));
    try {
      const store = redisRevocationStore(client);
      await store.add(jti('by way of Sentinel'));
      expect(await store.isRevoked({ jti: 'by way of Sentinel' })).to.equal(true);
    } finally {
      close();
      await sentinel.close();
    }
  });

  it('throws a TypeError for a value that is no client, and for an unknown option', async () => {
    const client = await redis.connected();
    const wrong: [unknown, unknown, RegExp][] = [
      [undefined, {}, /client must be a client of the redis or ioredis package/],
      [null, {}, /client must be/],
      // As of version 3 of redis, which answers by callback.
      [{ mget: () => 0, eval: () => 0 }, {}, /client must be/],
      [{ mGet: () => 0 }, {}, /client must be/],
      [{ mget: () => 0, status: 'ready' }, {}, /client must be/],
      [client, null, /options must be an object/],
      [client, { prefx: 'x' }, /options\.prefx is not an option/],
      [client, { prefix: '' }, /options\.prefix must be a string/],
      [client, { prefix: 5 }, /options\.prefix must be a string/],
    ];
    for (const [one, options, message] of wrong) {
      expect(() => redisRevocationStore(one as never, options as never)).to.throw(TypeError, message);
    }
  });
});

async function newsOf(store: RevocationStore, cursor?: unknown): Promise<NewRules> {
  return (await store.rulesSince?.(cursor)) as NewRules;
}

/** What comes of a promise, its error included. */
async function outcome(answer: unknown): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    return error;
  }
}
