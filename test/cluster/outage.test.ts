import { expect } from 'chai';
import type { AuthorizerStats } from '../../lib';
import { redisRevocationStore } from '../../lib/redis';
import { needs } from '../support/debian';
import { introduce, NodeProcess } from '../support/node-process';
import { callsOf, RedisServer } from '../support/redis';
import { PACKAGES } from '../support/redis-clients';
import type { StoreClient } from '../support/redis-clients';
import { createToken } from '../support/tokens';
import { World } from '../support/world';

/** Ms for a command of a node. Long for a busy machine, and over by the time that it has slept for as long. */
const COMMAND_TIMEOUT = 2_000;

describe('while Redis is gone', () => {
  let redis: RedisServer;

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start({ persistent: true });
  });

  const connections: StoreClient[] = [];
  const closeAfter = (connection: StoreClient): void => void connections.push(connection);

  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    // What a failed test has left stopped.
    await redis.start();
  });

  after(async () => {
    await NodeProcess.closeAll();
    await redis?.close();
  });

  const SETUPS = [
    ['redis', 'redis'],
    ['streams', 'redis'],
    ['redis', 'ioredis'],
  ] as const;
  for (const [adapter, store] of SETUPS) {
    it(`every token is refused, and the process continues and recovers by itself, on the ${adapter} adapter with a store on ${store}`, async () => {
      const [here, there] = (await NodeProcess.startAll(2, {
        adapter,
        redisUrl: redis.url,
        store,
        commandTimeout: COMMAND_TIMEOUT,
        connectionStateRecovery: {},
      })) as [NodeProcess, NodeProcess];
      await introduce(here, there);
      // Names that no other test has revoked.
      const [bob, dora] = [`bob on ${adapter}, ${store}`, `dora on ${adapter}, ${store}`];
      const ended = await here.loggedIn(createToken({ sub: bob }));
      const leaving = await here.loggedIn(createToken({ sub: 'carol' }));
      const pending = await here.connected();
      await redis.stop();
      const answer = await pending.authenticate(createToken({ sub: dora }));
      expect(answer).to.include({ ok: false });
      expect(answer).to.have.nested.property('error.code', 'revocation_unavailable');
      expect(answer).to.have.nested.property('error.retryable', true);
      // What is sent, kept and revoked meanwhile fails late, when commands have waited too long.
      await here.call('emit', 'news');
      leaving.socket.io.engine.close();
      const failure = await here.call('revoke', { sub: bob }).catch((error: Error) => error.message);
      expect(failure).to.match(/not connected/);
      // Local sessions are ended all the same.
      await ended.until('disconnect');
      while ((await here.call<AuthorizerStats>('stats')).authenticated > 0);
      expect(await here.call('stats')).to.include({ revoked: 1 });
      await here.call('sleep', COMMAND_TIMEOUT);
      await redis.start();
      await introduce(here, there);
      // The same sockets, the same process.
      await retry(() => pending.authenticate(createToken({ sub: dora })));
      expect(pending.received('news')).to.deep.equal([]);
      const late = await here.connected();
      expect(await late.authenticate(createToken({ sub: bob, iat: 1 }))).to.include({ ok: false });
      await retry(() => here.call('revoke', { sub: dora }).then(() => ({ ok: true })));
      await pending.until('disconnect');
      expect([here.isAlive, there.isAlive]).to.deep.equal([true, true]);
    });
  }

  for (const [name, clients] of Object.entries(PACKAGES)) {
    it(`no rule for which revoke has resolved is lost when a Redis that persists is killed, on a client of ${name}`, async () => {
      const token = createToken({ sub: 'erna', jti: 'one' });
      const world = await new World().listen();
      const after = await new World().listen();
      try {
        const connection = await clients.connected(redis);
        closeAfter(connection);
        const auth = world.authorize({ revocation: redisRevocationStore(connection.client) });
        auth.attach(world.io);
        await auth.revoke({ jti: 'one' });
        await redis.kill();
        await redis.start();
        await connection.ready();
        // A process that has never heard of it.
        const other = await clients.connected(redis);
        closeAfter(other);
        after.authorize({ revocation: redisRevocationStore(other.client) }).attach(after.io);
        for (const one of [world, after]) {
          const answer = await (await one.connected()).authenticate(token);
          expect(answer).to.have.nested.property('error.reason', 'revoked');
        }
      } finally {
        await Promise.all([world.close(), after.close()]);
      }
    });

    it(`a Redis that does not answer has every token refused after keyTimeout, on a client of ${name}`, async () => {
      const world = await new World().listen();
      try {
        const connection = await clients.connected(redis);
        closeAfter(connection);
        world
          .authorize({ revocation: redisRevocationStore(connection.client), keyTimeout: 50 })
          .attach(world.io);
        const pending = await world.connected();
        redis.freeze();
        const answer = await pending.authenticate(createToken());
        expect(answer).to.have.nested.property('error.code', 'revocation_unavailable');
        redis.thaw();
        await (await redis.connected()).ping();
        // 50 ms are little on a busy machine.
        await retry(() => pending.authenticate(createToken()));
      } finally {
        redis.thaw();
        await world.close();
      }
    });

    it(`many logins at once need far fewer Redis commands than there are clients, on a client of ${name}`, async () => {
      const world = await new World().listen();
      try {
        const connection = await clients.connected(redis);
        closeAfter(connection);
        world.authorize({ revocation: redisRevocationStore(connection.client) }).attach(world.io);
        const admin = await redis.connected();
        const before = await callsOf(admin, 'mget');
        const users = await Promise.all(Array.from({ length: 200 }, () => world.connected()));
        const answers = await Promise.all(
          users.map((one, index) => one.authenticate(createToken({ sub: `user ${index}` }))),
        );
        expect(answers.filter((answer) => (answer as { ok: boolean }).ok)).to.have.length(200);
        expect((await callsOf(admin, 'mget')) - before).to.be.below(100);
      } finally {
        await world.close();
      }
    });
  }
});

/** Tries until it succeeds: connections come back one by one. */
async function retry(attempt: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const answer = (await attempt().catch(() => undefined)) as { ok: boolean } | undefined;
    if (answer?.ok) return;
  }
}
