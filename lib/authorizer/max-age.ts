import { decode, sign } from 'jsonwebtoken';

/**
 * Reads a time span in seconds. `jsonwebtoken` does it, so that it is read as at verification; `undefined` if it is
 * none.
 */
export function maxAgeInSeconds(maxAge: unknown): number | undefined {
  if (typeof maxAge === 'number') return maxAge > 0 && Number.isFinite(maxAge) ? maxAge : undefined;
  if (typeof maxAge !== 'string' || maxAge === '') return undefined;
  try {
    const token = sign({}, 'unused', { expiresIn: maxAge as '1h' });
    // `sign` sets both.
    const { exp, iat } = decode(token) as { exp: number; iat: number };
    return exp > iat ? exp - iat : undefined;
  } catch {
    return undefined;
  }
}
