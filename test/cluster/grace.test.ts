import { expect } from 'chai';
import { authenticate } from '../../lib/client';
import type { ClientAuth } from '../../lib/client';
import { needs } from '../support/debian';
import { introduce, NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';
import type { TestClient } from '../support/world';

describe('a user whose role changes, revoked with grace on a cluster', () => {
  let redis: RedisServer;
  let config: NodeConfig;
  let here: NodeProcess;
  let there: NodeProcess;
  let role: string;
  const helpers: ClientAuth[] = [];

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
    config = { adapter: 'redis', redisUrl: redis.url, store: true };
    [here, there] = (await NodeProcess.startAll(2, config)) as [NodeProcess, NodeProcess];
    await introduce(here, there);
  });

  beforeEach(() => (role = 'user'));

  after(async () => {
    for (const helper of helpers) helper.close();
    await NodeProcess.closeAll();
    await redis?.close();
  });

  /** A client with the helper, which fetches what the issuer says now. */
  async function withHelper(node: NodeProcess, sub: string): Promise<TestClient> {
    const client = await node.connected();
    const helper = authenticate(client.socket, { token: () => createToken({ sub, role }) });
    helpers.push(helper);
    await helper.ready;
    return client;
  }

  const rolesOn = async (node: NodeProcess, sub: string): Promise<unknown[]> => {
    type Seen = { data: { auth: { claims: { sub: string; role: string } } } }[];
    const seen = await node.call<Seen>('fetchSockets');
    return seen
      .map(({ data }) => data.auth.claims)
      .flatMap((claims) => (claims.sub === sub ? [claims.role] : []));
  };

  it('continues without a gap and with the new claims, on every node; a client that sends no fresh token is disconnected', async () => {
    const clients = [await withHelper(here, 'anna'), await withHelper(there, 'anna')];
    const idle = await there.loggedIn(createToken({ sub: 'anna', role }));
    role = 'admin';
    await here.call('revoke', { sub: 'anna', grace: 8_000 });
    for (const client of clients) {
      await client.until('authenticated');
      await client.until('token_expiring');
      // The renewal.
      await client.until('authenticated');
    }
    await idle.until('disconnect');
    expect(await rolesOn(here, 'anna')).to.deep.equal(['admin', 'admin']);
    await there.call('emit', 'news');
    for (const client of clients) {
      await client.until('news');
      expect(client.inbox.events).to.not.include.members(['disconnect']);
      expect(client.inbox.events).to.not.include.members(['unauthorized']);
    }
  });

  it('keeps the session when the node that revoked dies in between', async () => {
    const victim = await NodeProcess.start(config);
    await introduce(here, there, victim);
    const saved = await withHelper(there, 'bert');
    const [idle, onVictim] = await Promise.all([
      here.loggedIn(createToken({ sub: 'bert', role })),
      victim.loggedIn(createToken({ sub: 'bert', role })),
    ]);
    role = 'admin';
    // It has said it, and is gone before the grace is over.
    await victim.call('revokeAndDie', { sub: 'bert', grace: 8_000 }, null).catch(() => undefined);
    await victim.gone();
    await onVictim.until('disconnect');
    await saved.until('token_expiring');
    await idle.until('token_expiring');
    const [refusal] = await idle.until('unauthorized');
    expect(refusal).to.deep.nested.include({ 'data.reason': 'revoked', 'data.retryable': true });
    expect(await rolesOn(here, 'bert')).to.deep.equal(['admin']);
    // Known to a node that starts later, too.
    const later = await NodeProcess.start(config);
    const former = createToken({ sub: 'bert', iat: Math.floor(Date.now() / 1000) - 60 });
    expect(await (await later.connected()).authenticate(former)).to.have.nested.property(
      'error.reason',
      'revoked',
    );
  });
});
