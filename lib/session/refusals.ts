/** How refusals are told: to the server's listeners, to the client, and in the counters. */
import { unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import type { Reply } from '../socket-io/packets';
import { log } from '../runtime/log';
import { CODES, NAMESPACE_EVENTS } from '../protocol';
import type { SessionContext } from './context';
import { tellRefusal } from './notifications';
import type { AnySocket } from '../types';

/** The longest event name that is sent back. */
const MAX_EVENT_NAME = 128;

/** Refusals that say nothing against the token: they do not count as attempts. */
const NOT_THE_TOKENS_FAULT: ReadonlySet<string> = new Set([
  CODES.invalidSecret,
  CODES.revocationUnavailable,
  CODES.rateLimited,
  CODES.serverBusy,
  CODES.authenticationInProgress,
]);

/** Whether a refusal counts towards `maxAttempts`. */
export function isFailure(error: UnauthorizedError): boolean {
  return !NOT_THE_TOKENS_FAULT.has(error.code);
}

/** Counts a refusal, and tells the server's listeners. */
export function countRefusal(socket: AnySocket, error: UnauthorizedError, context: SessionContext): void {
  context.stats.refused += 1;
  log.refusal('%s: %s %s', socket.id, error.code, error.data.reason ?? '');
  context.announce(NAMESPACE_EVENTS.unauthorized, socket, error);
}

/** Tells everyone of a refusal, unless the socket is gone. */
export function tellRefused(
  socket: AnySocket,
  error: UnauthorizedError,
  context: SessionContext,
  reply?: Reply,
): void {
  if (!socket.connected) return;
  countRefusal(socket, error, context);
  tellRefusal(socket, error);
  reply?.({ ok: false, error: error.data });
}

/**
 * Tells of an event that was dropped. Not counted: it is no refusal of a token.
 *
 * @param code `not_authenticated` or `insufficient_scope`
 */
export function tellDropped(socket: AnySocket, code: string, event: unknown, context: SessionContext): void {
  // In memory of its own: a part of a string keeps the whole of it, and listeners may keep the error.
  const name = Buffer.from(String(event).slice(0, MAX_EVENT_NAME)).toString();
  log.refusal('%s: event %j dropped', socket.id, name);
  const error = unauthorized(code, { event: name });
  context.announce(NAMESPACE_EVENTS.unauthorized, socket, error);
  tellRefusal(socket, error);
}
