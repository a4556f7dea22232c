/**
 * The library's own packets.
 *
 * Relies on (read in Socket.IO 4.0.2 and 4.8.4):
 * - `socket.packet(packet)` writes to the client at once, so a disconnect may follow. With connection state recovery,
 *   `socket.emit` goes through `adapter.broadcast`, which waits for the broker on redis-streams.
 * - A packet of type ACK with the id of an event answers it.
 * - The client's answer to a question is looked up in `socket.acks` by the question's id, called with the socket as
 *   `this`, and removed. An answer without an entry is ignored.
 * - `namespace._ids` counts the ids of questions: an id taken there is unique.
 */
import type { AnyNamespace, AnySocket } from '../types';
import { disconnect } from './connections';
import { inside } from './inside';
import type { EventPacket } from './event-packet';
import { ACK, EVENT } from './packet-types';

/** Answers an event whose client asks for an acknowledgement. */
export type Reply = (answer: unknown) => void;

/** The way to answer an event; `undefined` if the client asks for no acknowledgement. */
export function replyTo(socket: AnySocket, { id }: EventPacket): Reply | undefined {
  if (id === undefined) return undefined;
  return (answer) => {
    if (socket.connected) inside(socket).packet({ type: ACK, data: [answer], id });
  };
}

/** Sends an event to one client, without the adapter. */
export function sendEvent(socket: AnySocket, event: string, payload: unknown): void {
  inside(socket).packet({ type: EVENT, data: [event, payload] });
}

const disconnectIds = new WeakMap<AnyNamespace, number>();

/**
 * Sends an event; a client that acknowledges it is disconnected. One id for each namespace, so that a flood takes no
 * memory.
 */
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

/** Forgets the questions that the application asked a socket: a later answer would not be the user's. */
export function forgetQuestions(socket: AnySocket): void {
  inside(socket).acks.clear();
}
