/** What the head of `lib/socket-io/connections.ts` says of Socket.IO, line by line, on sockets that nobody guards. */
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { adapterOf, inside } from '../../lib/socket-io/inside';
import { RawClient } from '../support/raw-client';
import { BareWorld, next, spyOn, VERSIONS } from './kit';

for (const version of VERSIONS) {
  describe(`what is done to connections relies on ${version}:`, () => {
    let world: BareWorld;

    afterEach(() => world.close());

    it('all sockets of a connection share one client, which holds them by id and by namespace', async () => {
      world = await BareWorld.start(version);
      world.io.of('/other');
      const { client, socket } = await world.pair();
      const connection = next<[Socket]>(world.io.of('/other'), 'connection');
      const second = client.socket.io.socket('/other', {});
      const [[other]] = await Promise.all([connection, next(second, 'connect')]);
      const { client: shared } = inside(socket);
      expect(inside(other).client).to.equal(shared);
      expect([...shared.sockets.keys()]).to.deep.equal([socket.id, other.id]);
      expect([...shared.nsps.keys()]).to.deep.equal(['/', '/other']);
      for (const one of [socket, other]) {
        expect(shared.sockets.get(one.id)).to.equal(one);
        expect(shared.nsps.get(one.nsp.name)).to.equal(one);
      }
      const closed = next(other, 'disconnect');
      second.disconnect();
      await closed;
      expect([...shared.sockets.keys()]).to.deep.equal([socket.id]);
      expect([...shared.nsps.keys()]).to.deep.equal(['/']);
      const gone = next(socket, 'disconnect');
      client.socket.disconnect();
      await gone;
      expect([shared.sockets.size, shared.nsps.size]).to.deep.equal([0, 0]);
    });

    for (const transport of ['websocket', 'polling']) {
      it(`conn is the transport: open until it closes, with an event; packets sent before that arrive, over ${transport}`, async () => {
        world = await BareWorld.start(version);
        const { client, socket } = await world.pair('/', { transports: [transport] });
        const { conn } = inside(socket).client;
        expect(conn.readyState).to.equal('open');
        const closed = new Promise<void>((resolve) => {
          conn.once('close', resolve);
        });
        socket.emit('last');
        conn.close();
        await Promise.all([closed, client.until('disconnect')]);
        expect(conn.readyState).to.equal('closed');
        expect(client.inbox.events.slice(0, 3)).to.deep.equal(['connect', 'last', 'disconnect']);
      });
    }

    /** Two sockets of one connection and namespace, in the order in which they connected. */
    async function twins(raw: RawClient): Promise<[Socket, Socket]> {
      const waiting: (() => void)[] = [];
      const both = new Promise<[Socket, Socket]>((resolve) => {
        const connected: Socket[] = [];
        world.io.on('connection', (socket: Socket) => {
          if (connected.push(socket) === 2) resolve(connected as [Socket, Socket]);
        });
      });
      world.io.use((_socket, proceed) => {
        if (waiting.push(proceed) === 2) for (const go of waiting) go();
      });
      raw.send(RawClient.connect(), RawClient.connect());
      return both;
    }

    it('two CONNECT packets that wait for a middleware make two sockets; nsps has the newer one', async () => {
      world = await BareWorld.start(version);
      const raw = await world.raw();
      const [older, newer] = await twins(raw);
      const { nsps, sockets } = inside(newer).client;
      expect(inside(older).client).to.equal(inside(newer).client);
      expect([...nsps.keys()]).to.deep.equal(['/']);
      expect(nsps.get('/')).to.equal(newer);
      expect([...sockets.keys()]).to.deep.equal([older.id, newer.id]);
      const heard: string[] = [];
      older.on('news', () => heard.push('older'));
      newer.on('news', () => heard.push('newer'));
      const came = next(newer, 'news');
      raw.send(RawClient.event('news'));
      await came;
      expect(heard).to.deep.equal(['newer']);
      raw.close();
    });

    it('_onclose closes a socket without a packet, and removes its namespace from nsps, whichever socket is there', async () => {
      world = await BareWorld.start(version);
      const raw = await world.raw();
      const [older, newer] = await twins(raw);
      const reasons: unknown[] = [];
      older.on('disconnect', (reason) => reasons.push(reason));
      inside(older)._onclose('server namespace disconnect');
      expect(reasons).to.deep.equal(['server namespace disconnect']);
      expect([older.connected, newer.connected]).to.deep.equal([false, true]);
      expect(inside(newer).client.nsps.size).to.equal(0);
      expect([...inside(newer).client.sockets.keys()]).to.deep.equal([newer.id]);
      newer.emit('still here');
      await raw.next('EVENT');
      expect(raw.inbox.all('DISCONNECT')).to.deep.equal([]);
      raw.close();
    });

    it('with allowEIO3, sockets of one connection and namespace have one id: closing one removes the other', async () => {
      world = await BareWorld.start(version, { allowEIO3: true });
      const sockets: Socket[] = [];
      world.io.of('/x').on('connection', (socket: Socket) => sockets.push(socket));
      const base = `${world.url}/socket.io/?EIO=3&transport=polling`;
      const { sid } = JSON.parse(/\{.*\}/.exec(await (await fetch(base)).text())?.[0] ?? '{}') as {
        sid: string;
      };
      const headers = { 'content-type': 'text/plain;charset=UTF-8' };
      await fetch(`${base}&sid=${sid}`, { method: 'POST', body: '4:40/x4:40/x', headers });
      const [older, newer] = sockets as [Socket, Socket];
      const { id, nsp } = newer;
      expect(older.id).to.equal(id);
      inside(older)._onclose('server namespace disconnect');
      expect(newer.connected).to.equal(true);
      expect([nsp.sockets.has(id), inside(newer).client.sockets.has(id)]).to.deep.equal([false, false]);
      expect([adapterOf(nsp).sids.has(id), adapterOf(nsp).rooms.has(id)]).to.deep.equal([false, false]);
    });

    it('_error sends a CONNECT_ERROR packet with a message and data, and leaves the transport open', async () => {
      world = await BareWorld.start(version);
      const raw = await world.raw();
      const met = new Promise<Socket>((resolve) => {
        world.io.use((socket) => resolve(socket));
      });
      raw.send(RawClient.connect());
      const socket = await met;
      inside(socket)._error({ message: 'no', data: { code: 'server_busy' } });
      expect(await raw.next('CONNECT_ERROR')).to.deep.equal({ message: 'no', data: { code: 'server_busy' } });
      expect(inside(socket).client.conn.readyState).to.equal('open');
      raw.close();
    });

    it("a middleware's refusal is sent by _error, after the tick", async () => {
      world = await BareWorld.start(version);
      const order: string[] = [];
      const done = new Promise<void>((resolve) => {
        world.io.use((socket, proceed) => {
          spyOn(socket, '_error', () => order.push('_error'));
          proceed(new Error('no'));
          order.push('middleware');
          setImmediate(() => {
            order.push('immediate');
            resolve();
          });
        });
      });
      const client = world.client();
      await Promise.all([done, client.until('connect_error')]);
      expect(order).to.deep.equal(['middleware', '_error', 'immediate']);
    });

    if (version === 'socket.io') {
      it('_cleanup is called for a socket that a middleware has refused, before the client is told', async () => {
        world = await BareWorld.start(version);
        const order: string[] = [];
        world.io.use((socket, proceed) => {
          spyOn(inside(socket), '_cleanup', () => order.push('_cleanup'));
          spyOn(inside(socket), '_error', () => order.push('_error'));
          proceed(new Error('no'));
        });
        await world.client().until('connect_error');
        expect(order).to.deep.equal(['_cleanup', '_error']);
      });

      it('_cleanup removes a socket that has not connected, and sends the client nothing', async () => {
        world = await BareWorld.start(version);
        const { _preConnectSockets: waiting } = world.io.of('/') as unknown as {
          _preConnectSockets: Map<string, unknown>;
        };
        const raw = await world.raw();
        const sizes: number[] = [];
        world.io.use((socket, proceed) => {
          sizes.push(waiting.size);
          if (sizes.length > 1) {
            proceed();
            return;
          }
          inside(socket)._cleanup?.();
          sizes.push(waiting.size);
        });
        raw.send(RawClient.connect(), RawClient.connect());
        await raw.next('CONNECT');
        expect(sizes).to.deep.equal([1, 0, 1]);
        expect(raw.inbox.events).to.deep.equal(['CONNECT']);
        raw.close();
      });
    }
  });
}
