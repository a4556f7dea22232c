import type { IncomingMessage } from 'node:http';
import { toJwksSettings } from '../jwks/settings';
import type { JwksSettings, JwksVerifierOptions } from '../jwks/settings';
import type { Revocation } from '../types';
import { describe } from '../runtime/describe';
import { checkValue, expect, unknownOption } from '../runtime/option-check';

/** Options that {@link backchannelLogout} has in common with `jwksVerifier`; they mean the same. */
type KeyOptions = Pick<
  JwksVerifierOptions,
  'jwksUri' | 'algorithms' | 'fetch' | 'timeout' | 'cacheMaxAge' | 'cooldown'
>;

/** What {@link backchannelLogout} takes. */
export interface BackchannelLogoutOptions extends KeyOptions {
  /**
   * What `iss` of a logout token must be, to the letter. Without `jwksUri` it is one `https` URL (`http` for loopback
   * alone), whose `/.well-known/openid-configuration` says where the keys are. With `jwksUri` it may also be a list, or
   * a function of the verified claims, as in `jwksVerifier`.
   */
  issuer: Exclude<JwksVerifierOptions['issuer'], undefined>;
  /** Your client's id at the provider: `aud` of a logout token must name it, or one of these. */
  audience: Exclude<JwksVerifierOptions['audience'], undefined>;
  /**
   * What a logout token that names a session (`sid`) ends: that session, or every session of the user that began up to
   * the logout token's `iat`. `'sub'` is for providers whose access tokens carry no `sid`; logout tokens must have a
   * `sub` then.
   *
   * @defaultValue 'sid'
   */
  endBy?: 'sid' | 'sub' | undefined;
  /**
   * Seconds of difference between the provider's clock and this one that `iat`, `exp` and `nbf` are given. A logout
   * token that is refused is lost: most providers do not send it again.
   *
   * @defaultValue 60
   */
  clockTolerance?: number | undefined;
}

/** What ends the sessions: an authorizer. */
export interface LogoutAuthorizer {
  /** Ends the sessions that a rule names, and refuses their tokens. */
  revoke(rule: Revocation): Promise<unknown>;
}

/** A request, with or without a body that a body parser has read. */
export type LogoutRequest = IncomingMessage & { readonly body?: unknown };

/** Options after the check. */
export interface LogoutSettings {
  readonly auth: LogoutAuthorizer;
  readonly endBy: 'sid' | 'sub';
  readonly jwks: JwksSettings;
}

const isEndBy = expect("'sid' or 'sub'", (value) => value === 'sid' || value === 'sub');

/** What every logout token must have (OpenID Connect Back-Channel Logout 1.0 §2.4), `sid` and `sub` apart. */
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
  // `Object()` makes the same question of `null` and of numbers.
  if (typeof (Object(auth) as Partial<LogoutAuthorizer>).revoke !== 'function')
    throw new TypeError(`backchannelLogout() takes an authorizer first, got ${describe(auth)}`);
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`options must be an object, got ${describe(given)}`);
  const stranger = Object.keys(given).find((name) => !NAMES.has(name));
  if (stranger !== undefined) throw unknownOption(stranger, 'backchannelLogout()', [...NAMES]);
  const { endBy = 'sid', clockTolerance = 60, ...rest } = given;
  checkValue('endBy', isEndBy, endBy);
  const jwks = toJwksSettings({ ...rest, clockTolerance, requiredClaims: REQUIRED_CLAIMS });
  // An access token or ID token for somebody else must not end sessions.
  for (const name of ['issuer', 'audience'] as const)
    if (jwks[name] === undefined) throw new TypeError(`options.${name} is required`);
  return { auth, endBy, jwks };
}
