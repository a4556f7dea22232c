import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { sign } from 'jsonwebtoken';
import type { Secret, SignOptions } from 'jsonwebtoken';
import { TokenLife } from '../../lib/token/token-life';
import type { LifeRules } from '../../lib/token/token-life';
import { TokenVerifier } from '../../lib/token/verifier';
import type { VerificationRules } from '../../lib/token/verifier';

/** The shared secret of the tests. */
export const SECRET = 'a secret of the tests, and long enough for HS256';
/** `jsonwebtoken` reads a string as a private key first, which takes ten times as long as the signature. */
const SECRET_KEY = createSecretKey(Buffer.from(SECRET));

/** A token's life as options without `maxAge`, tolerance or `ignoreExpiration` have it. */
export function tokenLife(rules: Partial<LifeRules> = {}): TokenLife {
  return new TokenLife({ maxAge: undefined, clockTolerance: 0, ignoreExpiration: false, ...rules });
}

/** A verifier that asks for nothing but what it is told to. */
export function tokenVerifier(rules: Partial<VerificationRules> = {}, life = tokenLife()): TokenVerifier {
  return new TokenVerifier({ passed: {}, algorithms: undefined, ...rules }, life);
}

/** Makes a token, signed with {@link SECRET} unless told otherwise. */
export function createToken(
  claims: object = { name: 'Bob', sub: 'bob' },
  options: SignOptions = {},
  secret: Secret = SECRET_KEY,
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
