import { isUtf8 } from 'node:buffer';
import type { JwtHeader } from '../types';

/**
 * The header of a token that is not verified yet; `undefined` if it has none. It is UTF-8 (RFC 7515 §3), but
 * `jsonwebtoken` writes and reads Latin-1, which differs if a key's name is not ASCII.
 */
export function headerOf(token: string): JwtHeader | undefined {
  const [text = ''] = token.split('.', 1);
  const bytes = Buffer.from(text, 'base64url');
  try {
    const header: unknown = JSON.parse(bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1'));
    return typeof header === 'object' && header !== null && !Array.isArray(header)
      ? (header as JwtHeader)
      : undefined;
  } catch {
    return undefined;
  }
}
