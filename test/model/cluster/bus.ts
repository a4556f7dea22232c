/** What carries messages between the nodes of a simulated cluster, and loses some. */
import { ClusterAdapter } from 'socket.io-adapter';
import type { ClusterMessage } from 'socket.io-adapter';
import type { Random } from '../random';

/** How bad the network is. Parts of a hundred; times in ms. */
export interface Network {
  readonly lost: number;
  readonly doubled: number;
  readonly maxDelay: number;
}

/** The longest way of a message where nothing is lost. */
export const CALM: Network = { lost: 0, doubled: 0, maxDelay: 20 };

type Receiver = (message: ClusterMessage) => void;

/** Delays, and so reorders, drops and doubles messages, and parts the nodes into two groups. */
export class Bus {
  readonly #receivers = new Map<Receiver, string>();
  readonly #random: Random;
  network = CALM;
  /** The nodes that are cut off from the others. */
  apart = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  join(node: string, receiver: Receiver): void {
    this.#receivers.set(receiver, node);
  }

  /** A node is gone. */
  leave(node: string): void {
    for (const [receiver, owner] of this.#receivers) if (owner === node) this.#receivers.delete(receiver);
  }

  publish(from: string, message: ClusterMessage): void {
    const text = JSON.stringify(message);
    const { lost, doubled, maxDelay } = this.network;
    for (const [receiver, to] of this.#receivers) {
      if (to === from || this.apart.has(to) !== this.apart.has(from) || this.#random.below(100) < lost)
        continue;
      const copies = this.#random.below(100) < doubled ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        setTimeout(
          () => {
            if (this.#receivers.has(receiver)) receiver(JSON.parse(text) as ClusterMessage);
          },
          this.#random.below(maxDelay + 1),
        );
      }
    }
  }
}

/** An adapter whose messages travel over a {@link Bus}; all else is Socket.IO's. */
export function adapterOver(bus: Bus, node: string): typeof ClusterAdapter {
  return class BusAdapter extends ClusterAdapter {
    constructor(namespace: unknown) {
      super(namespace);
      bus.join(node, (message) => this.onMessage(message));
    }

    protected override doPublish(message: ClusterMessage): Promise<string> {
      bus.publish(node, message);
      return Promise.resolve('');
    }

    protected override doPublishResponse(): Promise<void> {
      return Promise.resolve();
    }
  };
}
