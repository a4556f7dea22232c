import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Server, Socket } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { TestClient } from '../support/world';

/** What `lib/internals.ts` says of Socket.IO, point by point, on sockets that nobody guards. */
interface Inside {
  onevent: (packet: { data: unknown[]; id?: number }) => void;
  dispatch: (event: unknown[]) => void;
  run: (event: unknown[], done: () => void) => void;
  packet: (packet: object) => void;
  _onclose: (reason: string) => void;
  _onerror: (error: Error) => void;
  _error: (error: object) => void;
  acks: Map<number, unknown>;
  connected: boolean;
  client: { sockets: Map<string, Socket>; nsps: Map<string, Socket>; conn: { readyState: string } };
  nsp: {
    _ids: number;
    _initAdapter: () => void;
    server: { parentNsps: Map<unknown, { children: Set<unknown> }> };
  };
  adapter: {
    sids: Map<string, Set<string>>;
    rooms: Map<string, Set<string>>;
    addAll: (...args: unknown[]) => unknown;
    del: (...args: unknown[]) => unknown;
    delAll: (...args: unknown[]) => unknown;
    socketRooms: (id: string) => Set<string> | undefined;
    persistSession?: (session: { sid: string; pid: string; rooms: string[]; data: unknown }) => void;
    restoreSession?: (pid: string, offset: string) => unknown;
  };
}
const inside = (socket: Socket): Inside => socket as unknown as Inside;

for (const name of ['socket.io-4-0', 'socket.io']) {
  const isNewest = name === 'socket.io';

  describe(`what is leant on in ${name}`, () => {
    let io: Server;
    let http: ReturnType<typeof createServer>;
    let client: TestClient;
    let socket: Socket;

    beforeEach(async () => {
      // oxlint-disable-next-line typescript/no-require-imports -- one of two versions, which TypeScript cannot know
      const { Server: Version } = require(name) as { Server: typeof Server };
      http = createServer();
      io = new Version(http, { connectionStateRecovery: {} });
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      const connected = new Promise<Socket>((resolve) => io.once('connection', resolve));
      client = new TestClient(
        connect(url(), { transports: ['websocket'], forceNew: true, reconnectionDelay: 10 }),
      );
      socket = await connected;
      await client.until('connect');
    });

    afterEach(() => {
      client.socket.disconnect();
      void io.close();
      http.closeAllConnections();
    });

    const url = (): string => `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

    it('an EVENT goes to onevent first, then to onAny, then to dispatch, then to run, then to `on`', async () => {
      const order: string[] = [];
      const methods = ['onevent', 'dispatch', 'run'] as const;
      const proto = Object.getPrototypeOf(socket) as Inside;
      for (const method of methods) {
        inside(socket)[method] = function log(this: unknown, ...args: unknown[]): void {
          order.push(method);
          (proto[method] as (...given: unknown[]) => void).apply(this, args);
        };
      }
      socket.onAny(() => order.push('onAny'));
      const heard = new Promise<void>((resolve) => {
        socket.on('news', (_text: string, reply: () => void) => {
          order.push('on');
          reply();
          resolve();
        });
      });
      client.socket.emit('news', 'text', () => undefined);
      await heard;
      expect(order).to.deep.equal(['onevent', 'onAny', 'dispatch', 'run', 'on']);
    });

    it('onevent gets the event, its arguments and the id of the acknowledgement', async () => {
      const packet = new Promise<{ data: unknown[]; id?: number }>((resolve) => {
        inside(socket).onevent = resolve;
      });
      client.socket.emit('news', { token: 'x' }, () => undefined);
      const { data, id } = await packet;
      expect(data).to.deep.equal(['news', { token: 'x' }]);
      expect(id).to.be.a('number');
    });

    it('packet writes an EVENT, whose acknowledgement is looked up in acks, and an ACK', async () => {
      const answered = new Promise<void>((resolve) => {
        inside(socket).acks.set(4711, () => resolve());
      });
      client.socket.on('question', (_payload, reply: () => void) => reply());
      inside(socket).packet({ type: 2, data: ['question', 1], id: 4711 });
      await answered;
      inside(socket).onevent = ({ id }) => inside(socket).packet({ type: 3, data: ['answer'], id });
      expect(await client.socket.emitWithAck('ask')).to.equal('answer');
      expect(inside(socket).nsp._ids).to.be.a('number');
    });

    it('a broadcast goes to the ids in adapter.sids, a room message to those in adapter.rooms', async () => {
      const { adapter } = inside(socket);
      expect(adapter.sids.get(socket.id)).to.deep.equal(new Set([socket.id]));
      expect(adapter.rooms.get(socket.id)).to.deep.equal(new Set([socket.id]));
      adapter.sids.delete(socket.id);
      io.emit('all');
      io.to(socket.id).emit('direct');
      await client.until('direct');
      expect(client.received('all')).to.deep.equal([]);
      adapter.sids.set(socket.id, new Set([socket.id]));
      io.emit('all');
      await client.until('all');
    });

    it('join, leave and rooms ask the adapter, by addAll, del and socketRooms; a close asks delAll', async () => {
      const { adapter } = inside(socket);
      const asked: string[] = [];
      for (const method of ['addAll', 'del', 'delAll'] as const) {
        const original = adapter[method];
        adapter[method] = (...args) => {
          asked.push(method);
          return original.apply(adapter, args);
        };
      }
      void socket.join('room');
      void socket.leave('room');
      const { socketRooms } = adapter;
      adapter.socketRooms = (id) => socketRooms.call(adapter, id)?.add('seen');
      expect(socket.rooms.has('seen')).to.equal(true);
      const gone = new Promise<unknown>((resolve) => {
        socket.on('disconnect', resolve);
      });
      client.socket.disconnect();
      await gone;
      expect(asked).to.deep.equal(['addAll', 'del', 'delAll']);
    });

    it('_onclose is how every socket closes, and client.sockets and client.nsps hold those of a connection', async () => {
      const { client: connection } = inside(socket);
      expect(connection.sockets.get(socket.id)).to.equal(socket);
      expect(connection.nsps.get('/')).to.equal(socket);
      expect(connection.conn.readyState).to.equal('open');
      const { _onclose } = inside(socket);
      const closed = new Promise<string>((resolve) => {
        inside(socket)._onclose = (reason) => {
          _onclose.call(socket, reason);
          resolve(reason);
        };
      });
      client.socket.io.engine.close();
      expect(await closed).to.match(/transport/);
      expect(inside(socket).connected).to.equal(false);
      expect(connection.sockets.size).to.equal(0);
      expect(inside(socket)._onerror).to.be.a('function');
      expect(inside(socket)._error).to.be.a('function');
    });

    it('`connect` comes before `connection`, in the tick in which the socket enters the adapter', async () => {
      const order: string[] = [];
      const done = new Promise<void>((resolve) => {
        io.of('/').prependListener('connect', (one: Socket) => {
          order.push('connect');
          process.nextTick(() => order.push('next tick'));
          expect(inside(one).adapter.sids.has(one.id)).to.equal(true);
        });
        io.on('connection', () => {
          order.push('connection');
          setImmediate(resolve);
        });
      });
      const other = connect(url(), { transports: ['websocket'], forceNew: true, reconnection: false });
      await done;
      other.disconnect();
      expect(order).to.deep.equal(['connect', 'connection', 'next tick']);
    });

    it('a dynamic namespace is in parentNsps, with its children; another adapter comes by _initAdapter', () => {
      const parent = io.of(/^\/dynamic-\d+$/);
      const parents = [...inside(socket).nsp.server.parentNsps.values()];
      expect(parents).to.include(parent as never);
      expect(parents[0]?.children).to.be.instanceOf(Set);
      let times = 0;
      const { nsp } = inside(socket);
      const init = nsp._initAdapter;
      nsp._initAdapter = () => {
        times += 1;
        init.call(nsp);
      };
      io.adapter(inside(socket).adapter.constructor as never);
      expect(times).to.equal(1);
    });

    if (isNewest) {
      it('a dropped socket is kept by persistSession, and brought back by restoreSession with its data', async () => {
        io.emit('offset');
        await client.until('offset');
        const { adapter } = inside(socket);
        const { persistSession, restoreSession } = adapter;
        const kept: object[] = [];
        adapter.persistSession = (session) => {
          kept.push(session);
          persistSession?.call(adapter, { ...session, data: { from: 'the test' } });
        };
        const restored: unknown[] = [];
        adapter.restoreSession = async (pid, offset) => {
          const session = await restoreSession?.call(adapter, pid, offset);
          restored.push(session);
          return session;
        };
        const back = new Promise<Socket>((resolve) => io.once('connection', resolve));
        client.socket.io.engine.close();
        const again = await back;
        expect(again.recovered).to.equal(true);
        expect(again.id).to.equal(socket.id);
        expect(kept[0]).to.have.all.keys('sid', 'pid', 'rooms', 'data');
        expect(restored[0]).to.have.property('data', again.data).that.deep.equals({ from: 'the test' });
      });

      it('a socket that is not connected yet is forgotten by _cleanup', async () => {
        const preConnect = (io.of('/') as unknown as { _preConnectSockets: Map<string, unknown> })
          ._preConnectSockets;
        const dropped = new Promise<number>((resolve) => {
          io.use((one) => {
            (one as unknown as { _cleanup(): void })._cleanup();
            resolve(preConnect.size);
          });
        });
        const other = connect(url(), { transports: ['websocket'], forceNew: true, reconnection: false });
        expect(await dropped).to.equal(0);
        other.disconnect();
      });
    }
  });
}
