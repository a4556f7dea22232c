import { decode, sign } from 'jsonwebtoken';
import type { JwtClaims } from '../types';

/** Has `jsonwebtoken` read a time span the way that it will read it when it verifies. */
export function maxAgeInSeconds(maxAge: unknown): number | undefined {
  if (typeof maxAge === 'number') return maxAge > 0 && Number.isFinite(maxAge) ? maxAge : undefined;
  if (typeof maxAge !== 'string' || maxAge === '') return undefined;
  try {
    const { exp = 0, iat = 0 } = decode(sign({}, 'unused', { expiresIn: maxAge as '1h' })) as JwtClaims;
    return exp > iat ? exp - iat : undefined;
  } catch {
    return undefined;
  }
}
