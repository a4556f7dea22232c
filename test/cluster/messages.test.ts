import { Emitter } from '@socket.io/redis-emitter';
import { expect } from 'chai';
import { needs } from '../support/debian';
import { introduce, NodeProcess } from '../support/node-process';
import type { NodeConfig } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';

for (const adapter of ['redis', 'streams', 'cluster'] as const) {
  describe(`messages between nodes, on the ${adapter} adapter`, () => {
    let redis: RedisServer;
    let here: NodeProcess;
    let there: NodeProcess;

    before(async function () {
      needs(this, 'redis-server');
      redis = await RedisServer.start();
      const config: NodeConfig = { adapter, redisUrl: redis.url };
      [here, there] = (await NodeProcess.startAll(2, config)) as [NodeProcess, NodeProcess];
      await introduce(here, there);
    });

    after(async () => {
      await NodeProcess.closeAll();
      await redis?.close();
    });

    it('a broadcast from another node does not reach a pending socket, and does after its login', async () => {
      const pending = await there.connected();
      const bob = await there.loggedIn(createToken({ sub: 'bob' }));
      await here.call('emit', 'to all');
      await here.call('emit', 'to a room', 'everyone');
      // To its own id, and after the others on the same way.
      await here.call('emit', 'to the socket', pending.socket.id);
      await pending.until('to the socket');
      for (const event of ['to all', 'to a room']) await bob.until(event);
      expect(pending.inbox.events).to.deep.equal(['connect', 'to the socket']);
      await pending.authenticate(createToken({ sub: 'carol' }));
      await here.call('emit', 'to a room', 'everyone');
      await pending.until('to a room');
    });

    it('another node sees who is logged in, and not who is pending', async () => {
      const token = createToken({ sub: 'dora', role: 'admin' });
      const dora = await there.loggedIn(token);
      const pending = await there.connected();
      const seen = await here.call<{ id: string; data: object }[]>('fetchSockets');
      const one = seen.find(({ id }) => id === dora.socket.id);
      expect(one).to.have.nested.property('data.auth.claims.role', 'admin');
      expect(JSON.stringify(seen)).to.not.include(token.split('.')[2]);
      expect(seen.map(({ id }) => id)).to.not.include(pending.socket.id);
    });

    if (adapter === 'redis') {
      it('a process with @socket.io/redis-emitter does not reach a pending socket, and does after its login', async () => {
        const emitter = new Emitter(await redis.connected());
        const pending = await there.connected();
        const bob = await there.loggedIn(createToken({ sub: 'bob' }));
        const { id } = pending.socket;
        emitter.emit('from outside');
        emitter.to('everyone').emit('to a room from outside');
        emitter.except('nobody').emit('to all but some from outside');
        emitter.socketsJoin('a room of the emitter');
        emitter.to('a room of the emitter').emit('to its room');
        emitter.to(id as string).emit('to the socket');
        await pending.until('to the socket');
        expect(pending.inbox.events).to.deep.equal(['connect', 'to the socket']);
        await bob.until('to its room');
        expect(bob.inbox.events).to.include.members([
          'from outside',
          'to a room from outside',
          'to all but some from outside',
        ]);
        await pending.authenticate(createToken({ sub: 'carol' }));
        emitter.emit('from outside');
        await pending.until('from outside');
      });
    }
  });
}
