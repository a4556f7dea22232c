import { expect } from 'chai';
import { needs } from '../support/debian';
import { loadExample } from '../support/example';
import { introduce, NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { refusal, show } from '../support/refusals';
import { deviceToken, listed, sidOf } from '../support/user-sessions';
import type { Logins, SessionLogins } from '../support/user-sessions';
import type { TestClient } from '../support/world';

const ADAPTERS = {
  redis: '@socket.io/redis-adapter',
  sharded: '@socket.io/redis-adapter, sharded',
  streams: '@socket.io/redis-streams-adapter',
  cluster: '@socket.io/cluster-adapter',
} as const;

const ROUNDS = 10;

for (const [adapter, name] of Object.entries(ADAPTERS)) {
  describe(`the sessions of a user, on ${name}`, () => {
    let redis: RedisServer;
    let logins: Logins;
    let here: NodeProcess;
    let there: NodeProcess;
    /** One device a user. */
    let nodes: [NodeProcess, NodeProcess];

    before(async function () {
      needs(this, 'redis-server');
      redis = await RedisServer.start();
      const { redisLogins } = loadExample('user-sessions/logins.js') as SessionLogins;
      logins = redisLogins(await redis.connected());
      [here, there] = await start(redis, false);
    });

    after(async () => {
      await NodeProcess.closeAll();
      await redis?.close();
    });

    async function start(server: RedisServer, oneDevice: boolean): Promise<[NodeProcess, NodeProcess]> {
      const config: NodeConfig = {
        adapter: adapter as NodeConfig['adapter'],
        redisUrl: server.url,
        store: true,
        userSessions: { oneDevice },
      };
      const pair = (await NodeProcess.startAll(2, config)) as [NodeProcess, NodeProcess];
      await introduce(...pair);
      return pair;
    }

    async function device(
      node: NodeProcess,
      user: string,
      kind: string,
      loginAt: number,
    ): Promise<TestClient> {
      await logins.add(user, sidOf(user, kind));
      return node.loggedIn(deviceToken(user, kind, loginAt));
    }

    it('sends to all devices of a user on all nodes, and to nobody else', async () => {
      const bobs = [await device(here, 'bob', 'laptop', 1), await device(there, 'bob', 'phone', 2)];
      const carol = await device(there, 'carol', 'tablet', 3);
      bobs[0]?.socket.emit('note', 'hello');
      for (const bob of bobs) expect(await bob.until('note')).to.deep.equal(['hello']);
      carol.socket.emit('note', 'to myself');
      expect(await carol.until('note')).to.deep.equal(['to myself']);
      expect(bobs.flatMap((bob) => bob.received('note'))).to.have.length(2);
    });

    it('lists the sessions of a user on all nodes, and says which is the own one', async () => {
      const laptop = await device(here, 'dora', 'laptop', 10);
      await device(there, 'dora', 'phone', 20);
      const list = await listed(laptop);
      expect(list.map(({ sid, since, isThisDevice }) => [sid, since, isThisDevice])).to.deep.equal([
        ['the laptop of dora', 10, true],
        ['the phone of dora', 20, false],
      ]);
    });

    it('logs out all other devices of a user, which cannot come back; the asking one goes on', async () => {
      const laptop = await device(here, 'eve', 'laptop', 1);
      const phone = await device(there, 'eve', 'phone', 2);
      // It is not connected when it is logged out.
      await logins.add('eve', sidOf('eve', 'tablet'));
      const frank = await device(there, 'frank', 'phone', 3);
      expect(await laptop.socket.emitWithAck('log out others')).to.deep.equal({ ok: true });
      expect(await refusal(phone)).to.include({ reason: 'revoked', retryable: false });
      await phone.until('disconnect');
      for (const [node, kind] of [
        [here, 'phone'],
        [there, 'tablet'],
      ] as const) {
        const again = node.client({ auth: { token: deviceToken('eve', kind, 4) } });
        expect(await refusal(again)).to.include({ reason: 'revoked', retryable: false });
      }
      expect(await show(laptop, deviceToken('eve', 'laptop', 1))).to.include({ ok: true });
      expect(await listed(laptop)).to.have.length(1);
      expect(await listed(frank)).to.have.length(1);
      expect(await logins.of('eve')).to.deep.equal(['the laptop of eve']);
    });

    describe('with one device a user', () => {
      before(async () => {
        await NodeProcess.closeAll();
        nodes = await start(redis, true);
      });

      it('ends the session of the older login, on whichever node; a user of another name goes on', async () => {
        const [one, two] = nodes;
        const carol = await device(one, 'carla', 'laptop', 1);
        const laptop = await device(one, 'gina', 'laptop', 10);
        const phone = await device(two, 'gina', 'phone', 20);
        expect(await refusal(laptop)).to.include({ reason: 'revoked', retryable: false });
        const tablet = await device(one, 'gina', 'tablet', 30);
        expect(await refusal(phone)).to.include({ reason: 'revoked', retryable: false });
        expect(await listed(tablet)).to.have.length(1);
        expect(await listed(carol)).to.have.length(1);
      });

      it('counts when a device has logged in, not when it has connected', async () => {
        const [one, two] = nodes;
        const phone = await device(two, 'hugo', 'phone', 20);
        const laptop = one.client({ auth: { token: deviceToken('hugo', 'laptop', 10) } });
        expect(await refusal(laptop)).to.include({ reason: 'revoked' });
        expect((await listed(phone)).map(({ sid }) => sid)).to.deep.equal(['the phone of hugo']);
      });

      it('leaves one device when two log in at the same moment on two nodes, always the same', async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const user = `ida ${round}`;
          // Even if the two moments are equal.
          const loginAt = 100;
          const [first, second] = await Promise.all(
            nodes.map((node, index) => device(node, user, `device ${(index + round) % 2}`, loginAt)),
          );
          const [loser, winner] = round % 2 === 0 ? [first, second] : [second, first];
          expect(await refusal(loser as TestClient)).to.include({ reason: 'revoked' });
          await loser?.until('disconnect');
          expect((await listed(winner as TestClient)).map(({ sid }) => sid)).to.deep.equal([
            sidOf(user, 'device 1'),
          ]);
        }
      });

      it('takes a renewal and a second connection of a device for the same login', async () => {
        const [one, two] = nodes;
        const phone = await device(one, 'judy', 'phone', 50);
        expect(await show(phone, deviceToken('judy', 'phone', 50))).to.include({ ok: true });
        // The device has come back; the server has not noticed yet that the first connection is gone.
        const again = await device(two, 'judy', 'phone', 50);
        expect(await listed(again)).to.have.length(2);
        const laptop = await device(two, 'judy', 'laptop', 60);
        for (const former of [phone, again]) expect(await refusal(former)).to.include({ reason: 'revoked' });
        expect(await listed(laptop)).to.have.length(1);
      });
    });
  });
}

describe('one device a user, where the other nodes do not answer', function () {
  let brokers: RedisServer[] = [];

  before(function () {
    needs(this, 'redis-server');
  });
  after(async () => {
    await NodeProcess.closeAll();
    for (const redis of brokers) await redis.close();
  });

  it('a login that cannot be checked does not count, and may be tried again', async () => {
    brokers = [await RedisServer.start(), await RedisServer.start()];
    const [between, ofStore] = brokers as [RedisServer, RedisServer];
    const node = await NodeProcess.start({
      adapter: 'redis',
      redisUrl: between.url,
      store: true,
      storeUrl: ofStore.url,
      userSessions: { oneDevice: true },
      commandTimeout: 500,
    });
    await between.kill();
    const client = await node.loggedIn(deviceToken('bob', 'phone', 1));
    expect(await refusal(client)).to.include({ code: 'not_authenticated', retryable: true });
    expect(await node.call('stats')).to.include({ authenticated: 0 });
  });
});
