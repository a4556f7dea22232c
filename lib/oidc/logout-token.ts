/** Which logout tokens are valid (OpenID Connect Back-Channel Logout 1.0 §2.4 and §2.6). */
import type { UnauthorizedError } from '../errors';
import type { JwksSettings } from '../jwks/settings';
import { createVerifier } from '../jwks/verification';
import { CODES } from '../protocol';
import type { JwtClaims } from '../types';
import { LogoutRefusal } from './refusal';

/** The claims of a logout token. It has `sid`, `sub` or both. */
export interface Logout {
  readonly iss: string;
  readonly sid: string | undefined;
  readonly sub: string | undefined;
  /** Seconds since the epoch. */
  readonly iat: number;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Explicit typing (§2.4, RFC 8725 §3.11). Providers from before 2023 write `JWT` or nothing. A token of any other type,
 * such as an access token (RFC 9068), is no logout token.
 */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'logout+jwt']);

/**
 * Makes a verifier of logout tokens.
 *
 * @returns a function that rejects with a {@link LogoutRefusal} if the token is bad, and with the error of
 *   `jwksVerifier` if the endpoint of the keys does not answer
 */
export function logoutVerifier(settings: JwksSettings): (token: string) => Promise<Logout> {
  const verify = createVerifier(settings);
  return async (token) => toLogout(token, await verify(token).catch(rethrow), settings.clockTolerance);
}

function rethrow(fault: unknown): never {
  if (isOutage(fault)) throw fault;
  throw new LogoutRefusal(`logout_token: ${(fault as Error).message}`);
}

/** Whether the keys could not be fetched. If the provider has no such key, that is no outage. */
function isOutage(fault: unknown): boolean {
  const { code, cause } = fault as UnauthorizedError;
  return (
    code === CODES.invalidSecret && (Object(cause) as { code?: unknown }).code !== 'ERR_JWKS_NO_MATCHING_KEY'
  );
}

type Rule = readonly [holds: (claims: JwtClaims) => boolean, message: string];

const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isNameOrAbsent = (value: unknown): boolean => value === undefined || isName(value);

/** In the order of §2.6. `jose` has checked that the required claims exist, and `aud`, `exp` and the type of `iat`. */
const RULES: readonly Rule[] = [
  [({ iss }) => isName(iss), 'iss must be a string'],
  [({ jti }) => isName(jti), 'jti must be a string'],
  [({ sid, sub }) => isNameOrAbsent(sid) && isNameOrAbsent(sub), 'sid and sub must be strings'],
  [({ sid, sub }) => sid !== undefined || sub !== undefined, 'sid or sub is required'],
  [({ events }) => isObject(events) && isObject(ownMember(events, EVENT)), `events must have ${EVENT}`],
  [({ iat }) => (iat as number) >= 0, 'iat must not be before 1970'],
  // An ID token must not be accepted as a logout token, nor a logout token as an ID token (§2.4).
  [(claims) => !Object.hasOwn(claims, 'nonce'), 'nonce is prohibited'],
];

function toLogout(token: string, claims: JwtClaims, clockTolerance: number): Logout {
  if (!TYPES.has(typeOf(token))) throw new LogoutRefusal('logout_token: typ must be logout+jwt');
  const broken = RULES.find(([holds]) => !holds(claims));
  if (broken !== undefined) throw new LogoutRefusal(`logout_token: ${broken[1]}`);
  const { iss, sid, sub, iat } = claims as JwtClaims & Logout;
  // Otherwise it would end sessions that have not begun yet.
  if (iat > Date.now() / 1000 + clockTolerance)
    throw new LogoutRefusal('logout_token: iat is ahead of the clock');
  return { iss, sid, sub, iat };
}

/** The `typ` of a verified token, in lower case and without the optional `application/` (RFC 7515 §4.1.9). */
function typeOf(token: string): unknown {
  const header = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString();
  const { typ } = JSON.parse(header) as { typ?: unknown };
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownMember(holder: object, name: string): unknown {
  return Object.hasOwn(holder, name) ? (holder as Record<string, unknown>)[name] : undefined;
}
