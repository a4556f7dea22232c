/** How refusals are told: to the server's listeners, to the client, and in the counters. */
import { unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import type { Reply } from '../socket-io/packets';
import { log } from '../runtime/log';
import { ownText } from '../runtime/own-text';
import { CODES, NAMESPACE_EVENTS, REASONS } from '../protocol';
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
  // A token that does not count yet will: an issuer's clock may be ahead.
  return !NOT_THE_TOKENS_FAULT.has(error.code) && error.data.reason !== REASONS.notActive;
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
  // A copy: listeners may keep the error, and must not keep the packet with it.
  const name = ownText(String(event).slice(0, MAX_EVENT_NAME));
  log.refusal('%s: event %j dropped', socket.id, name);
  const error = unauthorized(code, { event: name });
  context.announce(NAMESPACE_EVENTS.unauthorized, socket, error);
  tellRefusal(socket, error);
}
