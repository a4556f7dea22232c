/** The `rooms` option: rooms that a login joins, a renewal exchanges, and a logout leaves. */
import { ownRefusal, unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import { CODES } from '../protocol';
import { joinRoom, leaveRoom } from '../socket-io/rooms';
import type { AnySocket, JwtClaims } from '../types';

type RoomsOption = (claims: JwtClaims, socket: AnySocket) => unknown;

/**
 * Asks the application for a socket's rooms.
 *
 * @returns the rooms, or a refusal if the option throws or returns anything but names
 */
export function roomsOf(
  option: RoomsOption | undefined,
  claims: JwtClaims,
  socket: AnySocket,
): ReadonlySet<string> | UnauthorizedError {
  if (option === undefined) return NO_ROOMS;
  try {
    const names = option(claims, socket);
    if (!Array.isArray(names)) {
      // A rejection without a handler would end the process.
      Promise.resolve(names).then(undefined, () => undefined);
      return unauthorized(CODES.unknown);
    }
    // A copy without holes, which `every` would skip.
    const all = Array.from(names as unknown[]);
    return all.every((name) => isRoom(name, socket)) ? new Set(all as string[]) : unauthorized(CODES.unknown);
  } catch (cause) {
    return ownRefusal(cause) ?? unauthorized(CODES.unknown, { cause });
  }
}

const NO_ROOMS: ReadonlySet<string> = new Set();

/** A room that bears another socket's id gets that socket's private messages. */
function isRoom(name: unknown, socket: AnySocket): boolean {
  return typeof name === 'string' && (name === socket.id || !socket.nsp.sockets.has(name));
}

/**
 * Leaves the rooms that are gone, and joins those that are new.
 *
 * @param isWanted whether to go on: an adapter's listeners run meanwhile
 */
export function exchangeRooms(
  socket: AnySocket,
  former: ReadonlySet<string>,
  rooms: ReadonlySet<string>,
  isWanted: () => boolean,
): void {
  for (const room of former) {
    if (!isWanted()) return;
    if (!rooms.has(room) && room !== socket.id) leaveRoom(socket, room);
  }
  for (const room of rooms) {
    if (!isWanted()) return;
    if (!former.has(room)) joinRoom(socket, room);
  }
}
