import { expect } from 'chai';
import { Cable } from '../support/cable';
import { needs } from '../support/debian';
import { hears, introduce, NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';
import type { TestClient } from '../support/world';

describe('revocation when nodes and connections break', () => {
  let redis: RedisServer;
  let config: NodeConfig;
  /** Through which `there` hears the others. */
  let cable: Cable;
  let here: NodeProcess;
  let there: NodeProcess;

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
    cable = await Cable.lay(redis.port);
    config = { adapter: 'redis', redisUrl: redis.url, store: true };
    const options = { recheckInterval: 200 };
    const subscriberUrl = `redis://127.0.0.1:${cable.port}`;
    [here, there] = await Promise.all([
      NodeProcess.start(config),
      NodeProcess.start({ ...config, options, subscriberUrl }),
    ]);
    await introduce(here, there);
  });

  after(async () => {
    await NodeProcess.closeAll();
    await cable?.close();
    await redis?.close();
  });

  it('a node that is cut off from the others gets the revocation from the store', async () => {
    const bob = await there.loggedIn(createToken({ sub: 'bob' }));
    const admin = await redis.connected();
    const hearers = async (): Promise<number> =>
      (await admin.pubSubNumSub('socket.io-request#/#'))['socket.io-request#/#'] ?? 0;
    expect(await hearers()).to.equal(2);
    cable.cut();
    while ((await hearers()) > 1);
    await here.call('revoke', { sub: 'bob' });
    // By the store, while nobody can tell it.
    const [refusal] = await bob.until('unauthorized');
    expect(refusal).to.have.nested.property('data.reason', 'revoked');
    cable.mend();
  });

  it('a node that is killed while it revokes leaves all other nodes with the same rules', async () => {
    const outcomes: boolean[] = [];
    const tokens: string[] = [];
    const victims = await NodeProcess.startAll(3, config);
    await introduce(here, there, ...victims);
    // In the same tick it has said nothing to anyone; when it has resolved it has said all; what is between is open.
    for (const [index, turns] of [0, 3, null].entries()) {
      const victim = victims[index] as NodeProcess;
      const sub = `user ${index}`;
      const token = createToken({ sub });
      tokens.push(token);
      const sessions = await Promise.all([here, there].map((node) => node.loggedIn(token)));
      await victim.call('revokeAndDie', { sub }, turns).catch(() => undefined);
      await victim.gone();
      await introduce(here, there);
      const isRefused = await refuses(here, token);
      expect(await refuses(there, token), sub).to.equal(isRefused);
      for (const session of sessions) if (isRefused) await session.until('disconnect');
      for (const session of sessions) expect(session.socket.connected, sub).to.equal(!isRefused);
      outcomes.push(isRefused);
    }
    expect([outcomes[0], outcomes[2]]).to.deep.equal([false, true]);
    const later = await NodeProcess.start(config);
    try {
      for (const [index, token] of tokens.entries())
        expect(await refuses(later, token)).to.equal(outcomes[index]);
    } finally {
      await later.close();
    }
  });

  it('a node that joins during revocations serves no revoked user afterwards', async () => {
    const subjects = Array.from({ length: 60 }, (_, index) => `joiner ${index}`);
    const tokens = subjects.map((sub) => createToken({ sub }));
    const joining = NodeProcess.start({ ...config, options: { recheckInterval: 500 } });
    const revoked = (async () => {
      for (const [index, sub] of subjects.entries()) {
        // Some before it listens, some while, some after.
        if (index === 20) await joining;
        await here.call('revoke', { sub });
      }
    })();
    const node = await joining;
    try {
      const clients = tokens.map((token) => node.client({ auth: { token } }));
      await revoked;
      await Promise.all(clients.map((client, index) => isThrownOut(client, tokens[index] as string)));
      await hears(node, here);
      expect(await node.call('stats')).to.include({ authenticated: 0 });
      for (const sub of subjects)
        expect(await refuses(node, createToken({ sub, iat: 1 })), sub).to.equal(true);
    } finally {
      await node.close();
    }
  });
});

/** Refused at the door, or thrown out later; either way told that it was revoked. */
async function isThrownOut(client: TestClient, token: string): Promise<void> {
  for (;;) {
    const [refusal] = (await client.until('unauthorized')) as [{ data: { code: string; reason?: string } }];
    if (refusal.data.code !== 'revocation_unavailable') {
      expect(refusal).to.have.nested.property('data.reason', 'revoked');
      return;
    }
    // The second that the store has is little on a busy machine.
    client.socket.emit('authenticate', { token });
  }
}

async function refuses(node: NodeProcess, token: string): Promise<boolean> {
  const client = await node.connected();
  const answer = (await client.authenticate(token)) as { ok: boolean };
  client.socket.disconnect();
  return !answer.ok;
}
