import type { IncomingMessage } from 'node:http';
import { toJwksSettings } from '../jwks/settings';
import type { JwksSettings, JwksVerifierOptions } from '../jwks/settings';
import type { Revocation } from '../types';
import { describe } from '../runtime/describe';
import { checkValue, expect, ownOptions, unknownOption } from '../runtime/option-check';

/** Options that {@link backchannelLogout} shares with `jwksVerifier`. Their meaning is the same. */
type KeyOptions = Pick<
  JwksVerifierOptions,
  'jwksUri' | 'algorithms' | 'fetch' | 'timeout' | 'cacheMaxAge' | 'cooldown'
>;

/** The options of {@link backchannelLogout}. */
export interface BackchannelLogoutOptions extends KeyOptions {
  /**
   * The exact `iss` that a logout token must have. Without `jwksUri` it must be one `https` URL (`http` only for
   * loopback), whose `/.well-known/openid-configuration` says where the keys are. With `jwksUri` it may also be a list,
   * or a function of the verified claims, as in `jwksVerifier`.
   */
  issuer: Exclude<JwksVerifierOptions['issuer'], undefined>;
  /** Your client's id at the provider, or several ids. `aud` of a logout token must name at least one. */
  audience: Exclude<JwksVerifierOptions['audience'], undefined>;
  /**
   * What ends when a logout token names a session (`sid`): with `'sid'` that session, with `'sub'` every session of the
   * user whose token was issued up to the logout token's `iat`. `'sub'` is for providers whose access tokens have no
   * `sid`. Every logout token must then have a `sub`.
   *
   * @defaultValue 'sid'
   */
  endBy?: 'sid' | 'sub' | undefined;
  /**
   * By how many seconds the provider's clock may differ from the local one, when `iat`, `exp` and `nbf` are checked. A
   * refused logout token is lost: most providers do not send it again.
   *
   * @defaultValue 60
   */
  clockTolerance?: number | undefined;
}

/** An authorizer, which ends the sessions. */
export interface LogoutAuthorizer {
  /** Ends the sessions that a rule names, and refuses their tokens. */
  revoke(rule: Revocation): Promise<unknown>;
}

/** A request. If a body parser has read the body, it is in `body`. */
export type LogoutRequest = IncomingMessage & { readonly body?: unknown };

/** Options after the check. */
export interface LogoutSettings {
  readonly auth: LogoutAuthorizer;
  readonly endBy: 'sid' | 'sub';
  readonly jwks: JwksSettings;
}

const isEndBy = expect("'sid' or 'sub'", (value) => value === 'sid' || value === 'sub');

/**
 * The claims that every logout token must have (OpenID Connect Back-Channel Logout 1.0 §2.4), besides `sid` or `sub`.
 */
const REQUIRED_CLAIMS = ['iss', 'aud', 'iat', 'exp', 'jti', 'events'];

const NAMES: ReadonlySet<string> = new Set<keyof BackchannelLogoutOptions>([
  'issuer',
  'audience',
  'endBy',
  'clockTolerance',
  'jwksUri',
  'algorithms',
  'fetch',
  'timeout',
  'cacheMaxAge',
  'cooldown',
]);

/** @throws TypeError that names the option and what it must be */
export function toLogoutSettings(auth: LogoutAuthorizer, given: BackchannelLogoutOptions): LogoutSettings {
  // `Object()` also turns `null` and numbers into objects.
  if (typeof (Object(auth) as Partial<LogoutAuthorizer>).revoke !== 'function')
    throw new TypeError(`backchannelLogout() takes an authorizer first, got ${describe(auth)}`);
  const own: Partial<BackchannelLogoutOptions> = ownOptions(given, [...NAMES]);
  const stranger = Object.keys(own).find((name) => !NAMES.has(name));
  if (stranger !== undefined) throw unknownOption(stranger, 'backchannelLogout()', [...NAMES]);
  const { endBy = 'sid', clockTolerance = 60, ...rest } = own;
  checkValue('endBy', isEndBy, endBy);
  const jwks = toJwksSettings({ ...rest, clockTolerance, requiredClaims: REQUIRED_CLAIMS });
  // An access token or ID token for somebody else must not end sessions.
  for (const name of ['issuer', 'audience'] as const)
    if (jwks[name] === undefined) throw new TypeError(`options.${name} is required`);
  return { auth, endBy, jwks };
}
