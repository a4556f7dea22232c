/** The refusals of a token that are the library's own, with `jsonwebtoken`'s messages where it has one. */
import { unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import { CODES, REASONS } from '../protocol';
import type { UnauthorizedReason } from '../protocol';

/** What is no JWT at all. */
export function malformed(message = 'jwt malformed'): UnauthorizedError {
  return invalidToken(message, REASONS.malformed);
}

/** What is longer than `maxTokenBytes`. */
export function tooLarge(): UnauthorizedError {
  return invalidToken('jwt too large', REASONS.tooLarge);
}

/** A token whose life is over. */
export function expired(message = 'jwt expired'): UnauthorizedError {
  return invalidToken(message, REASONS.expired);
}

/** What a revocation rule says of a token that it refuses. */
export interface RevokedBy {
  /** Whether a fresh token may count. */
  readonly retryable: boolean;
}

/** A token that a revocation rule refuses. */
export function revokedToken({ retryable }: RevokedBy): UnauthorizedError {
  const reason = REASONS.revoked;
  return unauthorized(CODES.invalidToken, { message: 'jwt revoked', reason, retryable });
}

/** A token one of whose claims is not as it must be. */
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
