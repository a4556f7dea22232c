/** Which sessions a logout token ends. */
import type { Revocation } from '../types';
import type { Logout } from './logout-token';
import { LogoutRefusal } from './refusal';
import type { LogoutSettings } from './settings';

/**
 * The rule that a logout token asks for.
 *
 * By `sub` it ends what was issued up to the logout token's `iat`, and nothing later. So a repeat is harmless, and one
 * that comes late ends no fresh login; no memory of `jti` values is needed.
 *
 * @throws LogoutRefusal if the token does not name what sessions are found by
 */
export function revocationOf({ iss, sid, sub, iat }: Logout, endBy: LogoutSettings['endBy']): Revocation {
  if (endBy === 'sid' && sid !== undefined) return { iss, sid };
  // A rule that ends nobody must not be answered with 200.
  if (sub === undefined) throw new LogoutRefusal('logout_token: sub is required');
  // `issuedBefore` is exclusive, and `iat` of access tokens mostly whole seconds.
  return { iss, sub, issuedBefore: Math.floor(iat) + 1 };
}
