/** Whom a token speaks of: what `sameSubject`, recovery and `revoke` compare. */
import { createHash } from 'node:crypto';
import type { JwtClaims, TokenIdentity } from '../types';

/** Finds the claim that names the user; `undefined` if the token names nobody. */
export type UserClaim = (claims: JwtClaims) => unknown;

/** Claims that differ between two tokens of one user (RFC 7519 §4.1.4 to §4.1.7). */
const PER_TOKEN: ReadonlySet<string> = new Set(['exp', 'nbf', 'iat', 'jti']);

/**
 * A claim as text. RFC 7519 §4.1 wants strings, but some issuers write numbers, and their users must be revocable too.
 *
 * @returns `undefined` for anything else, and for an empty string, which names nobody
 */
export function claimText(claim: unknown): string | undefined {
  if (typeof claim === 'number') return String(claim);
  return typeof claim === 'string' && claim !== '' ? claim : undefined;
}

/** What revocation rules and stores are asked about; read before `validate` can change the claims. */
export function identityOf(claims: JwtClaims, userClaim: UserClaim): TokenIdentity {
  const { jti, sid, iss, iat } = claims;
  const texts = { jti, sub: userClaim(claims), sid, iss };
  const identity: Record<string, string | number> = {};
  for (const [name, claim] of Object.entries(texts)) {
    const text = claimText(claim);
    if (text !== undefined) identity[name] = text;
  }
  if (typeof iat === 'number') identity.iat = iat;
  return identity;
}

/**
 * A text that is equal for two tokens of one user, and for no others. The same name from two issuers is two users. Two
 * tokens that name nobody are of one user if all their claims but those of the single token are equal.
 */
export function userKeyOf(claims: JwtClaims, { iss, sub }: TokenIdentity): string {
  if (sub !== undefined) return JSON.stringify(['user', iss ?? null, sub]);
  const lasting = Object.entries(claims).filter(([name]) => !PER_TOKEN.has(name));
  const digest = createHash('sha256').update(JSON.stringify(sorted(Object.fromEntries(lasting))));
  return JSON.stringify(['claims', digest.digest('base64url')]);
}

/** The same value with every object's members in one order: two issuers' nodes may write them differently. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  // Pairs, since `__proto__` as a member's name would be lost.
  return members.map(([name, member]) => [name, sorted(member)]);
}
