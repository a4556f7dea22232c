/**
 * Offsets: the position of a packet among all that an adapter has sent. Recovery sends a client the packets after its
 * offset.
 *
 * Relies on (read in socket.io-adapter 2.5 and @socket.io/redis-streams-adapter 0.3):
 * - An adapter for several processes calls `addOffsetIfNecessary(packet, options, offset)` for the broadcasts of all
 *   nodes. A broadcast to one node only has no offset, and ends with the application's last argument.
 * - The in-memory adapter has no such method. Its `_encode(packet, options)` gets every broadcast, and what a socket
 *   emits. By then, an EVENT packet ends with its offset unless it has an id or is volatile.
 * - Offsets are `yeast` ids (milliseconds in base 64, with a counter after a point) in memory, and
 *   `milliseconds-counter` in a Redis stream. Both grow.
 */
import type { Adapter } from './inside';
import { EVENT } from './packet-types';

/** Digits of `yeast`, in their order. */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';

/** A place among an adapter's packets: after the one with this offset, or before it. */
export interface Place {
  readonly offset: string;
  readonly isBehind: boolean;
}

/** What this node has seen of an adapter's packets. */
interface Seen {
  first?: string;
  last?: string;
}

const books = new WeakMap<Adapter, Seen>();

/** Starts to record the offsets that an adapter assigns. */
export function watchOffsets(adapter: Adapter): void {
  const { _encode: encode, addOffsetIfNecessary: addOffset } = adapter;
  if (encode === undefined || books.has(adapter)) return;
  const seen: Seen = {};
  books.set(adapter, seen);
  if (addOffset !== undefined) {
    adapter.addOffsetIfNecessary = (packet, options, offset) => {
      note(seen, offset);
      addOffset.call(adapter, packet, options, offset);
    };
    return;
  }
  adapter._encode = (packet, options) => {
    const hasOffset = packet.type === EVENT && packet.id === undefined && options.volatile === undefined;
    if (hasOffset) note(seen, packet.data?.at(-1));
    return encode.call(adapter, packet, options);
  };
}

function note(seen: Seen, offset: unknown): void {
  const key = sortKey(offset);
  if (key === undefined) return;
  seen.first ??= offset as string;
  // A node may get other nodes' packets out of order.
  if (seen.last === undefined || key > (sortKey(seen.last) as string)) seen.last = offset as string;
}

/** The offset that this node has seen last. */
export function lastOffset(adapter: Adapter): string | undefined {
  return books.get(adapter)?.last;
}

/** The offset that this node has seen first. */
export function firstOffset(adapter: Adapter): string | undefined {
  return books.get(adapter)?.first;
}

/** Whether a packet that ends with its offset comes after a place; `false` if that is unknown. */
export function comesAfter(packet: readonly unknown[], { offset, isBehind }: Place): boolean {
  const [own, other] = [sortKey(packet.at(-1)), sortKey(offset)];
  if (own === undefined || other === undefined) return false;
  return isBehind ? own > other : own >= other;
}

/** A text that sorts in the order of offsets; `undefined` for anything that is no offset. */
function sortKey(offset: unknown): string | undefined {
  if (typeof offset !== 'string') return undefined;
  const [, ms, counter] = /^(\d{1,20})-(\d{1,20})$/.exec(offset) ?? [];
  if (ms !== undefined && counter !== undefined) return ms.padStart(20, '0') + counter.padStart(20, '0');
  const [, time, seed] = /^([\w-]{1,32})(?:\.([\w-]{1,16}))?$/.exec(offset) ?? [];
  if (time === undefined) return undefined;
  return inOrder(time, 32) + (seed === undefined ? '' : `.${inOrder(seed, 16)}`);
}

/** The digits as characters that sort in the same order, padded to one length. */
function inOrder(digits: string, length: number): string {
  const sortable = Array.from(digits, (digit) => String.fromCharCode(0x30 + DIGITS.indexOf(digit)));
  return sortable.join('').padStart(length, '0');
}
