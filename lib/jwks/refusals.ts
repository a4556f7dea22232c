/** Turns errors of `jose` into the library's refusals. */
import { unauthorized, UnauthorizedError } from '../errors';
import type { UnauthorizedErrorOptions } from '../errors';
import { CODES, REASONS } from '../protocol';
import type { JwtClaims } from '../types';

/**
 * The members of a `JOSEError` that are read. An error is recognized by its code, so it may come from another copy of
 * `jose`.
 */
interface Fault {
  readonly code?: unknown;
  readonly claim?: unknown;
  readonly reason?: unknown;
  readonly payload?: JwtClaims;
}

/** By the codes of `jose` 6. The errors are dropped, because they contain claims and parts of the token. */
const BY_CODE: Readonly<Record<string, (fault: Fault, clockTolerance: number) => UnauthorizedErrorOptions>> =
  {
    ERR_JWS_INVALID: () => ({ message: 'jwt malformed', reason: REASONS.malformed }),
    ERR_JWT_INVALID: () => ({ message: 'jwt malformed', reason: REASONS.malformed }),
    // Thrown outside the search for a key: `crit` names something unknown (RFC 7515 §4.1.11).
    ERR_JOSE_NOT_SUPPORTED: () => ({ message: 'jwt malformed', reason: REASONS.malformed }),
    ERR_JOSE_ALG_NOT_ALLOWED: () => WRONG_ALGORITHM,
    ERR_JWS_SIGNATURE_VERIFICATION_FAILED: () => ({
      message: 'invalid signature',
      reason: REASONS.signature,
    }),
    ERR_JWT_EXPIRED: () => ({ message: 'jwt expired', reason: REASONS.expired }),
    ERR_JWT_CLAIM_VALIDATION_FAILED: ofClaim,
  };

const WRONG_ALGORITHM = { message: 'invalid algorithm', reason: REASONS.algorithm };

/** The message to the client for a wrong claim. All other claims share one message. */
const CLAIM_MESSAGES: Readonly<Record<string, string>> = {
  iss: 'jwt issuer invalid',
  aud: 'jwt audience invalid',
  typ: 'jwt typ invalid',
};

/** @param clockTolerance in seconds; decides when a token that is not active yet may be sent again */
export function toRefusal(fault: unknown, clockTolerance: number): UnauthorizedError {
  if (fault instanceof UnauthorizedError) return fault;
  const { code } = Object(fault) as Fault;
  const describe = typeof code === 'string' && Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  // All other errors concern the key, such as an RSA key that is too short.
  if (describe === undefined) return keyUnavailable(fault);
  return unauthorized(CODES.invalidToken, describe(fault as Fault, clockTolerance));
}

/** Whether an error concerns the claims. The signature is valid then. */
export function isOfClaims(fault: unknown): boolean {
  const { code } = Object(fault) as Fault;
  return typeof code === 'string' && code.startsWith('ERR_JWT_');
}

/** Whether a key has refused the signature. */
export function isOfSignature(fault: unknown): boolean {
  return (Object(fault) as Fault).code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED';
}

/** There is no key for this token at the moment. */
export function keyUnavailable(cause: unknown): UnauthorizedError {
  return unauthorized(CODES.invalidSecret, { reason: REASONS.keyUnavailable, cause });
}

/** The token's key is for another algorithm. */
export function wrongAlgorithm(): UnauthorizedError {
  return unauthorized(CODES.invalidToken, WRONG_ALGORITHM);
}

/** @param cause what the application's function threw */
export function wrongIssuer(cause?: unknown): UnauthorizedError {
  return unauthorized(CODES.invalidToken, {
    message: CLAIM_MESSAGES['iss'] as string,
    reason: REASONS.claim,
    cause,
  });
}

function ofClaim({ claim, reason, payload }: Fault, clockTolerance: number): UnauthorizedErrorOptions {
  if (claim === 'nbf' && reason === 'check_failed') {
    const wait = ((payload?.nbf as number) - clockTolerance) * 1000 - Date.now();
    return { message: 'jwt not active', reason: REASONS.notActive, retryAfter: Math.max(0, Math.ceil(wait)) };
  }
  const message = CLAIM_MESSAGES[claim as string] ?? 'jwt claim invalid';
  return { message, reason: REASONS.claim };
}
