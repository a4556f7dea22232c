/** Packets of `socket.io-msgpack-parser`, also such as its own client would not send. */
import { Decoder, Encoder } from 'socket.io-msgpack-parser';

interface Packet {
  readonly type: number;
  readonly data: unknown[];
  readonly id?: number;
}

/** A value as the parser writes it. */
export function encode(value: unknown): Buffer {
  // Its types say that it gives an ArrayBuffer.
  return (new Encoder().encode(value) as unknown as [Buffer])[0];
}

/** A map, as bytes: JavaScript's objects have no member `__proto__`. */
export function encodeMap(...members: [name: string, value: Buffer][]): Buffer {
  const { length } = members;
  return Buffer.concat([
    Buffer.from([0xde, length >> 8, length & 255]),
    ...members.flatMap(([name, value]) => [encode(name), value]),
  ]);
}

/** A list, as bytes. */
export function encodeList(items: readonly Buffer[]): Buffer {
  const { length } = items;
  return Buffer.concat([Buffer.from([0xdc, length >> 8, length & 255]), ...items]);
}

/** An EVENT packet, with members of its own. */
export function eventPacket(data: Buffer, ...others: [name: string, value: Buffer][]): Buffer {
  return encodeMap(['type', encode(2)], ['nsp', encode('/')], ['data', data], ...others);
}

/** A packet as the parser reads it. */
export function decodePacket(bytes: Buffer): Packet {
  const decoder = new Decoder() as {
    once(event: 'decoded', listener: (packet: Packet) => void): void;
    add(bytes: Buffer): void;
  };
  let packet: Packet | undefined;
  decoder.once('decoded', (decoded) => (packet = decoded));
  decoder.add(bytes);
  return packet as unknown as Packet;
}
