/** A `verify` function for tokens of a provider that publishes its keys at a JWKS endpoint (RFC 7517 §5). */
import { markFactory } from '../runtime/factories';
import type { JwtClaims } from '../types';
import { toJwksSettings } from './settings';
import type { JwksVerifier, JwksVerifierOptions } from './settings';
import { createVerifier } from './verification';

/**
 * Makes a function that verifies tokens with the RSA, EC and Ed25519 keys of a JWKS endpoint. It makes no request
 * before the first token. It needs the package `jose`.
 *
 * The function rejects with `invalid_token` and the reason `malformed`, `signature`, `algorithm`, `claim`, `expired` or
 * `not_active` (with `retryAfter`), or with `invalid_secret` while there is no key for the token.
 *
 * @throws TypeError if an option is wrong
 * @example authorize({ verify: jwksVerifier({ issuer: 'https://login.example.com', audience: 'my-api' }) })
 */
export function jwksVerifier<Claims = JwtClaims>(options: JwksVerifierOptions<Claims>): JwksVerifier<Claims> {
  return createVerifier(toJwksSettings(options)) as JwksVerifier<Claims>;
}
markFactory(jwksVerifier);
