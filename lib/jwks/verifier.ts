/** A `verify` function for tokens of a provider that shows its keys at a JWKS endpoint (RFC 7517 §5). */
import type { JwtClaims } from '../types';
import { toJwksSettings } from './settings';
import type { JwksVerifier, JwksVerifierOptions } from './settings';
import { createVerifier } from './verification';

/**
 * Makes a verifier of tokens that are signed with the keys of a JWKS endpoint: RSA, EC and Ed25519. Nothing is
 * requested before the first token. It needs the package `jose`.
 *
 * What it rejects with: `invalid_token` with the reason `malformed`, `signature`, `algorithm`, `claim`, `expired` or
 * `not_active` (then with `retryAfter`); `invalid_secret` while there is no key for the token.
 *
 * @throws TypeError if an option is wrong
 * @example authorize({ verify: jwksVerifier({ issuer: 'https://login.example.com', audience: 'my-api' }) })
 */
export function jwksVerifier<Claims = JwtClaims>(options: JwksVerifierOptions<Claims>): JwksVerifier<Claims> {
  return createVerifier(toJwksSettings(options)) as JwksVerifier<Claims>;
}
