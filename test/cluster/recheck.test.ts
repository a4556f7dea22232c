import { expect } from 'chai';
import type { AuthorizerStats } from '../../lib';
import { redisRevocationStore } from '../../lib/redis';
import { Cable } from '../support/cable';
import { needs } from '../support/debian';
import { NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { callsOf, RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';
import { TestClient, World } from '../support/world';

const INTERVAL = 1_000;

describe('when every broadcast between nodes is lost', () => {
  let redis: RedisServer;
  let config: NodeConfig;

  before(async function () {
    needs(this, 'redis-server');
    redis = await RedisServer.start();
    config = {
      adapter: 'redis',
      redisUrl: redis.url,
      store: true,
      isMute: true,
      options: { recheckInterval: INTERVAL },
    };
  });

  after(async () => {
    await NodeProcess.closeAll();
    await redis?.close();
  });

  it('no revoked session lasts longer than the interval plus a second, at 5,000 sessions, with one query an interval', async () => {
    const here = await NodeProcess.start(config);
    const there = await new World({ connectTimeout: 60_000 }).listen();
    try {
      const own = await redis.connected();
      const auth = there.authorize({ recheckInterval: INTERVAL, revocation: redisRevocationStore(own) });
      auth.attach(there.io.of(/^\/n\d+$/));
      const sessions = await logInMany(there, 5_000);
      expect(auth.stats()).to.include({ authenticated: 5_000 });

      // The node `here` asks as well; nothing else does.
      const admin = await redis.connected();
      const [began, asked, lookedUp] = [Date.now(), await questions(admin), await callsOf(admin, 'mget')];
      while ((await questions(admin)) - asked < 6);
      const intervals = (Date.now() - began) / INTERVAL;
      expect(((await questions(admin)) - asked) / 2).to.be.at.most(intervals + 1.5);
      expect(await callsOf(admin, 'mget')).to.equal(lookedUp);

      const revokeAll = (some: LoggedIn[]): Promise<number[]> =>
        Promise.all(
          some.map(async ({ name, client }, index) => {
            const rules = [{ sub: name }, { jti: name }, { sid: name }];
            await here.call('revoke', rules[index % 3]);
            const revokedAt = Date.now();
            const [refusal] = await client.until('unauthorized');
            expect(refusal).to.have.nested.property('data.reason', 'revoked');
            return Date.now() - revokedAt;
          }),
        );
      // What is too slow by itself is too slow each time; a machine that does other work is not.
      let longest = Infinity;
      let rounds = 0;
      for (; rounds < 20 && longest >= INTERVAL + 1_000; rounds += 1) {
        const some = sessions.filter((_, index) => index % 50 === rounds);
        longest = Math.min(longest, Math.max(...(await revokeAll(some))));
      }
      expect(longest).to.be.below(INTERVAL + 1_000);
      expect(auth.stats()).to.include({ authenticated: 5_000 - rounds * 100, revoked: rounds * 100 });
    } finally {
      await there.close();
      await here.close();
    }
  });

  it('every session of a user ends, and a later login of the same user stays', async () => {
    const [here, there] = (await NodeProcess.startAll(2, config)) as [NodeProcess, NodeProcess];
    const ahead = createToken({ sub: 'anna', iat: Math.floor(Date.now() / 1000) + 30 });
    const former = await there.loggedIn(ahead);
    const { issuedBefore } = await here.call<{ issuedBefore: number }>('revoke', { sub: 'anna' });
    const [refusal] = await former.until('unauthorized');
    expect(refusal).to.deep.nested.include({ 'data.reason': 'revoked', 'data.retryable': true });
    // A login in the moments before the node reads the rule may end too: it reads when the rule was written up to the
    // time of Redis' answer too late.
    const fresh = await there.loggedIn(createToken({ sub: 'anna', iat: issuedBefore }));
    // Several looks later.
    const admin = await redis.connected();
    const asked = await questions(admin);
    while ((await questions(admin)) - asked < 4);
    expect(fresh.socket.connected).to.equal(true);
    expect(fresh.received('unauthorized')).to.deep.equal([]);
  });

  it('a session ends that goes on after the end of its token, too', async () => {
    const options = { ...config.options, onExpired: 'ignore' as const };
    const [here, there] = (await NodeProcess.startAll(2, { ...config, options })) as [
      NodeProcess,
      NodeProcess,
    ];
    const client = await there.loggedIn(createToken({ sub: 'emma', jti: 'of emma' }));
    // As the application says: no token with this `jti` is accepted any more, and the rule is for sessions alone.
    await here.call('revoke', { jti: 'of emma', exp: Math.floor(Date.now() / 1000) - 3_600 });
    const [refusal] = await client.until('unauthorized');
    expect(refusal).to.have.nested.property('data.reason', 'revoked');
  });

  it('a grace arrives too, and is as long as on the other nodes', async () => {
    const [here, there] = (await NodeProcess.startAll(2, config)) as [NodeProcess, NodeProcess];
    const token = createToken({ sub: 'bert' });
    const [saved, idle] = await Promise.all([there.loggedIn(token), there.loggedIn(token)]);
    const grace = 8_000;
    const earliest = Date.now() + grace;
    await here.call('revoke', { sub: 'bert', grace });
    for (const client of [saved, idle]) {
      const [{ expiresAt }] = (await client.until('token_expiring')) as [{ expiresAt: number }];
      expect(expiresAt).to.be.within(earliest, Date.now() + grace);
    }
    expect(await saved.authenticate(createToken({ sub: 'bert' }))).to.include({ ok: true });
    await idle.until('disconnect');
    expect(Date.now()).to.be.at.least(earliest);
    expect(saved.socket.connected).to.equal(true);
  });

  it('a node without Redis ends no session, and ends the revoked ones when Redis is back', async () => {
    const cable = await Cable.lay(redis.port);
    const storeUrl = `redis://127.0.0.1:${cable.port}`;
    const options = { recheckInterval: 100 };
    const [here, ...cutOff] = await Promise.all([
      NodeProcess.start(config),
      NodeProcess.start({ ...config, options, storeUrl }),
      NodeProcess.start({ ...config, options, storeUrl, store: 'ioredis' }),
    ]);
    try {
      for (const node of cutOff) await node.loggedIn(createToken({ sub: 'other' }));
      const revoked = await Promise.all(cutOff.map((node) => node.loggedIn(createToken({ sub: 'carl' }))));
      cable.cut();
      await here.call('revoke', { sub: 'carl' });
      for (const node of cutOff) {
        const pending = await node.connected();
        expect(await pending.authenticate(createToken({ sub: 'dora' }))).to.have.nested.property(
          'error.code',
          'revocation_unavailable',
        );
        // It has looked, and could not.
        await node.call('untilWarning');
        expect(await node.call<AuthorizerStats>('stats')).to.include({ authenticated: 2, revoked: 0 });
      }
      cable.mend();
      for (const client of revoked) {
        const [refusal] = await client.until('unauthorized');
        expect(refusal).to.have.nested.property('data.reason', 'revoked');
      }
      for (const node of cutOff)
        expect(await node.call<AuthorizerStats>('stats')).to.include({ authenticated: 1, revoked: 1 });
    } finally {
      await cable.close();
    }
  });
});

/** How often Redis was asked by a script: what nodes do to learn what is new, and to tell it. */
const questions = (admin: Parameters<typeof callsOf>[0]): Promise<number> => callsOf(admin, 'eval');

interface LoggedIn {
  name: string;
  client: TestClient;
}

/** Logs in many sockets, a hundred on each connection, every one in a namespace of its own and with its own token. */
async function logInMany(world: World, count: number): Promise<LoggedIn[]> {
  const sessions: LoggedIn[] = [];
  const perConnection = 100;
  for (let start = 0; start < count; start += perConnection) {
    const names = Array.from({ length: perConnection }, (_, index) => `user ${start + index}`);
    const token = (name: string): string => createToken({ sub: name, jti: name, sid: name });
    const [first] = names as [string];
    const { socket } = world.client('/n0', { auth: { token: token(first) } });
    const clients = names.map((name, index) => ({
      name,
      client: new TestClient(
        index === 0 ? socket : socket.io.socket(`/n${index}`, { auth: { token: token(name) } }),
      ),
    }));
    await Promise.all(clients.map(({ client }) => client.until('authenticated')));
    sessions.push(...clients);
  }
  return sessions;
}
