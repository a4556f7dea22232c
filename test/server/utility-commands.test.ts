import { createAdapter } from '@socket.io/redis-adapter';
import { expect } from 'chai';
import type { AnySocket, Authorizer } from '../../lib';
import { needs } from '../support/debian';
import { RedisServer } from '../support/redis';
import { settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import type { TestClient } from '../support/world';

type Command = Pick<World['io'], 'disconnectSockets' | 'socketsJoin' | 'socketsLeave' | 'fetchSockets'>;

const kinds = [
  { name: 'without recovery', options: {} },
  { name: 'with connectionStateRecovery', options: { connectionStateRecovery: {} } },
  { name: 'from another node', options: undefined },
];

for (const { name, options } of kinds) {
  describe(`commands to all sockets, ${name}`, () => {
    let redis: RedisServer | undefined;
    /** Where the clients are. */
    let world: World;
    /** Where the commands are given. */
    let commander: World;
    let auth: Authorizer;
    let bob: TestClient;
    let guest: TestClient;

    before(async function () {
      if (options !== undefined) return;
      needs(this, 'redis-server');
      redis = await RedisServer.start();
    });

    after(() => redis?.close());

    beforeEach(async () => {
      world = await node();
      commander = redis === undefined ? world : await node();
      auth = world.authorize();
      auth.attach(world.io);
      if (commander !== world) commander.authorize().attach(commander.io);
      world.io.on('connection', (socket) => socket.join('room'));
      [bob, guest] = [await world.connected(), await world.connected()];
      await show(bob, createToken({ sub: 'bob' }));
    });

    afterEach(async () => {
      await commander.close();
      if (commander !== world) await world.close();
    });

    async function node(): Promise<World> {
      if (redis === undefined) return new World(options).listen();
      const [publisher, subscriber] = [await redis.connected(), await redis.connected()];
      const adapter = createAdapter(publisher, subscriber);
      return new World({ adapter: adapter as never }).listen();
    }

    function serverSide(client: TestClient): AnySocket {
      return world.io.of('/').sockets.get(String(client.socket.id)) as AnySocket;
    }

    const all: [how: string, command: (io: World['io']) => Command][] = [
      ['io', (io) => io],
      ['the namespace', (io) => io.of('/')],
      ["io.except('another room')", (io) => io.except('another room')],
    ];
    for (const [how, command] of all) {
      for (const close of [false, true]) {
        it(`${how}.disconnectSockets(${close}) reaches pending sockets too`, async () => {
          const closed = new Promise<void>((resolve) => {
            guest.socket.io.engine.once('close', () => resolve());
          });
          command(commander.io).disconnectSockets(close);
          await Promise.all([bob.until('disconnect'), guest.until('disconnect')]);
          expect(guest.received('disconnect')[0]).to.include('io server disconnect');
          while (world.io.of('/').sockets.size > 0) await new Promise(setImmediate);
          expect(auth.stats()).to.include({ authenticated: 0, pending: 0, timedOut: 0 });
          if (close) await closed;
        });
      }

      it(`${how}.socketsJoin() and socketsLeave() act on authenticated sockets only`, async () => {
        command(commander.io).socketsJoin('joined');
        command(commander.io).socketsLeave('room');
        while (!serverSide(bob).rooms.has('joined') || serverSide(bob).rooms.has('room'))
          await new Promise(setImmediate);
        expect([...serverSide(guest).rooms]).to.have.members([guest.socket.id, 'room']);
        await show(guest, createToken({ sub: 'guest' }));
        expect([...serverSide(guest).rooms]).to.have.members([guest.socket.id, 'room']);
      });

      it(`${how}.fetchSockets() finds authenticated sockets only`, async () => {
        const sockets = await command(commander.io).fetchSockets();
        expect(sockets.map(({ id }) => id)).to.deep.equal([bob.socket.id]);
        expect(sockets[0]?.data).to.have.nested.property('auth.claims.sub', 'bob');
      });
    }

    it('to a room skip pending sockets that will join it', async () => {
      expect((await commander.io.in('room').fetchSockets()).map(({ id }) => id)).to.deep.equal([
        bob.socket.id,
      ]);
      commander.io.in('room').socketsJoin('joined');
      while (!serverSide(bob).rooms.has('joined')) await new Promise(setImmediate);
      expect([...serverSide(guest).rooms]).to.not.include('joined');
    });

    it('reach a pending socket by its id', async () => {
      const id = String(guest.socket.id);
      expect(await commander.io.in(id).fetchSockets()).to.have.length(1);
      commander.io.in(id).socketsJoin('later');
      while (!serverSide(guest).rooms.has('later')) await new Promise(setImmediate);
      commander.io.to('later').emit('secret');
      commander.io.to(id).emit('direct', 'to you alone');
      expect(await guest.until('direct')).to.include('to you alone');
      expect(guest.received('secret')).to.deep.equal([]);
      commander.io.in(id).disconnectSockets();
      await guest.until('disconnect');
      expect(bob.socket.connected).to.equal(true);
    });

    it('do not disconnect a socket whose id except() names', async () => {
      commander.io.except(String(bob.socket.id)).disconnectSockets();
      await guest.until('disconnect');
      expect(bob.socket.connected).to.equal(true);
      commander.io.except(String(bob.socket.id)).emit('none');
      expect(await show(bob, createToken({ sub: 'bob' }))).to.include({ ok: true });
    });

    it('skip a socket that has logged out, except for disconnectSockets', async () => {
      await settled(bob);
      expect(await commander.io.fetchSockets()).to.deep.equal([]);
      commander.io.disconnectSockets();
      await Promise.all([bob.until('disconnect'), guest.until('disconnect')]);
      expect(auth.stats()).to.include({ authenticated: 0, pending: 0 });
    });
  });
}

describe('commands to the sockets of this node', () => {
  it('io.local.disconnectSockets() reaches pending sockets too', async () => {
    const world = await new World().listen();
    try {
      world.authorize({ required: false }).attach(world.io);
      const guest = await world.connected();
      world.io.local.disconnectSockets();
      await guest.until('disconnect');
    } finally {
      await world.close();
    }
  });

  it('socket.broadcast.disconnectSockets() reaches pending sockets, and not the socket itself', async () => {
    const world = await new World().listen();
    try {
      world.authorize().attach(world.io);
      const [admin, guest] = [await world.connected(), await world.connected()];
      await show(admin, createToken());
      const socket = world.io.of('/').sockets.get(String(admin.socket.id));
      socket?.broadcast.disconnectSockets();
      await guest.until('disconnect');
      expect(admin.socket.connected).to.equal(true);
    } finally {
      await world.close();
    }
  });

  it('disconnectSockets() of a dynamic namespace reaches the pending sockets of its child', async () => {
    const world = await new World().listen();
    try {
      world.authorize().attach(world.io.of(/^\/room-\d$/));
      const guest = await world.connected('/room-1');
      world.io.of('/room-1').disconnectSockets();
      await guest.until('disconnect');
    } finally {
      await world.close();
    }
  });
});
