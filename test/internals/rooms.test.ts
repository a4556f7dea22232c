/** What the head of `lib/socket-io/rooms.ts` says of Socket.IO, line by line, on sockets that nobody guards. */
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { AnySocket } from '../../lib';
import { inside } from '../../lib/socket-io/inside';
import type { Adapter } from '../../lib/socket-io/inside';
import { BareWorld, VERSIONS } from './kit';

for (const version of VERSIONS) {
  describe(`changes of rooms rely on ${version}:`, () => {
    let world: BareWorld;
    let socket: Socket;
    let adapter: Adapter;

    beforeEach(async () => {
      world = await BareWorld.start(version);
      ({ socket } = await world.pair());
      adapter = inside(socket as AnySocket).adapter;
    });

    afterEach(() => world.close());

    it('join and leave return what the adapter returns', async () => {
      expect([socket.join('room'), socket.leave('room')]).to.deep.equal([undefined, undefined]);
      adapter.addAll = () => Promise.reject(new Error('of addAll'));
      adapter.del = () => Promise.reject(new Error('of del'));
      const outcomes = await Promise.allSettled([socket.join('room'), socket.leave('room')]);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    });

    for (const event of ['create-room', 'join-room', 'leave-room', 'delete-room']) {
      it(`an adapter emits ${event} at once, so that an exception of its listener comes back`, () => {
        world.io.of('/').adapter.on(event, (room: string) => {
          if (room === 'room') throw new Error('a bug');
        });
        expect(() => {
          void socket.join('room');
          void socket.leave('room');
        }).to.throw('a bug');
      });
    }
  });
}
