import { Socket as Engine } from 'engine.io-client';
import { Inbox } from './inbox';

/** Packet types of the Socket.IO protocol, version 5. */
const NAMES = ['CONNECT', 'DISCONNECT', 'EVENT', 'ACK', 'CONNECT_ERROR', 'BINARY_EVENT', 'BINARY_ACK'];
/** Engine.IO 4: what stands between packets of one HTTP body. */
const SEPARATOR = '\u001e';

/** What carries packets; tells what comes by `onPacket` and `onClose`. */
interface Carrier {
  send(packets: readonly string[]): void;
  close(): void;
}

/** A client that says what no Socket.IO client would, and remembers the packets that it got by the names of their types. */
export class RawClient {
  readonly inbox = new Inbox();
  /** Characters of all packets that were sent, and that came; what carries them is not counted. */
  readonly traffic = { sent: 0, received: 0 };
  #carrier: Carrier | undefined;
  isOpen = true;

  /** A client whose transport stands. */
  static async open(url: string, transport: 'websocket' | 'polling'): Promise<RawClient> {
    const client = new RawClient();
    const onPacket = (packet: string): void => client.#onPacket(packet);
    const onClose = (): void => {
      client.isOpen = false;
      client.inbox.push('close', []);
    };
    const open = transport === 'websocket' ? openWebSocket : openPolling;
    client.#carrier = await open(url, onPacket, onClose);
    return client;
  }

  /** Sends packets; over polling in one request, which the server takes in at one go. */
  send(...packets: string[]): void {
    for (const { length } of packets) this.traffic.sent += length;
    this.#carrier?.send(packets);
  }

  close(): void {
    this.#carrier?.close();
  }

  /** A CONNECT packet. */
  static connect(auth?: unknown, namespace = '/'): string {
    const name = namespace === '/' ? '' : `${namespace},`;
    return `0${name}${auth === undefined ? '' : JSON.stringify(auth)}`;
  }

  /** An EVENT packet. */
  static event(...args: unknown[]): string {
    return `2${JSON.stringify(args)}`;
  }

  /** The next packet of a type, without its type and namespace, as data. */
  async next(type: string): Promise<unknown> {
    const [data] = await this.inbox.take(type);
    return data;
  }

  #onPacket(packet: string): void {
    this.traffic.received += packet.length;
    const [, type = '', id, data] = /^(\d)(?:\/[^,]*,)?(\d*)(.*)$/s.exec(packet) ?? [];
    this.inbox.push(NAMES[Number(type)] ?? 'unknown', [
      data === '' ? undefined : JSON.parse(data ?? 'null'),
      id,
    ]);
  }
}

async function openWebSocket(
  url: string,
  onPacket: (packet: string) => void,
  onClose: () => void,
): Promise<Carrier> {
  const engine = new Engine(url, { path: '/socket.io', transports: ['websocket'] });
  engine.on('message', (packet: unknown) => typeof packet === 'string' && onPacket(packet));
  engine.on('close', onClose);
  await new Promise<void>((resolve) => {
    engine.on('open', resolve);
  });
  return {
    send: (packets) => {
      for (const packet of packets) engine.send(packet);
    },
    close: () => void engine.close(),
  };
}

/** By hand, since a client of Engine.IO chooses itself what goes into one request. */
async function openPolling(
  url: string,
  onPacket: (packet: string) => void,
  onClose: () => void,
): Promise<Carrier> {
  const base = `${url}/socket.io/?EIO=4&transport=polling`;
  const greeting = await (await fetch(base)).text();
  const { sid } = JSON.parse(greeting.slice(1)) as { sid: string };
  const session = `${base}&sid=${sid}`;
  let isOpen = true;
  // One request after the other, as the server asks for.
  let sending: Promise<unknown> = Promise.resolve();
  const send = (packets: readonly string[]): void => {
    const body = packets.map((packet) => `4${packet}`).join(SEPARATOR);
    sending = sending.then(() => fetch(session, { method: 'POST', body })).catch(() => undefined);
  };
  const poll = async (): Promise<void> => {
    while (isOpen) {
      const response = await fetch(session).catch(() => undefined);
      const body = response?.ok ? await response.text() : '1';
      for (const packet of body.split(SEPARATOR)) {
        if (packet === '1') isOpen = false;
        else if (packet.startsWith('4')) onPacket(packet.slice(1));
      }
    }
    onClose();
  };
  void poll();
  return {
    send,
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      void fetch(session, { method: 'POST', body: '1' }).catch(() => undefined);
    },
  };
}
