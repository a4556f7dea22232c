/** Which sessions a logout token ends. */
import type { Revocation } from '../types';
import type { Logout } from './logout-token';
import { LogoutRefusal } from './refusal';
import type { LogoutSettings } from './settings';

/**
 * The rule that a logout token asks for.
 *
 * A rule by `sub` ends the sessions whose token was issued up to the logout token's `iat`, and no later ones. So a
 * repeated logout token does no harm, and a late one ends no fresh login. The library need not remember `jti` values.
 *
 * @throws LogoutRefusal if the token lacks the claim that `endBy` needs
 */
export function revocationOf({ iss, sid, sub, iat }: Logout, endBy: LogoutSettings['endBy']): Revocation {
  if (endBy === 'sid' && sid !== undefined) return { iss, sid };
  // The answer must not be 200 if the rule would end no session.
  if (sub === undefined) throw new LogoutRefusal('logout_token: sub is required');
  // `issuedBefore` is exclusive, and the `iat` of most access tokens is in whole seconds.
  return { iss, sub, issuedBefore: Math.floor(iat) + 1 };
}
