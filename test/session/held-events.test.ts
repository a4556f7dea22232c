import { once } from 'node:events';
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { HeldEvents } from '../../lib/session/held-events';
import type { EventPacket } from '../../lib/socket-io/event-packet';
import { freshWorld } from '../support/fresh-world';
import { settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import type { TestClient } from '../support/world';

const KIB = 1024;
/** An event's list, two members, the name `x`, and the object around the bytes. */
const OVERHEAD = 64 + 2 * 16 + 2 + 64;

/** An EVENT packet of exactly so many bytes by the estimate. */
function packetOf(size: number): EventPacket {
  return { type: 2, data: ['x', Buffer.alloc(size - OVERHEAD)] };
}

/** Holds events until the process holds no more, and says how many bytes those are. */
function fill(size: number, all: HeldEvents[]): number {
  for (let count = 0; ; count += 1) {
    const held = new HeldEvents(16);
    all.push(held);
    if (!held.push(packetOf(size))) return count * size;
  }
}

describe('held events', () => {
  const all: HeldEvents[] = [];

  afterEach(() => {
    for (const held of all.splice(0)) held.take();
  });

  function make(max: number): HeldEvents {
    const held = new HeldEvents(max);
    all.push(held);
    return held;
  }

  it('are released once, in the order in which they arrived', () => {
    const held = make(16);
    const packets = [1, 2, 3].map((number): EventPacket => ({ type: 2, data: ['x', number] }));
    for (const packet of packets) expect(held.push(packet)).to.equal(true);
    expect(held.take()).to.deep.equal(packets);
    expect(held.take()).to.deep.equal([]);
  });

  it('keep only what their delivery needs', () => {
    const held = make(16);
    const others = { nsp: '/a', attachments: 0, junk: Buffer.alloc(900_000) };
    held.push({ ...others, type: 2, data: ['x'], id: 7 });
    held.push({ ...others, type: 5, data: ['y'] });
    held.push({ ...others, type: 2, data: ['z'], id: { junk: 'x' } } as unknown as EventPacket);
    expect(held.take()).to.deep.equal([
      { type: 2, data: ['x'], id: 7 },
      { type: 5, data: ['y'] },
      { type: 2, data: ['z'] },
    ]);
  });

  for (const max of [0, 1, 16]) {
    it(`are at most ${max} if holdEvents is ${max}, and as many again after they were released`, () => {
      const held = make(max);
      for (let times = 0; times < 2; times += 1) {
        for (let count = 0; count < max; count += 1) expect(held.push(packetOf(200))).to.equal(true);
        expect(held.push(packetOf(200))).to.equal(false);
        expect(held.take()).to.have.length(max);
      }
    });
  }

  it('of one socket take 64 KiB at most', () => {
    const held = make(Infinity);
    expect(held.push(packetOf(64 * KIB + 1))).to.equal(false);
    expect(held.push(packetOf(64 * KIB))).to.equal(true);
    expect(held.push({ type: 2, data: [] })).to.equal(false);
    held.take();
    for (let count = 0; count < 4; count += 1) expect(held.push(packetOf(16 * KIB))).to.equal(true);
    expect(held.push({ type: 2, data: [] })).to.equal(false);
  });

  it('that are too large leave room for smaller ones', () => {
    const held = make(16);
    expect(held.push(packetOf(60 * KIB))).to.equal(true);
    expect(held.push(packetOf(8 * KIB))).to.equal(false);
    expect(held.push(packetOf(4 * KIB))).to.equal(true);
  });

  it('of all sockets take 16 MiB at most, and released ones make room', () => {
    expect(fill(64 * KIB, all)).to.equal(16 * KIB * KIB);
    const other = make(16);
    expect(other.push({ type: 2, data: ['x'] })).to.equal(false);
    all[0]?.take();
    expect(other.push(packetOf(60 * KIB))).to.equal(true);
    expect(other.push({ type: 2, data: ['x', 'y'.repeat(2 * KIB)] })).to.equal(false);
    other.take();
    expect(other.push(packetOf(64 * KIB))).to.equal(true);
    expect(make(16).push({ type: 2, data: [] })).to.equal(false);
  });

  describe('of a server', () => {
    const { world } = freshWorld();

    const ends: [how: string, end: (client: TestClient, socket: Socket) => unknown][] = [
      ['has logged in', (client) => show(client, createToken())],
      ['is refused', (client) => show(client, 'no token')],
      ['has logged out', (client) => settled(client)],
      [
        'has left',
        async (client, socket) => {
          const gone = once(socket, 'disconnect');
          client.socket.disconnect();
          await gone;
        },
      ],
    ];
    for (const [how, end] of ends) {
      it(`make room for others once their socket ${how}`, async () => {
        world.authorize({ allow: ['ping'] }).attach(world.io);
        world.io.on('connection', (socket) => socket.on('ping', (reply: () => void) => reply()));
        const client = await world.connected();
        const socket = world.io.of('/').sockets.get(String(client.socket.id)) as Socket;
        client.socket.emit('x', Buffer.alloc(32 * KIB));
        await client.socket.emitWithAck('ping');
        expect(fill(KIB, all)).to.be.within(16 * KIB * KIB - 33 * KIB, 16 * KIB * KIB - 32 * KIB);
        for (const held of all.splice(0)) held.take();
        await end(client, socket);
        expect(fill(KIB, all)).to.equal(16 * KIB * KIB);
      });
    }
  });
});
