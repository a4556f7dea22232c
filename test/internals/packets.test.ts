/** What the head of `lib/socket-io/packets.ts` says of Socket.IO, line by line, on sockets that nobody guards. */
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { inside } from '../../lib/socket-io/inside';
import type { EventPacket } from '../../lib/socket-io/event-packet';
import type { TestClient } from '../support/world';
import { BareWorld, next, VERSIONS } from './kit';

const [EVENT, ACK] = [2, 3];

for (const version of VERSIONS) {
  describe(`the library's own packets rely on ${version}:`, () => {
    let world: BareWorld;
    let client: TestClient;
    let socket: Socket;

    beforeEach(async () => {
      world = await BareWorld.start(version, { connectionStateRecovery: {} });
      ({ client, socket } = await world.pair());
    });

    afterEach(() => world.close());

    it('packet writes at once: a packet that is sent right before a disconnect arrives', async () => {
      inside(socket).packet({ type: EVENT, data: ['last', { retryable: true }] });
      socket.disconnect(true);
      await client.until('disconnect');
      expect(client.received('last')).to.deep.equal([[{ retryable: true }]]);
    });

    it("packet acknowledges an event of the client by the event's id", async () => {
      const { _onpacket } = inside(socket);
      inside(socket)._onpacket = function answer(packet: EventPacket) {
        const { id } = packet;
        if (packet.data?.[0] === 'ask' && id !== undefined)
          inside(socket).packet({ type: ACK, data: ['answer'], id });
        else _onpacket.call(this, packet);
      };
      expect(await client.socket.emitWithAck('ask')).to.equal('answer');
    });

    it("the callback of a client's acknowledgement is found in acks by id, called with the socket as `this`, and removed", async () => {
      const { acks } = inside(socket);
      const answered = new Promise<unknown>((resolve) => {
        acks.set(4711, function take(this: unknown) {
          resolve(this);
        });
      });
      client.socket.on('question', (_payload: unknown, reply: () => void) => reply());
      inside(socket).packet({ type: EVENT, data: ['question', 1], id: 4711 });
      expect(await answered).to.equal(socket);
      await new Promise(setImmediate);
      expect(acks.has(4711)).to.equal(false);
    });

    it('an acknowledgement whose id is not in acks is ignored', async () => {
      const faults: unknown[] = [];
      socket.on('error', (fault) => faults.push(fault));
      client.socket.on('question', (reply: () => void) => reply());
      let isAnswered = false;
      socket.emit('question', () => (isAnswered = true));
      inside(socket).acks.clear();
      await client.until('question');
      const heard = next(socket, 'behind it');
      client.socket.emit('behind it');
      await heard;
      expect(isAnswered).to.equal(false);
      expect(faults).to.deep.equal([]);
    });

    it('the ids of acknowledgements come from namespace._ids, so each is used once', () => {
      const { nsp, acks } = inside(socket);
      const own = nsp._ids++;
      socket.emit('question', () => undefined);
      socket.emit('question', () => undefined);
      expect([...acks.keys()]).to.deep.equal([own + 1, own + 2]);
    });

    if (version === 'socket.io') {
      it('with recovery socket.emit goes through adapter.broadcast, and packet does not', async () => {
        const handed: unknown[] = [];
        (socket.nsp.adapter as unknown as { broadcast: unknown }).broadcast = (packet: EventPacket) =>
          handed.push(packet.data?.[0]);
        socket.emit('by the adapter');
        inside(socket).packet({ type: EVENT, data: ['at once'] });
        await client.until('at once');
        expect(handed).to.deep.equal(['by the adapter']);
        expect(client.inbox.events).to.deep.equal(['connect', 'at once']);
      });
    }
  });
}
