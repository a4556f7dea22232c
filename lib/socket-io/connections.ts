/**
 * One connection, and its sockets in several namespaces.
 *
 * Relies on (read in Socket.IO 4.0.2 and 4.8.4):
 * - `socket.client` is one object for all sockets of a connection. `client.sockets` and `client.nsps` hold those that
 *   are live, by id and by the namespace's name.
 * - `client.conn` is Engine.IO's socket: `readyState` is `'open'` until it closes, after `close()` earlier packets
 *   still arrive, and the event `close` reports the end.
 * - Two CONNECT packets for one namespace make two sockets if the second arrives before the first is connected.
 *   `client.nsps` then has the newer one, which gets all packets.
 * - `socket._onclose(reason)` closes a socket without a packet. It removes the namespace from `client.nsps`, even if
 *   another socket is stored there.
 * - With `allowEIO3`, all sockets of a connection of Engine.IO 3 and a namespace have one id. `_onclose` of one
 *   removes another from `client.sockets`, `namespace.sockets` and the adapter's records.
 * - `socket._error(error)` sends a CONNECT_ERROR packet, and leaves the transport open. Socket.IO calls it a tick
 *   after a middleware has refused, so before `setImmediate`.
 * - `socket._cleanup()` forgets a socket that has not connected (from 4.5.2; older versions store nothing for it). Socket.IO
 *   calls it when a middleware has refused the socket.
 */
import { callGuarded } from '../runtime/warnings';
import type { AnySocket } from '../types';
import { inside } from './inside';
import type { Client } from './inside';
import { changeRooms } from './rooms';

/** The connection below a socket; the same object for its sockets in all namespaces. */
export function connectionOf(socket: AnySocket): object {
  return socket.client;
}

/** Whether the transport below a socket is open. */
export function isTransportOpen(socket: AnySocket): boolean {
  return inside(socket).client.conn.readyState === 'open';
}

const LISTENERS = "a listener of 'disconnecting' or 'disconnect'";

/**
 * Disconnects a socket, and closes the transport unless another namespace still uses it. An exception of the
 * application's listeners is reported: it must not save the socket, nor the next one.
 */
export function disconnect(socket: AnySocket): void {
  const { client } = inside(socket);
  const isLast = client.sockets.size <= 1;
  callGuarded(LISTENERS, () => socket.disconnect(isLast));
  // A listener's exception keeps Socket.IO from it, or a listener has disconnected the other ones.
  if (client.conn.readyState === 'open') closeIfIdle(client);
}

/** Whether a connection is in no namespace. */
export function isIdle(connection: object): boolean {
  return (connection as Client).sockets.size === 0;
}

/** Closes a transport that no namespace uses; what was sent before still arrives. */
export function closeIfIdle(connection: object): void {
  if (isIdle(connection)) (connection as Client).conn.close();
}

/** Calls back when a transport has closed. */
export function onceClosed(connection: object, listener: () => void): void {
  (connection as Client).conn.once('close', listener);
}

/**
 * Replaces a socket by a newer one of the same connection and namespace. The older one is closed without a packet:
 * packets name the namespace, not the socket, so a DISCONNECT would disconnect the newer one.
 */
export function replace(older: AnySocket, newer: AnySocket): void {
  const { client, nsp, adapter } = inside(newer);
  callGuarded(LISTENERS, () => inside(older)._onclose('server namespace disconnect'));
  client.nsps.set(nsp.name, newer);
  if (older.id !== newer.id) return;
  // Socket.IO has removed the newer one from its records, because both have one id.
  client.sockets.set(newer.id, newer);
  nsp.sockets.set(newer.id, newer);
  changeRooms(() => adapter.addAll(newer.id, new Set([newer.id])));
}

/** Forgets a socket that has not connected. The client is told nothing. */
export function discard(socket: AnySocket): void {
  inside(socket)._cleanup?.();
}

/** Calls back when a socket is forgotten: a middleware has refused it, or it has closed. */
export function onceForgotten(socket: AnySocket, listener: () => void): void {
  const own = inside(socket);
  const cleanup = own._cleanup?.bind(own);
  own._cleanup = () => {
    cleanup?.();
    listener();
  };
}

/** Sends a CONNECT_ERROR packet, and closes the transport unless a namespace uses it. */
export function refuseAndClose(socket: AnySocket, error: Error & { data: unknown }): void {
  inside(socket)._error({ message: error.message, data: error.data });
  closeIfIdle(socket.client);
}
