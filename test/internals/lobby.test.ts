/** What the head of `lib/socket-io/lobby.ts` says of Socket.IO, line by line, on sockets that nobody guards. */
import { NodeClusterAdapter } from '@socket.io/cluster-adapter';
import { expect } from 'chai';
import type { Namespace, Socket } from 'socket.io';
import { Adapter, ClusterAdapterWithHeartbeat } from 'socket.io-adapter';
import type { ClusterMessage } from 'socket.io-adapter';
import type { AnyNamespace, AnySocket } from '../../lib';
import { adapterOf, inside } from '../../lib/socket-io/inside';
import type { Adapter as AdapterInside, SocketFilter } from '../../lib/socket-io/inside';
import type { TestClient } from '../support/world';
import { BareWorld, next, REDIS_ADAPTERS, spyOn, VERSIONS, withRedis } from './kit';
import type { AdapterOption } from './kit';

for (const version of VERSIONS) {
  for (const isRecovering of version === 'socket.io' ? [false, true] : [false]) {
    describe(`the lobby relies on ${version}${isRecovering ? ', with connectionStateRecovery' : ''}:`, () => {
      let world: BareWorld;
      let client: TestClient;
      let socket: Socket;
      let adapter: AdapterInside;

      beforeEach(async () => {
        world = await BareWorld.start(version, isRecovering ? { connectionStateRecovery: {} } : {});
        ({ client, socket } = await world.pair());
        adapter = inside(socket as AnySocket).adapter;
      });

      afterEach(() => world.close());

      it('a broadcast goes to the ids in adapter.sids, a room message to those in adapter.rooms', async () => {
        expect(adapter.sids.get(socket.id)).to.deep.equal(new Set([socket.id]));
        expect(adapter.rooms.get(socket.id)).to.deep.equal(new Set([socket.id]));
        adapter.sids.delete(socket.id);
        world.io.emit('all');
        world.io.to(socket.id).emit('direct');
        await client.until('direct');
        expect(client.received('all')).to.deep.equal([]);
        adapter.sids.set(socket.id, new Set([socket.id]));
        world.io.emit('all');
        await client.until('all');
      });

      it('a socket that is only in the room of its id gets what is sent to it alone, and nothing else', async () => {
        await socket.join('room');
        await adapter.del(socket.id, 'room');
        adapter.sids.delete(socket.id);
        world.io.emit('all');
        world.io.to('room').emit('to a room');
        world.io.except('room').emit('to all but some');
        world.io.local.emit('here');
        world.io.to(socket.id).emit('to its id');
        socket.emit('by itself');
        for (const event of ['to its id', 'by itself']) await client.until(event);
        expect(client.inbox.events).to.deep.equal(['connect', 'to its id', 'by itself']);
      });

      it('commands to all sockets skip a socket that is not in sids', async () => {
        adapter.sids.delete(socket.id);
        world.io.socketsJoin('room');
        expect(adapter.rooms.has('room')).to.equal(false);
        expect(await world.io.fetchSockets()).to.deep.equal([]);
        world.io.disconnectSockets();
        expect(socket.connected).to.equal(true);
      });

      it("join, leave, rooms and a close call the adapter's addAll, del, socketRooms and delAll", async () => {
        const asked: unknown[][] = [];
        for (const method of ['addAll', 'del', 'delAll'])
          spyOn(adapter, method, (...args) => asked.push([method, ...args]));
        void socket.join('room');
        void socket.join(['one', 'two']);
        void socket.leave('room');
        const { socketRooms } = adapter;
        adapter.socketRooms = (id) => socketRooms.call(adapter, id)?.add('seen');
        expect(socket.rooms.has('seen')).to.equal(true);
        adapter.socketRooms = () => undefined;
        expect(socket.rooms).to.deep.equal(new Set());
        const gone = next(socket, 'disconnect');
        client.socket.disconnect();
        await gone;
        expect(asked).to.deep.equal([
          ['addAll', socket.id, new Set(['room'])],
          ['addAll', socket.id, new Set(['one', 'two'])],
          ['del', socket.id, 'room'],
          ['delAll', socket.id],
        ]);
      });

      it('delAll does not change the rooms of a socket that is not in sids', () => {
        const rooms = adapter.sids.get(socket.id) as Set<string>;
        adapter.sids.delete(socket.id);
        adapter.delAll(socket.id);
        expect(adapter.rooms.has(socket.id)).to.equal(true);
        adapter.sids.set(socket.id, rooms);
        adapter.delAll(socket.id);
        expect(adapter.rooms.has(socket.id)).to.equal(false);
      });

      it('del removes a socket from a room, even if it is not in sids', () => {
        void socket.join('room');
        adapter.sids.delete(socket.id);
        void adapter.del(socket.id, 'room');
        expect(adapter.rooms.has('room')).to.equal(false);
      });

      it('a socket keeps the adapter that its namespace had when it connected', async () => {
        world.io.adapter(adapter.constructor as never);
        expect(adapterOf(socket.nsp as AnyNamespace)).to.not.equal(adapter);
        expect(inside(socket as AnySocket).adapter).to.equal(adapter);
        await socket.join('room');
        expect(adapter.rooms.get('room')).to.deep.equal(new Set([socket.id]));
      });

      it('nsp of an adapter is its namespace, whose sockets are those that are connected, by id', async () => {
        expect(adapter.nsp).to.equal(socket.nsp);
        expect(adapter.nsp.sockets.get(socket.id)).to.equal(socket);
        const gone = next(socket, 'disconnect');
        client.socket.disconnect();
        await gone;
        expect(adapter.nsp.sockets.has(socket.id)).to.equal(false);
      });

      it("disconnectSockets of a server calls the adapter's method, with rooms as sets", () => {
        const asked: unknown[][] = [];
        spyOn(adapter, 'disconnectSockets', ({ rooms, except }: SocketFilter, isClosing: boolean) =>
          asked.push([rooms, except, isClosing]),
        );
        world.io.to('nobody').except('none').disconnectSockets(true);
        world.io.disconnectSockets();
        expect(asked).to.deep.equal([
          [new Set(['nobody']), new Set(['none']), true],
          [new Set(), new Set(), false],
        ]);
        expect(socket.connected).to.equal(false);
      });
    });
  }
}

describe('the lobby relies on adapters between processes:', () => {
  const redis = withRedis();
  let disconnectSockets: typeof Adapter.prototype.disconnectSockets;

  // The library puts a method of its own there, once a process: other tests need that again.
  beforeEach(() => {
    ({ disconnectSockets } = Adapter.prototype);
  });

  afterEach(() => {
    Adapter.prototype.disconnectSockets = disconnectSockets;
  });

  for (const [name, create] of [...REDIS_ADAPTERS, ['cluster', inProcess()]] as const) {
    it(`the ${name} adapter runs disconnectSockets by the method of the in-memory class, for another node too`, async () => {
      const worlds: BareWorld[] = [];
      for (let count = 0; count < 2; count += 1)
        worlds.push(await BareWorld.start('socket.io', { adapter: await create(redis()) }));
      const [here, there] = worlds as [BareWorld, BareWorld];
      await introduce(here, there);
      const asked = new Map<unknown, unknown>();
      const both = new Promise<void>((resolve) => {
        Adapter.prototype.disconnectSockets = function spy(this: Adapter, filter, isClosing) {
          asked.set(this, [filter.rooms, filter.except, isClosing]);
          disconnectSockets.call(this, filter, isClosing);
          if (asked.size === 2) resolve();
        };
      });
      const { client } = await there.pair();
      here.io.except('none').disconnectSockets(true);
      await Promise.all([both, client.until('disconnect')]);
      for (const { io } of worlds)
        expect(asked.get(io.of('/').adapter)).to.deep.equal([new Set(), new Set(['none']), true]);
      await Promise.all(worlds.map((world) => world.close()));
    });
  }

  it("the adapter for Node's cluster adds to its class only the transport of messages", () => {
    expect(Object.getPrototypeOf(NodeClusterAdapter)).to.equal(ClusterAdapterWithHeartbeat);
    expect(Object.getOwnPropertyNames(NodeClusterAdapter.prototype)).to.have.members([
      'constructor',
      'doPublish',
      'doPublishResponse',
    ]);
  });
});

/** What `@socket.io/cluster-adapter` is, but for the processes: messages go from one adapter to the others here. */
function inProcess(): () => Promise<AdapterOption> {
  let adapter: AdapterOption | undefined;
  // Made when it is asked for: before Socket.IO 4.6 there is no class to extend.
  return () => Promise.resolve((adapter ??= inProcessAdapter()));
}

function inProcessAdapter(): AdapterOption {
  const all = new Set<InProcess>();
  class InProcess extends ClusterAdapterWithHeartbeat {
    constructor(nsp: Namespace) {
      super(nsp, {});
      all.add(this);
    }

    protected override doPublish(message: ClusterMessage): Promise<string> {
      for (const one of all) if (one !== this) one.onMessage(structuredClone(message));
      return Promise.resolve('');
    }

    protected override async doPublishResponse(): Promise<void> {}

    override close(): void {
      super.close();
      all.delete(this);
    }
  }
  return InProcess as never;
}

/** Comes back when two nodes hear each other. */
async function introduce(here: BareWorld, there: BareWorld): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    there.io.on('hello' as never, (() => resolve()) as never);
  });
  const timer = setInterval(() => here.io.serverSideEmit('hello' as never), 20);
  await heard;
  clearInterval(timer);
}
