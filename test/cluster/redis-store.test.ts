import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createCluster, RESP_TYPES } from 'redis';
import { redisRevocationStore } from '../../lib/redis';
import type { RevocationStore } from '../../lib';
import { needs } from '../support/debian';
import { callsOf, ready, RedisServer } from '../support/redis';
import type { RedisConnection } from '../support/redis';

const PREFIX = '{socketio-authorize}:';

describe('the revocation store in Redis', () => {
  let redis: RedisServer;
  let client: RedisConnection;
  let store: RevocationStore;

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
    client = await redis.connected();
    store = redisRevocationStore(client);
  });

  beforeEach(() => client.flushAll());

  after(() => redis?.close());

  it('refuses the token that a rule names, and no other', async () => {
    await store.add({ jti: 'one', expiresAt: null });
    expect(await store.isRevoked({ jti: 'one', sub: 'bob' })).to.equal(true);
    expect(await store.isRevoked({ jti: 'two', sub: 'one' })).to.equal(false);
    expect(await store.isRevoked({ sub: 'bob' })).to.equal(false);
    expect(await store.isRevoked({})).to.equal(false);
  });

  it("refuses a subject's tokens from before a moment, and those that do not say when they were issued", async () => {
    await store.add({ sub: 'bob', issuedBefore: 1000, expiresAt: null });
    expect(await store.isRevoked({ sub: 'bob', iat: 999 })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob' })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob', iat: 1000 })).to.equal(false);
    expect(await store.isRevoked({ sub: 'carol', iat: 999 })).to.equal(false);
    expect(await store.isRevoked({ jti: 'bob', iat: 999 })).to.equal(false);
  });

  it('finds a subject that the issuer wrote as a number', async () => {
    await store.add({ sub: '7', issuedBefore: 1000, expiresAt: null });
    expect(await store.isRevoked({ sub: 7 as unknown as string, iat: 999 })).to.equal(true);
  });

  it('of two moments for one subject the later counts, whichever node says it last', async () => {
    const others = await Promise.all([redis.connected(), redis.connected()]);
    const stores = others.map((other) => redisRevocationStore(other));
    const moments = Array.from({ length: 200 }, (_, index) => 1000 + ((index * 37) % 200));
    await Promise.all(
      moments.map((issuedBefore, index) =>
        stores[index % 2]?.add({ sub: 'bob', issuedBefore, expiresAt: null }),
      ),
    );
    expect(await store.isRevoked({ sub: 'bob', iat: 1198 })).to.equal(true);
    expect(await store.isRevoked({ sub: 'bob', iat: 1199 })).to.equal(false);
  });

  it('lets a rule expire a minute after the tokens that it refuses, since the clocks of nodes differ', async () => {
    await store.add({ jti: 'one', expiresAt: Date.now() + 5_000 });
    expect(await client.pTTL(`${PREFIX}jti:one`)).to.be.within(60_000, 65_000);
    await store.add({ jti: 'two', expiresAt: Date.now() - 59_900 });
    while (await store.isRevoked({ jti: 'two' }));
    expect(await client.keys('*')).to.deep.equal([`${PREFIX}jti:one`]);
    await store.add({ jti: 'over', expiresAt: Date.now() - 60_001 });
    expect(await client.exists(`${PREFIX}jti:over`)).to.equal(0);
  });

  it('never shortens the life of a rule', async () => {
    const key = `${PREFIX}sub:bob`;
    await store.add({ sub: 'bob', issuedBefore: 1000, expiresAt: Date.now() + 100_000 });
    await store.add({ sub: 'bob', issuedBefore: 2000, expiresAt: Date.now() + 10_000 });
    expect(await client.pTTL(key)).to.be.within(110_000, 160_000);
    await store.add({ sub: 'bob', issuedBefore: 1500, expiresAt: null });
    expect(await client.pTTL(key)).to.equal(-1);
    await store.add({ sub: 'bob', issuedBefore: 3000, expiresAt: Date.now() + 10_000 });
    expect(await client.pTTL(key)).to.equal(-1);
    expect(await client.get(key)).to.equal('3000');
  });

  it('answers a storm of 2,000 checks with four commands, not one by one', async () => {
    await store.add({ jti: 'jti 1234', expiresAt: null });
    const before = await callsOf(client, 'mget');
    const answers = await Promise.all(
      Array.from({ length: 2_000 }, async (_, index) =>
        store.isRevoked({ jti: `jti ${index}`, sub: `${index}` }),
      ),
    );
    expect(answers.flatMap((answer, index) => (answer ? [index] : []))).to.deep.equal([1234]);
    expect((await callsOf(client, 'mget')) - before).to.equal(4);
  });

  it('takes a prefix, for two applications on one Redis', async () => {
    const other = redisRevocationStore(client, { prefix: '{other}:' });
    await other.add({ jti: 'one', expiresAt: null });
    expect(await client.keys('*')).to.deep.equal(['{other}:jti:one']);
    expect(await other.isRevoked({ jti: 'one' })).to.equal(true);
    expect(await store.isRevoked({ jti: 'one' })).to.equal(false);
  });

  it('takes a client that gives buffers', async () => {
    const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    const other = redisRevocationStore(buffers);
    await other.add({ sub: 'bob', issuedBefore: 1000, expiresAt: null });
    expect(await other.isRevoked({ sub: 'bob', iat: 999 })).to.equal(true);
    expect(await other.isRevoked({ sub: 'bob', iat: 1000 })).to.equal(false);
  });

  it('works on Redis Cluster', async () => {
    const node = await RedisServer.start({ cluster: true });
    const cluster = createCluster({ rootNodes: [{ url: node.url }] });
    try {
      const admin = await node.connected();
      await admin.clusterAddSlotsRange({ start: 0, end: 16_383 });
      while (!(await admin.clusterInfo()).startsWith('cluster_state:ok')) await sleep(20);
      await cluster.connect();
      const other = redisRevocationStore(cluster);
      await other.add({ jti: 'one', expiresAt: null });
      await other.add({ sub: 'bob', issuedBefore: 1000, expiresAt: null });
      const answers = [
        { jti: 'one', sub: 'carol' },
        { jti: 'two', sub: 'bob' },
        { jti: 'two', sub: 'carol' },
      ];
      expect(await Promise.all(answers.map(async (claims) => other.isRevoked(claims)))).to.deep.equal([
        true,
        true,
        false,
      ]);
    } finally {
      cluster.destroy();
      await node.close();
    }
  });

  it('rejects what Redis holds that is no rule', async () => {
    await client.set(`${PREFIX}sub:bob`, 'not a number');
    expect(await outcome(store.isRevoked({ sub: 'bob', iat: 1 }))).to.be.an('error');
    expect(await outcome(store.add({ sub: 'bob', issuedBefore: 1, expiresAt: null }))).to.be.an('error');
  });

  it('rejects at once while Redis is gone, and works again when it is back', async () => {
    await redis.stop();
    expect(await outcome(store.isRevoked({ jti: 'one' }))).to.be.an('error');
    expect(await outcome(store.add({ jti: 'one', expiresAt: null }))).to.be.an('error');
    await redis.start();
    await ready(client);
    await store.add({ jti: 'two', expiresAt: null });
    expect(await store.isRevoked({ jti: 'two' })).to.equal(true);
    // What was told to have failed was not done later.
    expect(await store.isRevoked({ jti: 'one' })).to.equal(false);
  });

  it('rejects what it was asked when Redis is killed before it answers', async () => {
    redis.freeze();
    const answers = [store.isRevoked({ jti: 'one' }), store.add({ jti: 'one', expiresAt: null })];
    const outcomes = Promise.all(answers.map(outcome));
    // Sent by now: its own check comes after the store's.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await redis.kill();
    for (const one of await outcomes) expect(one).to.be.an('error');
    await redis.start();
    await ready(client);
  });

  it('loses nothing that it had taken when a Redis that persists is killed', async () => {
    const durable = await RedisServer.start({ persistent: true });
    try {
      const other = await durable.connected();
      const rules = redisRevocationStore(other);
      await rules.add({ jti: 'one', expiresAt: Date.now() + 60_000 });
      await durable.kill();
      await durable.start();
      await ready(other);
      expect(await rules.isRevoked({ jti: 'one' })).to.equal(true);
    } finally {
      await durable.close();
    }
  });

  it('throws a TypeError for what is no client or no option', () => {
    const wrong: [unknown, unknown, RegExp][] = [
      [undefined, {}, /client must be a client of the redis package/],
      [null, {}, /client must be/],
      [{ mget: () => 0, eval: () => 0 }, {}, /client must be/],
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

/** What comes of a promise, its error included. */
async function outcome(answer: unknown): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    return error;
  }
}
