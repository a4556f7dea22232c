/**
 * The library's own packets.
 *
 * Relies on (read in Socket.IO 4.0.2 and 4.8.4):
 * - `socket.packet(packet)` writes to the client at once: a disconnect may follow. With connection state recovery,
 *   `socket.emit` does not: it goes through `adapter.broadcast`, which waits for the broker on redis-streams.
 * - A packet of type ACK with the id of an event answers it.
 * - The client's answer to a question is looked up in `socket.acks` by the question's id, called with the socket as `this`,
 *   and taken out. An answer that is not there is ignored.
 * - The ids of questions are counted by `namespace._ids`: an id that is taken there is nobody else's.
 */
import type { AnyNamespace, AnySocket } from '../types';
import { disconnect } from './connections';
import { inside } from './inside';
import type { EventPacket } from './event-packet';

/** Packet types of the Socket.IO protocol, version 5. */
const EVENT = 2;
const ACK = 3;

/** Sends back what the client asked for with an acknowledgement. */
export type Reply = (answer: unknown) => void;

/** The way to answer an event; `undefined` if the client asks for no acknowledgement. */
export function replyTo(socket: AnySocket, { id }: EventPacket): Reply | undefined {
  if (id === undefined) return undefined;
  return (answer) => {
    if (socket.connected) inside(socket).packet({ type: ACK, data: [answer], id });
  };
}

/** Sends an event to one client, past the adapter. */
export function sendEvent(socket: AnySocket, event: string, payload: unknown): void {
  inside(socket).packet({ type: EVENT, data: [event, payload] });
}

const disconnectIds = new WeakMap<AnyNamespace, number>();

/** Sends an event; a client that acknowledges it is disconnected. One id a namespace, so a flood of them holds nothing. */
export function sendEventOrDisconnect(socket: AnySocket, event: string, payload: unknown): void {
  const { nsp, acks } = inside(socket);
  let id = disconnectIds.get(nsp);
  if (id === undefined) disconnectIds.set(nsp, (id = nsp._ids++));
  acks.set(id, disconnectThis);
  inside(socket).packet({ type: EVENT, data: [event, payload], id });
}

function disconnectThis(this: AnySocket): void {
  disconnect(this);
}

/** Forgets the questions that the application asked a socket: what it answers now is not the user's answer. */
export function forgetQuestions(socket: AnySocket): void {
  inside(socket).acks.clear();
}
