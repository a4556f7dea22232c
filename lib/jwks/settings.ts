import { describe } from '../runtime/describe';
import {
  checkValue,
  expect,
  expectList,
  expectOneOrMore,
  isFilled,
  show,
  unknownOption,
} from '../runtime/option-check';
import type { Check } from '../runtime/option-check';
import type { JwtClaims } from '../types';
import { issuerFault } from './discovery';
import type { FetchLike } from './fetch';

/** Signature algorithms whose keys a JWKS endpoint can show (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** An algorithm that {@link jwksVerifier} verifies. */
export type JwksAlgorithm = (typeof ALGORITHMS)[number];

/** The options of {@link jwksVerifier}. `jwksUri` or an `issuer` that is one string is required. */
export interface JwksVerifierOptions<Claims = JwtClaims> {
  /**
   * Where the keys are, such as `https://example.eu.auth0.com/.well-known/jwks.json`. Default: where the issuer's
   * `/.well-known/openid-configuration` says (OpenID Connect Discovery 1.0 §4).
   */
  jwksUri?: string | undefined;
  /**
   * What `iss` must be, to the letter (RFC 7519 §4.1.1): one issuer; several, with `jwksUri`; or, with `jwksUri`, a
   * function of the verified claims that gives the issuer or `true`, for providers whose issuer names the tenant. With
   * `jwksUri`, default: not checked.
   *
   * @example issuer: ({ tid }) => `https://login.microsoftonline.com/${tid}/v2.0`
   */
  issuer?: string | readonly string[] | ((claims: Claims) => boolean | string) | undefined;
  /** `aud` must name this, or one of these (RFC 7519 §4.1.3). Default: not checked. */
  audience?: string | readonly string[] | undefined;
  /** Accepted algorithms (RFC 8725 §3.1). Default: those that the type and the `alg` of the key allow. */
  algorithms?: readonly JwksAlgorithm[] | undefined;
  /**
   * What the token's `typ` must be, such as `'at+jwt'` for access tokens (RFC 9068 §4); in any case, with or without
   * `application/` (RFC 7515 §4.1.9). Default: not checked.
   */
  typ?: string | undefined;
  /**
   * Seconds of difference between clocks that `exp` and `nbf` are given. In `authorize({ verify })` the authorizer
   * judges time: its own `clockTolerance` counts, and this one where it has none.
   *
   * @defaultValue 0
   */
  clockTolerance?: number | undefined;
  /** Further claims that a token must have. */
  requiredClaims?: readonly string[] | undefined;
  /**
   * Makes the requests, such as one through a proxy. Default: the global `fetch`.
   *
   * @example fetch: (url, init) => undici.fetch(url, { ...init, dispatcher: new undici.ProxyAgent(proxy) })
   */
  fetch?: FetchLike | undefined;
  /**
   * Ms for the endpoint to answer in full, at most 2147483647. Set it below the authorizer's `keyTimeout`, or that one
   * ends first. After either, and after any other failure of the endpoint, the client gets `invalid_secret` and may
   * try again.
   *
   * @defaultValue 5000
   */
  timeout?: number | undefined;
  /**
   * Ms after which known keys are fetched again, so that keys that the provider has withdrawn are forgotten. While the
   * endpoint is down, they continue to work, for a day at most.
   *
   * @defaultValue 600000
   */
  cacheMaxAge?: number | undefined;
  /**
   * Ms after an answer in which tokens that name an unknown key make no request: a client must not be able to cause
   * many.
   *
   * @defaultValue 10000
   */
  cooldown?: number | undefined;
}

/**
 * Verifies a token.
 *
 * @param token the encoded JWT
 * @param socket what `authorize({ verify })` hands over: the authorizer then judges `exp` and `nbf` itself, by its own
 *   `clockTolerance` and `ignoreExpiration`. Without it they are judged here.
 * @returns a promise of the claims, which rejects with an `UnauthorizedError`
 */
export interface JwksVerifier<Claims = JwtClaims> {
  (token: string, socket?: unknown): Promise<Claims>;
  /** Seconds; what an authorizer takes that is given no `clockTolerance`. */
  readonly clockTolerance: number;
}

/** Options after the check. */
export interface JwksSettings {
  readonly jwksUri: string | undefined;
  readonly issuer: JwksVerifierOptions['issuer'];
  readonly audience: string | string[] | undefined;
  readonly algorithms: string[];
  readonly typ: string | undefined;
  readonly clockTolerance: number;
  readonly requiredClaims: string[];
  readonly fetch: FetchLike | undefined;
  readonly timeout: number;
  readonly cacheMaxAge: number;
  readonly cooldown: number;
}

/** The longest delay of a Node timer. */
const MAX_TIMEOUT = 2 ** 31 - 1;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isAbove0 = (value: unknown): value is number => typeof value === 'number' && value > 0;

const areIssuers = expectOneOrMore(
  'a string that is not empty, a list of them, or a function',
  'a string that is not empty',
  isText,
);

const CHECKS: Readonly<Record<keyof JwksVerifierOptions, Check>> = {
  jwksUri: expect('an http(s) URL', (value) => isText(value) && isHttp(value as string)),
  issuer: (value) => (typeof value === 'function' ? undefined : areIssuers(value)),
  audience: expectOneOrMore(
    'a string that is not empty, or a list of them',
    'a string that is not empty',
    isText,
  ),
  algorithms: expectList(
    `a list of ${ALGORITHMS.join(', ')}`,
    isFilled,
    expect(`one of ${ALGORITHMS.join(', ')}`, (value) => (ALGORITHMS as readonly unknown[]).includes(value)),
  ),
  typ: expect('a string that is not empty', isText),
  clockTolerance: expect(
    'a number of seconds, 0 or above',
    (value) => Number.isFinite(value) && (value as number) >= 0,
  ),
  requiredClaims: expectList('a list of names', isFilled, expect('the name of a claim', isText)),
  fetch: expect('a function', (value) => typeof value === 'function'),
  timeout: expect(
    `a number of ms above 0, at most ${MAX_TIMEOUT}`,
    (value) => isAbove0(value) && value <= MAX_TIMEOUT,
  ),
  cacheMaxAge: expect('a number of ms above 0', isAbove0),
  cooldown: expect('a number of ms above 0', isAbove0),
};

/** @throws TypeError that names the option and what it must be */
export function toJwksSettings<Claims>(given: JwksVerifierOptions<Claims>): JwksSettings {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`options must be an object, got ${describe(given)}`);
  for (const [name, value] of Object.entries(given)) checkOption(name, value);
  const options = { ...DEFAULTS, ...withoutUndefined(given as JwksVerifierOptions) };
  const { jwksUri, issuer, audience, typ, fetch } = options;
  if (jwksUri === undefined) checkIssuer(issuer);
  // Copies: a later change of the application's lists must not change what is accepted.
  return {
    ...options,
    jwksUri,
    issuer: Array.isArray(issuer) ? [...(issuer as string[])] : issuer,
    audience: typeof audience === 'string' ? audience : audience && [...audience],
    algorithms: [...options.algorithms],
    requiredClaims: [...options.requiredClaims],
    typ,
    fetch,
  };
}

const DEFAULTS = {
  algorithms: ALGORITHMS,
  clockTolerance: 0,
  requiredClaims: [],
  timeout: 5_000,
  cacheMaxAge: 600_000,
  cooldown: 10_000,
} as const;

type Defined = {
  readonly [Name in keyof JwksVerifierOptions]?: Exclude<JwksVerifierOptions[Name], undefined>;
};

function withoutUndefined(options: JwksVerifierOptions): Defined {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(CHECKS, name)) throw unknownOption(name, 'jwksVerifier()', Object.keys(CHECKS));
  if (value !== undefined) checkValue(name, CHECKS[name as keyof JwksVerifierOptions], value);
}

/** Without `jwksUri`, the issuer's document says where the keys are. */
function checkIssuer(issuer: unknown): void {
  if (typeof issuer !== 'string')
    throw new TypeError('options.jwksUri is required, unless options.issuer is one string');
  const fault = issuerFault(issuer);
  if (fault !== undefined) throw new TypeError(`options.issuer ${fault}, got ${show(issuer)}`);
}

function isHttp(url: string): boolean {
  return /^https?:/i.test(url) && URL.canParse(url);
}
