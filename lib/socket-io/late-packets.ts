/**
 * What is broadcast while a dropped session is being restored: a store may take a while to say whether it still holds.
 *
 * Relies on (read in socket.io-adapter 2.5 and @socket.io/redis-streams-adapter 0.3):
 * - An adapter looks for the missed packets once, when `restoreSession` is called.
 * - The in-memory adapter's `broadcast(packet, options)` gets every broadcast, and what a socket emits. Afterwards an
 *   EVENT packet ends with its offset unless it has an id or is volatile.
 * - An adapter for several processes calls `addOffsetIfNecessary(packet, options, offset)` for the broadcasts of all
 *   nodes; afterwards such a packet ends with the offset.
 * - A packet is for a session if `options.rooms` is empty or names one of its rooms, and `options.except` names none.
 */
import type { EventPacket } from './event-packet';
import type { Adapter, BroadcastOptions } from './inside';
import { EVENT } from './packet-types';

/** One broadcast, and the next: the list is held only by those who record, each from its own beginning. */
interface Link {
  readonly data: readonly unknown[];
  readonly options: BroadcastOptions;
  next: Link | undefined;
}

interface Tape {
  last: Link;
  /** How many record. */
  users: number;
}

const tapes = new WeakMap<Adapter, Tape>();
const newLink = (data: readonly unknown[], options: BroadcastOptions): Link => ({
  data,
  options,
  next: undefined,
});
const beginning = (): Link => newLink([], { rooms: new Set() });

/** Makes an adapter's broadcasts known to {@link record}; once for each adapter. */
export function watchBroadcasts(adapter: Adapter): void {
  const tape: Tape = { last: beginning(), users: 0 };
  tapes.set(adapter, tape);
  const { addOffsetIfNecessary: addOffset, broadcast } = adapter;
  if (addOffset !== undefined) {
    adapter.addOffsetIfNecessary = (packet, options, offset) => {
      addOffset.call(adapter, packet, options, offset);
      keep(tape, packet, options);
    };
    return;
  }
  adapter.broadcast = (packet, options) => {
    const result = broadcast.call(adapter, packet, options);
    keep(tape, packet, options);
    return result;
  };
}

function keep(tape: Tape, packet: EventPacket, options: BroadcastOptions): void {
  if (tape.users === 0) return;
  const hasOffset = packet.type === EVENT && packet.id === undefined && options.flags?.volatile === undefined;
  if (hasOffset && packet.data !== undefined) tape.last = tape.last.next = newLink(packet.data, options);
}

/** Broadcasts from a moment on. */
export interface Recording {
  /** The packets that were meant for a session in these rooms; each ends with its offset. */
  packetsFor(rooms: readonly string[]): (readonly unknown[])[];
  stop(): void;
}

/** Records an adapter's broadcasts until `stop` is called. */
export function record(adapter: Adapter): Recording {
  const tape = tapes.get(adapter) as Tape;
  if (tape.users === 0) tape.last = beginning();
  tape.users += 1;
  const first = tape.last;
  return {
    packetsFor(rooms) {
      const packets: (readonly unknown[])[] = [];
      for (let link = first.next; link !== undefined; link = link.next)
        if (isMeant(rooms, link.options)) packets.push(link.data);
      return packets;
    },
    stop() {
      tape.users -= 1;
      if (tape.users === 0) tape.last = beginning();
    },
  };
}

function isMeant(own: readonly string[], { rooms, except }: BroadcastOptions): boolean {
  if (own.some((room) => except?.has(room))) return false;
  return rooms.size === 0 || own.some((room) => rooms.has(room));
}
