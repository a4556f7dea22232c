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

  get isEmpty(): boolean {
    return this.#packets.length === 0;
  }

  /**
   * Keeps an event, unless it would pass a bound. Of its packet, it keeps what delivery needs: with parsers that read
   * JSON or MessagePack, a packet has whatever members the client sent, and with the default one, a namespace of 13
   * characters or more is a slice that keeps the whole packet's text.
   *
   * @returns whether the event was kept
   */
  push({ type, data, id }: EventPacket): boolean {
    if (this.#packets.length >= this.#max) return false;
    const limit = Math.min(MAX_PER_SOCKET - this.#size, MAX_PER_PROCESS - heldByProcess);
    const size = sizeOf(data as unknown[], limit);
    if (size > limit) return false;
    this.#packets.push({ type, data: data as unknown[], ...(typeof id === 'number' && { id }) });
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
