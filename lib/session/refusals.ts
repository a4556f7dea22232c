/** Reports refusals: to the server's listeners, to the client, and in the counters. */
import { unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import type { Reply } from '../socket-io/packets';
import { log } from '../runtime/log';
import { ownText } from '../runtime/own-text';
import { CODES, NAMESPACE_EVENTS, REASONS } from '../protocol';
import type { AnswerKind } from './answers';
import type { SessionContext } from './context';
import { tellRefusal } from './notifications';
import type { AnySocket } from '../types';

/** The longest event name that is sent back. */
const MAX_EVENT_NAME = 128;

/** Refusals that are not the token's fault: they do not count as attempts. */
const NOT_THE_TOKENS_FAULT: ReadonlySet<string> = new Set([
  CODES.invalidSecret,
  CODES.revocationUnavailable,
  CODES.rateLimited,
  CODES.serverBusy,
  CODES.authenticationInProgress,
]);

/** The answers to tokens that are not verified now. */
const BUSY: ReadonlySet<string> = new Set([CODES.authenticationInProgress, CODES.notAuthenticated]);

/** Whether a refusal counts towards `maxAttempts`. */
export function isFailure(error: UnauthorizedError): boolean {
  // A token before its `nbf` will be valid later: the issuer's clock may be ahead.
  return !NOT_THE_TOKENS_FAULT.has(error.code) && error.data.reason !== REASONS.notActive;
}

/** Counts a refusal, and tells the server's listeners. */
export function countRefusal(socket: AnySocket, error: UnauthorizedError, context: SessionContext): void {
  context.stats.refused += 1;
  log.refusal('%s: %s %s', socket.id, error.code, error.data.reason ?? '');
  context.announce(NAMESPACE_EVENTS.unauthorized, socket, error);
}

/**
 * Counts a refusal, and tells the server's listeners, unless the connection was told too often.
 *
 * @returns whether the client is told
 */
export function mayTellRefusal(
  socket: AnySocket,
  error: UnauthorizedError,
  context: SessionContext,
  kind: AnswerKind = 'refusal',
): boolean {
  const isTold = context.answers.allow(socket, kind, context.deadlines.now());
  if (isTold) countRefusal(socket, error, context);
  return isTold;
}

/**
 * Reports a refusal to the listeners and the client, unless the socket has disconnected or the connection was told too
 * often.
 */
export function tellRefused(
  socket: AnySocket,
  error: UnauthorizedError,
  context: SessionContext,
  reply?: Reply,
): void {
  const kind = BUSY.has(error.code) ? 'busy' : 'refusal';
  if (!socket.connected || !mayTellRefusal(socket, error, context, kind)) return;
  tellRefusal(socket, error);
  reply?.({ ok: false, error: error.data });
}

/**
 * Reports a dropped event, unless the connection was told too often. The counters skip it, because no token was refused.
 *
 * @param code `not_authenticated` or `insufficient_scope`
 */
export function tellDropped(socket: AnySocket, code: string, event: unknown, context: SessionContext): void {
  if (!context.answers.allow(socket, 'dropped', context.deadlines.now())) return;
  // A copy: a listener that keeps the error must not keep the whole packet in memory.
  const name = ownText(String(event).slice(0, MAX_EVENT_NAME));
  log.refusal('%s: event %j dropped', socket.id, name);
  const error = unauthorized(code, { event: name });
  context.announce(NAMESPACE_EVENTS.unauthorized, socket, error);
  tellRefusal(socket, error);
}
