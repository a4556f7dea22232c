/**
 * The only file of the client that uses internals of Socket.IO's client. It relies on the following, as read in
 * `socket.io-client` 4.8. `test/client/socket-internals.test.ts` fails if a version changes it.
 *
 * - Connection state recovery (4.6 and newer) sends `_pid` and `_lastOffset` with the CONNECT packet. Without `_pid`
 *   the server makes a new session. The answer to the CONNECT packet sets a new `_pid`.
 * - `flags` apply to the next `emit` only. An event with `fromQueue` skips the queue of the option `retries`, where it
 *   would wait for the acknowledgement of every earlier event. There is no documented way to skip that queue: a
 *   `volatile` event skips it too, but is lost if the transport is busy. `timeout` is what `socket.timeout()` sets:
 *   after that many ms, or when the connection is lost, Socket.IO calls the acknowledgement with an `Error`.
 * - `sendBuffer` holds packets that cannot be sent now. Socket.IO sends them at the next connection, before `connect`.
 *   A connected socket uses the buffer too, after the heartbeats have stopped and before `disconnect`.
 */
import type { ClientSocket } from './types';

interface Internals {
  _pid?: string | undefined;
  _lastOffset?: string | undefined;
  flags: { fromQueue?: boolean; timeout?: number | undefined };
  sendBuffer: unknown[];
}

/** Makes the next CONNECT packet ask for a new session instead of the former one. */
export function forgetRecovery(socket: ClientSocket): void {
  (socket as unknown as Internals)._pid = (socket as unknown as Internals)._lastOffset = undefined;
}

/**
 * Sends an event on this connection or not at all, ahead of events that wait.
 *
 * @param detail the event's argument, or its acknowledgement
 * @param timeout ms for the acknowledgement
 */
export function sendNow(socket: ClientSocket, event: string, detail: unknown, timeout?: number): void {
  const { flags, sendBuffer } = socket as unknown as Internals;
  const { length } = sendBuffer;
  flags.fromQueue = true;
  flags.timeout = timeout;
  socket.emit(event, detail);
  sendBuffer.length = length;
}
