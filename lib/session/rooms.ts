/** The `rooms` option: rooms that a login joins, a renewal exchanges, and a logout leaves. */
import { UnauthorizedError, unauthorized } from '../errors';
import { CODES } from '../protocol';
import type { AnySocket, JwtClaims } from '../types';

type RoomsOption = (claims: JwtClaims, socket: AnySocket) => unknown;

/**
 * Asks the application for a socket's rooms.
 *
 * @returns the rooms, or the refusal: what throws, or gives anything else than names, refuses the login
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
      // A promise that rejects must not reach the process.
      Promise.resolve(names).then(undefined, () => undefined);
      return unauthorized(CODES.unknown);
    }
    // A copy, which has no holes.
    const all = Array.from(names as unknown[]);
    return all.every((name) => isRoom(name, socket)) ? new Set(all as string[]) : unauthorized(CODES.unknown);
  } catch (cause) {
    return cause instanceof UnauthorizedError ? cause : unauthorized(CODES.unknown, { cause });
  }
}

const NO_ROOMS: ReadonlySet<string> = new Set();

/** The room with another socket's id hears what is sent to that socket alone. */
function isRoom(name: unknown, socket: AnySocket): boolean {
  return typeof name === 'string' && (name === socket.id || !socket.nsp.sockets.has(name));
}

/** Leaves the rooms that are gone, and joins those that are new. */
export function exchangeRooms(
  socket: AnySocket,
  former: ReadonlySet<string>,
  rooms: ReadonlySet<string>,
): void {
  for (const room of former) if (!rooms.has(room) && room !== socket.id) void socket.leave(room);
  for (const room of rooms) if (!former.has(room)) void socket.join(room);
}
