import { generateKeyPairSync } from 'node:crypto';
import { sign } from 'jsonwebtoken';
import type { SignOptions } from 'jsonwebtoken';
import type { VerificationRules } from '../../lib/token/verifier';

/** The shared secret of the tests. */
export const SECRET = 'a secret of the tests, and long enough for HS256';

/** What a verifier asks for where nothing is asked for. */
export const RULES: VerificationRules = {
  passed: {},
  algorithms: undefined,
  maxAge: undefined,
  clockTolerance: 0,
  ignoreExpiration: false,
};

/** Makes a token, signed with {@link SECRET} unless told otherwise. */
export function createToken(
  claims: object = { name: 'Bob', sub: 'bob' },
  options: SignOptions = {},
  secret = SECRET,
): string {
  return sign(claims, secret, options);
}

let rsa: { publicKey: string; privateKey: string } | undefined;

/** An RSA key pair as PEM, made once a process. */
export function rsaKeys(): { publicKey: string; privateKey: string } {
  rsa ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return rsa;
}

/** A token that ends in so many ms from now; `exp` may have a fraction (RFC 7519 §2, NumericDate). */
export function tokenEndingIn(ms: number, claims: object = { sub: 'bob' }): string {
  return createToken({ ...claims, exp: (Date.now() + ms) / 1000 });
}
