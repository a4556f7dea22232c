/** Tells clients what happens. No other file builds the library's packets. */
import { toWire } from '../errors';
import type { UnauthorizedError } from '../errors';
import { sendEvent, sendEventOrDisconnect } from '../socket-io/packets';
import { EVENTS } from '../protocol';
import type { AuthenticatedPayload } from '../protocol';
import type { AnySocket } from '../types';

/** When a session ends: by the server's clock, and as ms from now, for clients whose clock is wrong. */
export function toPayload(endsAt: number, now: number): AuthenticatedPayload {
  return endsAt === Infinity
    ? { expiresAt: null, expiresIn: null }
    : { expiresAt: endsAt, expiresIn: endsAt - now };
}

export function tellAuthenticated(socket: AnySocket, payload: AuthenticatedPayload): void {
  if (socket.connected) sendEvent(socket, EVENTS.authenticated, payload);
}

export function tellExpiring(socket: AnySocket, payload: AuthenticatedPayload): void {
  if (socket.connected) sendEvent(socket, EVENTS.tokenExpiring, payload);
}

/** A client that acknowledges a refusal is disconnected, as in socketio-jwt. */
export function tellRefusal(socket: AnySocket, error: UnauthorizedError): void {
  if (socket.connected) sendEventOrDisconnect(socket, EVENTS.unauthorized, toWire(error));
}
