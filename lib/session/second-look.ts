import { unauthorized, UnauthorizedError } from '../errors';
import { CODES } from '../protocol';
import type { Outcome } from '../token/admission';
import type { Permit } from '../token/permit';
import { expired, revokedToken } from '../token/refusals';
import type { SessionContext } from './context';

/**
 * Checks an outcome again in the tick in which it takes effect. Since the token was judged, a rule may have revoked
 * it, it may have expired, or another user may have logged in. The authorizer may be closed: nobody would end the
 * session.
 *
 * @param current the permit that the session has now
 */
export function secondLook(outcome: Outcome, current: Permit | undefined, context: SessionContext): Outcome {
  if (outcome instanceof UnauthorizedError) return outcome;
  const { revocations, deadlines, settings } = context;
  if (deadlines.isClosed) return unauthorized(CODES.serverBusy);
  const refusal = revocations.refuses(outcome.identity);
  if (refusal !== undefined) return revokedToken(refusal);
  if (outcome.endsAt <= deadlines.now()) return expired();
  const isOther = current !== undefined && current.userKey !== outcome.userKey;
  return isOther && settings.sameSubject ? unauthorized(CODES.identityMismatch) : outcome;
}
