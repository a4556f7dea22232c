import {
  checkValue,
  expect,
  expectList,
  expectOneOrMore,
  isFilled,
  ownOptions,
  show,
  unknownOption,
} from '../runtime/option-check';
import type { Check } from '../runtime/option-check';
import type { JwtClaims } from '../types';
import { issuerFault } from './discovery';
import type { FetchLike } from './fetch';

/**
 * Signature algorithms with public keys, which an endpoint can publish (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
 */
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
   * The exact `iss` that a token must have (RFC 7519 §4.1.1). Without `jwksUri`: one issuer. With `jwksUri`: one
   * issuer, a list, or a function of the verified claims that returns the issuer or `true`, for providers whose issuer
   * contains the tenant. Default with `jwksUri`: not checked.
   *
   * @example issuer: ({ tid }) => `https://login.microsoftonline.com/${tid}/v2.0`
   */
  issuer?: string | readonly string[] | ((claims: Claims) => boolean | string) | undefined;
  /** `aud` must name this audience, or at least one of the list (RFC 7519 §4.1.3). Default: not checked. */
  audience?: string | readonly string[] | undefined;
  /** The accepted algorithms (RFC 8725 §3.1). Default: those that the type and the `alg` of the key allow. */
  algorithms?: readonly JwksAlgorithm[] | undefined;
  /**
   * The `typ` that a token must have, such as `'at+jwt'` for access tokens (RFC 9068 §4). Upper or lower case and a
   * leading `application/` make no difference (RFC 7515 §4.1.9). Default: not checked.
   */
  typ?: string | undefined;
  /**
   * By how many seconds clocks may differ when `exp` and `nbf` are checked. In `authorize({ verify })` the authorizer
   * checks them, with its own `clockTolerance`, or with this one if it has none.
   *
   * @defaultValue 0
   */
  clockTolerance?: number | undefined;
  /** Names of further claims that a token must have. */
  requiredClaims?: readonly string[] | undefined;
  /**
   * Makes the requests, for example through a proxy. Default: the global `fetch`.
   *
   * @example fetch: (url, init) => undici.fetch(url, { ...init, dispatcher: new undici.ProxyAgent(proxy) })
   */
  fetch?: FetchLike | undefined;
  /**
   * How long a complete answer of the endpoint may take, in ms, at most 2147483647. Set it below the authorizer's
   * `keyTimeout`, which otherwise ends first. After either timeout, and after any other failure of the endpoint, the
   * client gets `invalid_secret` and may try again.
   *
   * @defaultValue 5000
   */
  timeout?: number | undefined;
  /**
   * After how many ms known keys are fetched again, so that keys that the provider has withdrawn are no longer
   * accepted. While the endpoint is down, known keys continue to work, for a day at most.
   *
   * @defaultValue 600000
   */
  cacheMaxAge?: number | undefined;
  /**
   * For how many ms after an answer tokens with an unknown key cause no further request. Otherwise a client could cause
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
 * @param socket the second argument of `authorize({ verify })`. With a socket, the verifier leaves `exp` and `nbf` to
 *   the authorizer, which has its own `clockTolerance` and `ignoreExpiration`. Without one, it checks them itself.
 * @returns a promise of the claims, which rejects with an `UnauthorizedError`
 */
export interface JwksVerifier<Claims = JwtClaims> {
  (token: string, socket?: unknown): Promise<Claims>;
  /** In seconds. An authorizer without its own `clockTolerance` uses it. */
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
  const own = ownOptions(given, Object.keys(CHECKS));
  for (const [name, value] of Object.entries(own)) checkOption(name, value);
  const options = { ...DEFAULTS, ...withoutUndefined(own) };
  const { jwksUri, issuer, audience, typ, fetch } = options;
  if (jwksUri === undefined) checkIssuer(issuer);
  // Copies: if the application changes its lists later, the settings must stay the same.
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
