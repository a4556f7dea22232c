/** What the client is told when the application's code refuses or fails: a code, never the text of an exception. */
import { isNativeError } from 'node:util/types';
import { ownRefusal, unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import { CODES, REASONS } from '../protocol';
import { isOutage } from './outages';

/** Of the key function. */
export function toKeyRefusal(cause: unknown): UnauthorizedError {
  return ownRefusal(cause) ?? keyUnavailable(cause);
}

/** Of `verify`: a failure of the service is not the token's fault. */
export function toVerifierRefusal(cause: unknown): UnauthorizedError {
  return ownRefusal(cause) ?? (isOutage(cause) ? keyUnavailable(cause) : rejected(cause));
}

/** Of `verify`, for an answer that holds no claims. */
export function rejected(cause?: unknown): UnauthorizedError {
  return unauthorized(CODES.invalidToken, { reason: REASONS.rejected, cause });
}

/** Of `validate` and the other hooks: only an {@link UnauthorizedError} is meant for the client. */
export function toApplicationRefusal(cause: unknown): UnauthorizedError {
  return ownRefusal(cause) ?? unauthorized(CODES.unknown, { cause });
}

/**
 * Of the application's answer: `false` and an Error refuse, returned or resolved; also an Error of another realm, such as
 * a test runner's.
 *
 * @throws UnauthorizedError if the answer refuses
 */
export function requireConsent(answer: unknown): void {
  if (answer === false || answer instanceof Error || isNativeError(answer))
    throw toApplicationRefusal(answer);
}

/** Of `onError`: its arguments are meant for the client, as in socketio-jwt. */
export function toToldRefusal(error: unknown, code: unknown): UnauthorizedError {
  const own = ownRefusal(error);
  if (own !== undefined) return own;
  const told: unknown =
    typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error;
  return unauthorized(typeof code === 'string' && code !== '' ? code : CODES.unknown, {
    ...(typeof told === 'string' && { message: told }),
  });
}

/** Of the revocation store. */
export function toStoreRefusal(cause: unknown): UnauthorizedError {
  return unauthorized(CODES.revocationUnavailable, { cause });
}

/** Of the limiter: `rate-limiter-flexible` rejects with the time to wait. A limiter that fails refuses, too. */
export function toRateLimited(cause: unknown): UnauthorizedError {
  const wait = (cause as { msBeforeNext?: unknown } | undefined)?.msBeforeNext;
  return unauthorized(CODES.rateLimited, {
    cause,
    ...(Number.isFinite(wait) && { retryAfter: Math.max(0, Math.ceil(wait as number)) }),
  });
}

function keyUnavailable(cause: unknown): UnauthorizedError {
  return unauthorized(CODES.invalidSecret, { reason: REASONS.keyUnavailable, cause });
}
