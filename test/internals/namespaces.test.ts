/** What the head of `lib/socket-io/namespaces.ts` says of Socket.IO, line by line, on servers that nobody guards. */
import { EventEmitter } from 'node:events';
import { NodeClusterAdapter } from '@socket.io/cluster-adapter';
import { expect } from 'chai';
import type { Namespace, Socket } from 'socket.io';
import { Adapter } from 'socket.io-adapter';
import { adapterOf } from '../../lib/socket-io/inside';
import { baseOf, isNamespace, isServer, reachesOthers } from '../../lib/socket-io/namespaces';
import type { AnyNamespace } from '../../lib';
import { until } from '../support/until';
import { BareWorld, REDIS_ADAPTERS, spyOn, VERSIONS, withRedis } from './kit';

type Parents = { parentNsps: Map<unknown, Namespace & { children: Set<Namespace> }> };

type Names = { _nsps: Map<string, Namespace> };
type Removing = Pick<Namespace, 'sockets'> & { _remove: unknown; _preConnectSockets: Map<string, Socket> };

for (const version of VERSIONS) {
  describe(`what is done to namespaces relies on ${version}:`, () => {
    let world: BareWorld;

    beforeEach(async () => {
      world = await BareWorld.start(version);
    });

    afterEach(() => world.close());

    it('parentNsps has the dynamic namespaces in the order of their registration, each with its children', async () => {
      const parents = [
        world.io.of(/^\/a-\d+$/),
        world.io.of((name: string, _auth: unknown, allow: (error: null, isIn: boolean) => void) =>
          allow(null, name.startsWith('/b')),
        ),
        world.io.of(/^\/c-\d+$/),
      ];
      const found = [...(world.io as unknown as Parents).parentNsps.values()];
      expect(found.map(({ name }) => name)).to.deep.equal(parents.map(({ name }) => name));
      expect(found.map(({ children }) => children)).to.deep.equal([new Set(), new Set(), new Set()]);
      await world.connected('/c-1');
      await world.connected('/c-2');
      expect(Array.from(found[2]?.children ?? [], ({ name }) => name)).to.deep.equal(['/c-1', '/c-2']);
      expect(world.io.of('/c-1')).to.not.have.property('children');
    });

    it('a new child copies the middlewares and the connect and connection listeners, in their order, and no others', async () => {
      const order: string[] = [];
      const parent = world.io.of(/^\/dynamic-\d+$/);
      parent.on('connection', () => order.push('connection'));
      parent.on('connect', () => order.push('connect'));
      parent.prependListener('connect', () => order.push('prepended connect'));
      parent.use((_socket, proceed) => {
        order.push('use');
        proceed();
      });
      (parent as EventEmitter).on('authenticated', () => order.push('authenticated'));
      await world.connected('/dynamic-1');
      EventEmitter.prototype.emit.call(world.io.of('/dynamic-1'), 'authenticated');
      expect(order).to.deep.equal(['use', 'prepended connect', 'connect', 'connection']);
    });

    it('a child has a _remove of its own with cleanupEmptyChildNamespaces, which closes it unless a connected socket is left', async () => {
      await world.close();
      world = await BareWorld.start(version, { cleanupEmptyChildNamespaces: true });
      const parent = world.io.of(/^\/dynamic-\d+$/);
      const goOn: (() => void)[] = [];
      parent.use((socket, proceed) => {
        if (socket.handshake.auth.isSlow === true) goOn.push(proceed);
        else proceed();
      });
      const { client, socket } = await world.pair('/dynamic-1');
      const child = socket.nsp as unknown as Removing;
      const { prototype } = child.constructor as unknown as { prototype: Removing };
      expect(Object.hasOwn(prototype, '_remove')).to.equal(true);
      // Version 4.0 has no such option.
      if (version !== 'socket.io') return;
      expect(Object.hasOwn(child, '_remove')).to.equal(true);
      const slow = world.client('/dynamic-1', { auth: { isSlow: true } });
      await until('it is connecting', () => goOn.length === 1);
      expect(child._preConnectSockets.size).to.equal(1);
      const isKept = (): boolean => (world.io as unknown as Names)._nsps.has('/dynamic-1');
      expect(isKept()).to.equal(true);
      client.socket.disconnect();
      await until('it is forgotten', () => !isKept());
      goOn[0]?.();
      await slow.until('connect');
      expect([child._preConnectSockets.size, child.sockets.size, isKept()]).to.deep.equal([0, 1, false]);
    });

    it('run is called for each socket that is connecting, before any middleware, also if there is none', async () => {
      const order: string[] = [];
      for (const name of ['/none', '/one']) spyOn(world.io.of(name), 'run', () => order.push(`run ${name}`));
      world.io.of('/one').use((_socket, proceed) => {
        order.push('use');
        proceed();
      });
      await world.connected('/none');
      await world.connected('/one');
      expect(order).to.deep.equal(['run /none', 'run /one', 'use']);
    });

    it('connect fires before connection, in the tick in which the socket enters the adapter', async () => {
      const order: string[] = [];
      const done = new Promise<void>((resolve) => {
        world.io.of('/').prependListener('connect', (one: Socket) => {
          order.push('connect');
          process.nextTick(() => order.push('next tick'));
          expect(adapterOf(one.nsp as AnyNamespace).sids.has(one.id)).to.equal(true);
        });
        world.io.on('connection', () => {
          order.push('connection');
          setImmediate(resolve);
        });
      });
      spyOn(adapterOf(world.io.of('/') as AnyNamespace), 'addAll', () => {
        order.push('addAll');
        process.nextTick(() => order.push('tick after addAll'));
      });
      await Promise.all([done, world.connected()]);
      expect(order).to.deep.equal(['addAll', 'connect', 'connection', 'tick after addAll', 'next tick']);
    });

    for (const kind of ['an ordinary', 'a dynamic']) {
      it(`emit on ${kind} namespace goes to the clients; the local listeners are Node's rawListeners`, async () => {
        const isDynamic = kind === 'a dynamic';
        const namespace: Namespace = isDynamic ? world.io.of(/^\/x-\d+$/) : world.io.of('/x-1');
        const client = await world.connected('/x-1');
        let calls = 0;
        const listener = (): unknown => (calls += 1);
        const emitter = namespace as unknown as EventEmitter;
        emitter.on('authenticated', listener).once('authenticated', listener);
        namespace.emit('authenticated', 'x');
        expect(await client.until('authenticated')).to.deep.equal(['x']);
        expect(calls).to.equal(0);
        const [lasting, once] = EventEmitter.prototype.rawListeners.call(emitter, 'authenticated');
        expect(lasting).to.equal(listener);
        (once as () => void)();
        expect(calls).to.equal(1);
        expect(emitter.listenerCount('authenticated')).to.equal(1);
      });
    }

    it('io.adapter gives each namespace another adapter, by its _initAdapter', () => {
      const namespaces = [world.io.of('/'), world.io.of('/x')];
      const former = namespaces.map(({ adapter }) => adapter);
      const inits: string[] = [];
      for (const one of namespaces) spyOn(one, '_initAdapter', () => inits.push(one.name));
      world.io.adapter(former[0]?.constructor as never);
      expect(inits).to.deep.equal(['/', '/x']);
      for (const [index, { adapter }] of namespaces.entries()) expect(adapter).to.not.equal(former[index]);
    });

    it('the in-memory adapter reaches no other node, nor does that of a dynamic namespace', () => {
      for (const one of [world.io.of('/'), world.io.of(/^\/x-\d+$/)])
        expect(reachesOthers(one as AnyNamespace)).to.equal(false);
    });

    it('a server has sockets and of; a namespace has adapter, sockets and use; no other object of Socket.IO has these', async () => {
      const { socket } = await world.pair();
      const all: object[] = [
        world.io,
        world.io.of('/'),
        world.io.of(/^\/x$/),
        socket,
        world.io.to('room'),
        world.http,
      ];
      expect(all.map(isServer)).to.deep.equal([true, false, false, false, false, false]);
      expect(all.map(isNamespace).slice(1)).to.deep.equal([true, true, false, false, false]);
    });

    if (version === 'socket.io') {
      it('new_namespace fires on the main namespace when a child is made, before its first socket', async () => {
        const parent = world.io.of(/^\/dynamic-\d+$/) as Namespace & { children: Set<Namespace> };
        const seen: unknown[] = [];
        world.io.of('/').on('new_namespace', (namespace: Namespace) => {
          if (!parent.children.has(namespace)) return;
          seen.push(namespace.name, namespace.sockets.size);
          namespace.on('connect', () => seen.push('connect'));
        });
        await world.connected('/dynamic-1');
        expect(seen).to.deep.equal(['/dynamic-1', 0, 'connect']);
      });
    }
  });
}

describe('what is done to namespaces relies on adapters between processes:', () => {
  const redis = withRedis();

  for (const [name, create] of REDIS_ADAPTERS) {
    it(`the ${name} adapter extends the in-memory one, and overrides its serverSideEmit`, async () => {
      const world = await BareWorld.start('socket.io', { adapter: await create(redis()) });
      const namespace = world.io.of('/') as AnyNamespace;
      expect(baseOf(adapterOf(namespace))).to.equal(Adapter.prototype);
      expect(adapterOf(namespace).serverSideEmit).to.not.equal(Adapter.prototype.serverSideEmit);
      expect(reachesOthers(namespace)).to.equal(true);
      await world.close();
    });
  }

  it("the adapter for Node's cluster extends the in-memory one, and overrides its serverSideEmit", () => {
    expect(baseOf(NodeClusterAdapter.prototype as never)).to.equal(Adapter.prototype);
    expect(NodeClusterAdapter.prototype.serverSideEmit).to.not.equal(Adapter.prototype.serverSideEmit);
  });
});
