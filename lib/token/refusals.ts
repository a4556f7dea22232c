/** The library's own refusals of tokens, with `jsonwebtoken`'s messages where they exist. */
import { unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import { CODES, REASONS } from '../protocol';
import type { UnauthorizedReason } from '../protocol';

/** A token that is no JWT. */
export function malformed(message = 'jwt malformed'): UnauthorizedError {
  return invalidToken(message, REASONS.malformed);
}

/** A token that is longer than `maxTokenBytes`. */
export function tooLarge(): UnauthorizedError {
  return invalidToken('jwt too large', REASONS.tooLarge);
}

/** A token that has expired. */
export function expired(message = 'jwt expired'): UnauthorizedError {
  return invalidToken(message, REASONS.expired);
}

/** What a revocation rule says of a token that it refuses. */
export interface RevokedBy {
  /** Whether a fresh token may be accepted. */
  readonly retryable: boolean;
}

/** A token that a revocation rule refuses. */
export function revokedToken({ retryable }: RevokedBy): UnauthorizedError {
  const reason = REASONS.revoked;
  return unauthorized(CODES.invalidToken, { message: 'jwt revoked', reason, retryable });
}

/** A token with a claim that is not as required. */
export function badClaim(message: string): UnauthorizedError {
  return invalidToken(message, REASONS.claim);
}

/** A JWT that is not signed. */
export function unsigned(): UnauthorizedError {
  return invalidToken('jwt signature is required', REASONS.signature);
}

function invalidToken(message: string, reason: UnauthorizedReason): UnauthorizedError {
  return unauthorized(CODES.invalidToken, { message, reason });
}
