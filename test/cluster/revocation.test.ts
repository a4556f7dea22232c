import { expect } from 'chai';
import { needs } from '../support/debian';
import { hears, introduce, NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';
import type { TestClient } from '../support/world';

const ADAPTERS = {
  redis: '@socket.io/redis-adapter',
  sharded: '@socket.io/redis-adapter, sharded',
  streams: '@socket.io/redis-streams-adapter',
  cluster: '@socket.io/cluster-adapter',
} as const;

for (const [adapter, name] of Object.entries(ADAPTERS)) {
  describe(`revocation on ${name}`, () => {
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

    it('ends every session of a user on another node, however far ahead the clock of the issuer is', async () => {
      const ahead = createToken({ sub: 'hugo', iat: Math.floor(Date.now() / 1000) + 30 });
      const hugo = await there.loggedIn(ahead);
      const { issuedBefore } = await here.call<{ issuedBefore: number }>('revoke', { sub: 'hugo' });
      await expectRevoked(hugo, true);
      // Who asked for it stays, by a token that was issued since.
      await there.loggedIn(createToken({ sub: 'hugo', iat: issuedBefore }));
    });

    it("ends a provider's session on every node, and neither another session of the user nor one of another provider", async () => {
      const claims = [
        { sub: 'ida', sid: 'one', iss: 'a' },
        { sub: 'ida', sid: 'two', iss: 'a' },
        { sub: 'ida', sid: 'one', iss: 'b' },
      ];
      const [ended, ...others] = await Promise.all(claims.map((one) => there.loggedIn(createToken(one))));
      await here.call('revoke', { sid: 'one', iss: 'a' });
      await expectRevoked(ended as TestClient, false);
      for (const node of [here, there]) await expectRefused(node, createToken(claims[0]));
      await here.call('emit', 'still here');
      for (const other of others) await other.until('still here');
    });

    it('with grace asks for a fresh token on every node, and ends sessions that send none', async () => {
      const former = createToken({ sub: 'jane', role: 'user' });
      const clients = await Promise.all([here, there].map((node) => node.loggedIn(former)));
      const [saved, idle] = await Promise.all([there.loggedIn(former), there.loggedIn(former)]);
      const revokedAt = Date.now();
      await here.call('revoke', { sub: 'jane', grace: 6_000 });
      await expectRefused(there, former);
      for (const client of [...clients, saved, idle]) {
        const [{ expiresIn }] = (await client.until('token_expiring')) as [{ expiresIn: number }];
        expect(expiresIn).to.be.within(1, 6_000);
      }
      const answer = await saved.authenticate(createToken({ sub: 'jane', role: 'admin' }));
      expect(answer).to.include({ ok: true });
      for (const client of [...clients, idle]) await expectRevoked(client, true);
      expect(Date.now() - revokedAt).to.be.at.least(6_000);
      await here.call('emit', 'to jane');
      await saved.until('to jane');
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

    it('reaches a node that starts later, through the store', async () => {
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

async function expectRevoked(client: TestClient, retryable?: boolean): Promise<void> {
  const [refusal] = await client.until('unauthorized');
  expect(refusal).to.have.nested.property('data.reason', 'revoked');
  if (retryable !== undefined) expect(refusal).to.have.nested.property('data.retryable', retryable);
  expect(await client.until('disconnect')).to.include('io server disconnect');
}

async function expectRefused(node: NodeProcess, token: string): Promise<void> {
  const client = await node.connected();
  const answer = await client.authenticate(token);
  expect(answer).to.include({ ok: false });
  expect(answer).to.have.nested.property('error.reason', 'revoked');
  client.socket.disconnect();
}
