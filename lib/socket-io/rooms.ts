/**
 * Changes of rooms.
 *
 * Relies on (read in Socket.IO 4.0.2 and 4.8.4, with socket.io-adapter 2.2 and 2.5):
 * - `socket.join` and `socket.leave` call the adapter, and return what it returns: nothing, or a promise.
 * - An adapter emits `create-room`, `join-room`, `leave-room` and `delete-room` at once, while it changes its records;
 *   those of the room of the event are right by then. What a listener throws comes back to the caller.
 */
import { callGuarded } from '../runtime/warnings';
import type { AnySocket } from '../types';

/**
 * Changes rooms. What an adapter or its listeners throw is reported: it must not keep a socket in the next room, nor a
 * session open.
 */
export function changeRooms(change: () => unknown): void {
  callGuarded("the adapter, or a listener of 'join-room' or 'leave-room',", change);
}

export function joinRoom(socket: AnySocket, room: string): void {
  changeRooms(() => socket.join(room));
}

export function leaveRoom(socket: AnySocket, room: string): void {
  changeRooms(() => socket.leave(room));
}

/**
 * Removes a socket from every room but its own, also from those that listeners join it to meanwhile. Each room only once:
 * a listener may put whoever leaves any room into one and the same, without end.
 */
export function leaveRooms(socket: AnySocket): void {
  const seen = new Set([socket.id]);
  for (const room of socket.rooms) {
    if (!seen.has(room)) leaveRoom(socket, room);
    seen.add(room);
  }
}
