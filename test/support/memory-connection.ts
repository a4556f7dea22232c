/**
 * A connection without a network: what a client writes is in the server's parser in the same tick, and the other way
 * round. The server, its namespaces, the parser and the adapter are Socket.IO's own; only Engine.IO's socket is replaced
 * by an object with the members of it that Socket.IO uses.
 */
import { EventEmitter } from 'node:events';
import type { Server } from 'socket.io';

/** A server that listens nowhere: connections are handed to it. */
export interface MemoryPort {
  connect(onPacket: (packet: string) => void, onClose: () => void): MemoryConnection;
}

/** Opens a port on a server that is attached to no HTTP server. */
export function openMemoryPort(io: Server): MemoryPort {
  const engine = new EventEmitter();
  // `bind` is documented for other servers than Engine.IO's.
  io.bind(Object.assign(engine, { close: () => undefined }));
  let count = 0;
  return {
    connect(onPacket, onClose) {
      count += 1;
      const connection = new MemoryConnection(`memory-${count}`, onPacket, onClose);
      engine.emit('connection', connection);
      return connection;
    },
  };
}

export class MemoryConnection extends EventEmitter {
  readonly protocol = 4;
  readonly transport = { name: 'websocket', writable: true };
  readonly remoteAddress = '127.0.0.1';
  readonly request = {
    headers: {},
    url: '/socket.io/?EIO=4&transport=websocket',
    connection: {},
    _query: { EIO: '4', transport: 'websocket' },
  };
  readyState: 'open' | 'closing' | 'closed' = 'open';
  readonly #onPacket: (packet: string) => void;
  readonly #onClose: () => void;

  constructor(
    readonly id: string,
    onPacket: (packet: string) => void,
    onClose: () => void,
  ) {
    super();
    this.#onPacket = onPacket;
    this.#onClose = onClose;
  }

  /** The client writes a packet, or several at once. */
  send(...packets: readonly (string | Buffer)[]): void {
    for (const packet of packets) if (this.readyState === 'open') this.emit('data', packet);
  }

  /** The connection breaks. */
  drop(): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.emit('close', 'transport close');
    this.#onClose();
  }

  /** The server writes. */
  write(packet: unknown): void {
    if (this.readyState === 'open' && typeof packet === 'string') this.#onPacket(packet);
  }

  /** The server closes: packets that were written before have arrived. */
  close(): void {
    if (this.readyState !== 'open') return;
    this.readyState = 'closing';
    setImmediate(() => {
      this.readyState = 'closed';
      this.emit('close', 'forced close');
      this.#onClose();
    });
  }
}
