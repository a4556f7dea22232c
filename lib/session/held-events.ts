import type { EventPacket } from '../socket-io/event-packet';
import { sizeOf } from './event-size';

/** Bytes that the events of one socket may take. */
const MAX_PER_SOCKET = 64 * 1024;
/** Bytes that the held events of a process may take. */
const MAX_PER_PROCESS = 16 * 1024 * 1024;

let heldByProcess = 0;

/** The events of one socket that wait for its login, in the order in which they came. */
export class HeldEvents {
  readonly #max: number;
  #packets: EventPacket[] = [];
  #size = 0;

  /** @param max `holdEvents` */
  constructor(max: number) {
    this.#max = max;
  }

  /** Keeps an event, unless it would pass a bound. Returns whether it was kept. */
  push(packet: EventPacket): boolean {
    if (this.#packets.length >= this.#max) return false;
    const limit = Math.min(MAX_PER_SOCKET - this.#size, MAX_PER_PROCESS - heldByProcess);
    const size = sizeOf(packet.data as unknown[], limit);
    if (size > limit) return false;
    this.#packets.push(packet);
    this.#size += size;
    heldByProcess += size;
    return true;
  }

  /** Returns all events, and forgets them. */
  take(): EventPacket[] {
    const packets = this.#packets;
    heldByProcess -= this.#size;
    this.#size = 0;
    this.#packets = [];
    return packets;
  }
}
