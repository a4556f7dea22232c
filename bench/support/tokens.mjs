import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';

export const SECRET = 'the shared secret of the benchmark, 32 bytes and more';
export const KEY = createSecretKey(Buffer.from(SECRET));

let made = 0;

/**
 * Tokens of as many users; each with a name of its own, as a revocation rule would have it.
 *
 * @returns {string[]}
 */
export function makeTokens(count, key = KEY, algorithm = 'HS256') {
  return Array.from({ length: count }, () => {
    made += 1;
    return makeToken({ sub: `user-${made}`, jti: `token-${made}-${process.pid}` }, key, algorithm);
  });
}

/** @returns {string} */
export function makeToken(claims, key = KEY, algorithm = 'HS256') {
  return jwt.sign({ name: 'Bob', scope: 'chat:write', ...claims }, key, { algorithm, expiresIn: '12h' });
}

/** Of the right form, by someone who does not have the key. */
export function makeForgedTokens(count) {
  return makeTokens(count, createSecretKey(Buffer.from('a secret of somebody else, 32 bytes and more')));
}
