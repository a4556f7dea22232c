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

/** A token that a revocation rule refuses. */
export function revokedToken(): UnauthorizedError {
  return invalidToken('jwt revoked', REASONS.revoked);
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
