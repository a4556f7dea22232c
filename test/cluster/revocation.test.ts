import { expect } from 'chai';
import { needs } from '../support/debian';
import { hears, introduce, NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';
import type { TestClient } from '../support/world';

const ADAPTERS = {
  redis: '@socket.io/redis-adapter',
  streams: '@socket.io/redis-streams-adapter',
  cluster: '@socket.io/cluster-adapter',
} as const;

for (const [adapter, name] of Object.entries(ADAPTERS)) {
  describe(`revocation on ${name}`, function () {
    this.timeout(180_000);
    let redis: RedisServer;
    let config: NodeConfig;
    let here: NodeProcess;
    let there: NodeProcess;
    /** Nobody has connected to it yet. */
    let quiet: NodeProcess;

    before(async function () {
      needs(this, 'redis-server');
      redis = await RedisServer.start();
      config = { adapter: adapter as NodeConfig['adapter'], redisUrl: redis.url, store: true };
      const nodes = (await NodeProcess.startAll(3, config)) as [NodeProcess, NodeProcess, NodeProcess];
      [here, there, quiet] = nodes;
      await introduce(...nodes);
    });

    after(async () => {
      await NodeProcess.closeAll();
      await redis?.close();
    });

    it("ends a subject's sessions on every node, and nobody else's", async () => {
      const token = createToken({ sub: 'bob' });
      const bobs = await Promise.all([here, there, there].map((node) => node.loggedIn(token)));
      const carol = await there.loggedIn(createToken({ sub: 'carol' }));
      await here.call('revoke', { sub: 'bob' });
      for (const bob of bobs) await expectRevoked(bob);
      await here.call('emit', 'news');
      expect(await carol.until('news')).to.have.length(1);
      expect(bobs.flatMap((bob) => bob.received('news'))).to.deep.equal([]);
      for (const node of [here, there]) await expectRefused(node, token);
      expect(await there.call('stats')).to.include({ authenticated: 1, revoked: 2 });
    });

    it('ends the session of one token on another node', async () => {
      const [one, two] = await Promise.all(
        ['one', 'two'].map((jti) => there.loggedIn(createToken({ sub: 'dora', jti }))),
      );
      await here.call('revoke', { jti: 'one' });
      await expectRevoked(one as TestClient);
      await expectRefused(there, createToken({ sub: 'dora', jti: 'one' }));
      await here.call('emit', 'more news');
      await two?.until('more news');
    });

    it('reaches a node that has had no connection yet', async () => {
      const token = createToken({ sub: 'erna', jti: 'early' });
      await here.call('revoke', { jti: 'early' });
      await hears(quiet, here);
      // Not looked up in the store, but heard.
      const admin = await redis.connected();
      await admin.flushAll();
      expect(await quiet.call('stats')).to.include({ refused: 0, verified: 0 });
      await expectRefused(quiet, token);
    });

    it('reaches a node that starts later, by the store', async () => {
      const tokens = [createToken({ sub: 'fred', jti: 'before' }), createToken({ sub: 'gina' })];
      await here.call('revoke', { jti: 'before' });
      await here.call('revoke', { sub: 'gina' });
      const later = await NodeProcess.start(config);
      try {
        for (const token of tokens) await expectRefused(later, token);
        await later.loggedIn(createToken({ sub: 'gina', iat: Math.floor(Date.now() / 1000) + 2 }));
      } finally {
        await later.close();
      }
    });
  });
}

async function expectRevoked(client: TestClient): Promise<void> {
  const [refusal] = await client.until('unauthorized');
  expect(refusal).to.have.nested.property('data.reason', 'revoked');
  expect(await client.until('disconnect')).to.include('io server disconnect');
}

async function expectRefused(node: NodeProcess, token: string): Promise<void> {
  const client = await node.connected();
  const answer = await client.authenticate(token);
  expect(answer).to.include({ ok: false });
  expect(answer).to.have.nested.property('error.reason', 'revoked');
  client.socket.disconnect();
}
