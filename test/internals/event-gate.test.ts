/** What the head of `lib/socket-io/event-gate.ts` says of Socket.IO, line by line, on sockets that nobody guards. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { inside, protoOf } from '../../lib/socket-io/inside';
import type { EventPacket } from '../../lib/socket-io/event-packet';
import type { TestClient } from '../support/world';
import { BareWorld, next, spyOn, VERSIONS } from './kit';

/** Packet types of the Socket.IO protocol, version 5. */
const [DISCONNECT, EVENT, ACK] = [1, 2, 3];
/** Newer parsers give an event or an answer the same type with binary as without. */
const BINARY = { 'socket.io-4-0': { event: 5, ack: 6 }, 'socket.io': { event: EVENT, ack: ACK } };

type Gate = Record<'onevent', (packet: EventPacket) => void>;

for (const version of VERSIONS) {
  describe(`the event gate relies on ${version}:`, () => {
    let world: BareWorld;
    let client: TestClient;
    let socket: Socket;

    beforeEach(async () => {
      world = await BareWorld.start(version);
      ({ client, socket } = await world.pair());
    });

    afterEach(() => world.close());

    it('_onpacket gets every packet of a connected socket', async () => {
      const types: number[] = [];
      spyOn(socket, '_onpacket', ({ type }: EventPacket) => types.push(type));
      client.socket.on('question', (bytes: unknown, reply: (bytes: unknown) => void) => reply(bytes));
      client.socket.emit('text', 'x');
      client.socket.emit('binary', Buffer.from('x'));
      for (const answer of ['x', Buffer.from('x')]) {
        await new Promise((resolve) => {
          socket.emit('question', answer, resolve);
        });
      }
      const closed = next(socket, 'disconnect');
      client.socket.disconnect();
      await closed;
      expect(types).to.deep.equal([EVENT, BINARY[version].event, ACK, BINARY[version].ack, DISCONNECT]);
    });

    it('_onpacket hands EVENT and BINARY_EVENT packets, and no others, to `socket.onevent`, which may be assigned', async () => {
      const packets: EventPacket[] = [];
      const done = new Promise<void>((resolve) => {
        (socket as unknown as Gate).onevent = (packet) => {
          packets.push(packet);
          if (packet.data?.[0] === 'last') resolve();
        };
      });
      client.socket.on('question', (reply: () => void) => reply());
      client.socket.emit('text', 'x');
      client.socket.emit('binary', Buffer.from('x'));
      await new Promise((resolve) => {
        socket.emit('question', resolve);
      });
      client.socket.emit('last');
      await done;
      expect(packets.map(({ type }) => type)).to.deep.equal([EVENT, BINARY[version].event, EVENT]);
    });

    it('a packet has the name of the event and its arguments as `data`, and an `id` if the client wants an answer', async () => {
      const packets: EventPacket[] = [];
      spyOn(socket, '_onpacket', (packet: EventPacket) => packets.push({ ...packet }));
      client.socket.emit('news', { token: 'x' }, 7);
      const last = next(socket, 'last');
      client.socket.emit('last', () => undefined);
      await last;
      const [plain, asking] = packets as [EventPacket, EventPacket];
      expect(plain.data).to.deep.equal(['news', { token: 'x' }, 7]);
      expect(plain.id).to.equal(undefined);
      expect(asking.id).to.be.a('number');
    });

    it('onevent calls the onAny listeners, then dispatch, run, and the `on` listeners', async () => {
      const order: string[] = [];
      for (const method of ['_onpacket', 'onevent', 'dispatch', 'run'])
        spyOn(socket, method, () => order.push(method));
      socket.onAny(() => order.push('onAny'));
      socket.use((_event, proceed) => {
        order.push('use');
        proceed();
      });
      const heard = new Promise<void>((resolve) => {
        socket.on('news', (_text: string, reply: () => void) => {
          order.push('on');
          reply();
          resolve();
        });
      });
      client.socket.emit('news', 'text', () => undefined);
      await heard;
      expect(order).to.deep.equal(['_onpacket', 'onevent', 'onAny', 'dispatch', 'run', 'use', 'on']);
    });

    it('dispatch and run get the name of the event, its arguments, and its acknowledgement function', async () => {
      const seen: unknown[][] = [];
      for (const method of ['dispatch', 'run']) spyOn(socket, method, (event: unknown[]) => seen.push(event));
      socket.on('news', (_text: string, reply: (answer: string) => void) => reply('yes'));
      expect(await client.socket.emitWithAck('news', 'text')).to.equal('yes');
      for (const event of seen) {
        expect(event.slice(0, 2)).to.deep.equal(['news', 'text']);
        expect(event[2]).to.be.a('function');
      }
      expect(seen).to.have.length(2);
    });

    it('the `on` listeners run a tick after the middlewares, and only while the socket is connected', async () => {
      const order: string[] = [];
      socket.use(([event], proceed) => {
        process.nextTick(() => order.push(`tick after ${event}`));
        proceed();
        order.push(`run ${event}`);
        if (event === 'too late') socket.disconnect();
      });
      for (const event of ['news', 'too late']) socket.on(event, () => order.push(`heard ${event}`));
      const [heard, closed] = [next(socket, 'news'), next(socket, 'disconnect')];
      client.socket.emit('news');
      await heard;
      client.socket.emit('too late');
      await closed;
      await new Promise(setImmediate);
      expect(order).to.deep.equal([
        'run news',
        'tick after news',
        'heard news',
        'run too late',
        'tick after too late',
      ]);
    });

    it("the `on` listeners are those of Node's EventEmitter", async () => {
      const heard = next(socket, 'news');
      EventEmitter.prototype.emit.call(socket, 'news', 1, 2);
      expect(await heard).to.deep.equal([1, 2]);
    });

    it("a middleware's refusal goes to _onerror, which calls the `error` listeners", async () => {
      const errors: Error[] = [];
      spyOn(socket, '_onerror', (error: Error) => errors.push(error));
      socket.use((_event, proceed) => proceed(new Error('no')));
      const told = next<[Error]>(socket, 'error');
      client.socket.emit('news');
      const [error] = await told;
      expect(errors).to.deep.equal([error]);
      expect(error.message).to.equal('no');
    });

    const ends: [how: string, end: () => unknown][] = [
      ['the client disconnects', () => client.socket.disconnect()],
      ['the transport closes', () => client.socket.io.engine.close()],
      ['the server disconnects it', () => socket.disconnect()],
      ['the server closes its connection', () => socket.disconnect(true)],
    ];
    for (const [how, end] of ends) {
      it(`_onclose is called once, and runs the listeners, when ${how}`, async () => {
        const order: unknown[] = [];
        const { _onclose } = inside(socket);
        inside(socket)._onclose = function log(this: unknown, ...args) {
          order.push('begins', inside(socket).connected);
          _onclose.apply(this as never, args);
          order.push('ends', inside(socket).connected);
        };
        for (const event of ['disconnecting', 'disconnect'] as const)
          socket.on(event, () => order.push(event));
        const closed = next(socket, 'disconnect');
        end();
        await closed;
        await new Promise(setImmediate);
        expect(order).to.deep.equal(['begins', true, 'disconnecting', 'disconnect', 'ends', false]);
      });
    }

    it('a socket has none of these methods of its own', () => {
      for (const name of ['_onpacket', 'onevent', 'dispatch', 'run', '_onclose', '_onerror']) {
        expect(protoOf(inside(socket)))
          .to.have.property(name)
          .that.is.a('function');
        expect(Object.hasOwn(socket, name)).to.equal(false);
      }
    });
  });
}
