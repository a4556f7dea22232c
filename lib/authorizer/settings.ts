import { sign, decode } from 'jsonwebtoken';
import type { SessionSettings } from '../session/context';
import type { Permissions } from '../session/permissions';
import type { VerifyOptions } from 'jsonwebtoken';
import type { AdmissionRules } from '../token/admission';
import { ALGORITHMS, describe, toVerificationKeys } from '../token/keys';
import type { KeySource } from '../token/key-function';
import type { VerificationKey } from '../token/keys';
import type { HandshakeSettings } from './handshake';
import { arePermissions, toPermissions } from './permissions';
import { normalizeOrigin } from '../token/origin';
import { TokenLife } from '../token/token-life';
import { TokenSource } from '../token/token-source';
import type { SourceRules } from '../token/token-source';
import type { AuthorizeOptions, DefaultEvents, KeyFunction, VerifierOptions } from '../options';
import type { AnySocket, JwtClaims } from '../types';
import { namedUserClaim } from '../token/user';
import type { UserClaim } from '../token/user';
import { TokenVerifier } from '../token/verifier';

/** With `secret` or with `verify`, and without options that are `undefined`. The checks find which of the two it is. */
type Options = {
  [Key in keyof AuthorizeOptions]?: Exclude<AuthorizeOptions[Key], undefined>;
} & Pick<Partial<VerifierOptions>, 'verify'>;
type Name = keyof Options;

/** Options after the check: complete, frozen, and free of classic names. */
export interface Settings extends AdmissionRules, SourceRules, SessionSettings, HandshakeSettings {
  /** Ms; `Infinity` if guests may stay. */
  readonly timeout: number;
  readonly isolate: boolean;
  readonly holdEvents: number;
  readonly permissions: Permissions;
  readonly rooms: SessionSettings['rooms'];
  readonly onExpired: 'disconnect' | 'deauthenticate' | 'ignore';
  readonly renewNotice: number;
  readonly scope: 'namespace' | 'connection';
  readonly maxAttempts: number;
  readonly maxPending: number;
  /** Ms from a refusal to the disconnect, if classic `callback` asks for one. */
  readonly disconnectAfter: number | undefined;
  readonly decodedPropertyName: string;
  readonly encodedPropertyName: string;
  /** Ms that a token may live after its `iat`, tolerance included; `undefined` if that is not known. */
  readonly maxTokenLife: number | undefined;
  /** Ms that a token is accepted after its `exp`; `Infinity` if that is ignored. */
  readonly lifeAfterExp: number;
  readonly success: Options['success'];
  readonly fail: Options['fail'];
  readonly store: Options['revocation'];
  /** Ms; 0: never. */
  readonly recheckInterval: number;
}

/** What an option is worth that is left out; those that are not here are off. */
const DEFAULTS = {
  timeout: 5000,
  required: true,
  handshake: false,
  allow: [],
  holdEvents: 16,
  isolate: true,
  onExpired: 'disconnect',
  renewNotice: 30_000,
  userClaim: 'sub',
  sameSubject: true,
  scope: 'namespace',
  maxTokenBytes: 8192,
  maxAttempts: 5,
  maxPending: Infinity,
  keyTimeout: 10_000,
  origins: [],
  decodedPropertyName: 'decoded_token',
  encodedPropertyName: 'encoded_token',
  auth_header_required: false,
  clockTolerance: 0,
  ignoreExpiration: false,
  clientAddress: (socket: AnySocket) => socket.handshake.address,
} as const satisfies Partial<Options>;

type Complete = Options & Required<Pick<Options, keyof typeof DEFAULTS>>;

/** Ms between two looks at a store that lists its rules. */
const RECHECK = 10_000;

/** What a socket already has; `__proto__` would be no property at all. */
const TAKEN: ReadonlySet<string> = new Set(
  '__proto__ constructor acks adapter broadcast client conn connected data disconnected emit flags fns handshake id join leave local nsp off on once pid recovered request rooms server to use volatile'.split(
    ' ',
  ),
);

/** Says what was expected, or `undefined` if the value is right. */
type Check = (value: unknown) => string | undefined;

const expect =
  (expectation: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : expectation;
const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isList = (value: unknown, holds: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(holds);
const hasMethods = (value: unknown, ...names: string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

const aBoolean = expect('true or false', (value) => typeof value === 'boolean');
const aFunction = expect('a function', (value) => typeof value === 'function');
const aText = expect('a string that is not empty', isText);
const aDuration = expect('a number of ms above 0', (value) => isNumber(value) && value > 0);
const aCount = expect('a whole number above 0, or Infinity', (value) => isCount(value) && value !== 0);
const aProperty = expect(
  'a property name that Socket.IO does not use',
  (value) => isText(value) && !TAKEN.has(value),
);
const oneOf = (...values: string[]): Check =>
  expect(`one of '${values.join("', '")}'`, (value) => typeof value === 'string' && values.includes(value));
// With these flags a RegExp remembers where the last token matched, and judges the next one from there.
const isAudience = (value: unknown): boolean =>
  isText(value) || (value instanceof RegExp && !value.global && !value.sticky);

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && normalizeOrigin(value) !== undefined;
}

function isCount(value: unknown): boolean {
  return isNumber(value) && value >= 0 && (value === Infinity || Number.isInteger(value));
}

const CHECKS: Readonly<Record<Exclude<Name, 'secret'>, Check>> = {
  verify: aFunction,
  algorithms: expect(`a list of ${ALGORITHMS.join(', ')}`, (value) =>
    isList(value, (one) => (ALGORITHMS as readonly unknown[]).includes(one)),
  ),
  timeout: aDuration,
  required: aBoolean,
  handshake: aBoolean,
  allow: expect('a list of event names', (value) => Array.isArray(value) && value.every(isText)),
  holdEvents: expect('a whole number, 0 or above, or Infinity', isCount),
  permissions: expect('a map from event to a scope, a list of scopes, a function, true or false', (value) =>
    arePermissions(value),
  ),
  scopes: aFunction,
  rooms: aFunction,
  isolate: aBoolean,
  onExpired: oneOf('disconnect', 'deauthenticate', 'ignore'),
  renewNotice: expect('a number of ms, 0 or above', (value) => isNumber(value) && value >= 0),
  userClaim: expect(
    'the name of a claim, or a function of the claims',
    (value) => isText(value) || typeof value === 'function',
  ),
  sameSubject: aBoolean,
  scope: oneOf('namespace', 'connection'),
  maxTokenBytes: aCount,
  maxAttempts: aCount,
  maxPending: expect('a whole number, 0 or above, or Infinity', isCount),
  limiter: expect('an object with consume()', (value) => hasMethods(value, 'consume')),
  clientAddress: aFunction,
  keyTimeout: aDuration,
  validate: aFunction,
  additional_auth: aFunction,
  customDecoded: aFunction,
  decodedPropertyName: aProperty,
  encodedPropertyName: aProperty,
  callback: expect(
    'true, false or a number of ms',
    (value) => typeof value === 'boolean' || Number.isFinite(value),
  ),
  getToken: aFunction,
  cookie: aText,
  origins: expect(
    "a list of origins, each with scheme and host alone, such as 'https://app.example.com'",
    (value) => Array.isArray(value) && value.every(isOrigin),
  ),
  auth_header_required: aBoolean,
  success: aFunction,
  fail: aFunction,
  revocation: expect(
    'a store with add() and isRevoked()',
    (value) =>
      hasMethods(value, 'add', 'isRevoked') &&
      ((value as { rulesSince?: unknown }).rulesSince === undefined || hasMethods(value, 'rulesSince')),
  ),
  recheckInterval: expect('a number of ms, 0 or above', (value) => isNumber(value) && value >= 0),
  // An empty issuer, audience or subject would switch jsonwebtoken's check off without a word.
  issuer: expect(
    'a string that is not empty, or a list of them',
    (value) => isText(value) || isList(value, isText),
  ),
  audience: expect(
    'a string that is not empty, a RegExp without the flags g and y, or a list of them',
    (value) => isAudience(value) || isList(value, isAudience),
  ),
  subject: aText,
  jwtid: aText,
  nonce: aText,
  clockTolerance: expect(
    'a number of seconds, 0 or above',
    (value) => Number.isFinite(value) && (value as number) >= 0,
  ),
  maxAge: expect(
    "a number of seconds above 0, or a time span such as '2h'",
    (value) => maxAgeInSeconds(value) !== undefined,
  ),
  ignoreExpiration: aBoolean,
  ignoreNotBefore: aBoolean,
};

/** What is handed to `jsonwebtoken.verify` as it is. */
const PASSED = [
  'issuer',
  'audience',
  'subject',
  'jwtid',
  'nonce',
  'clockTolerance',
  'maxAge',
  'ignoreExpiration',
  'ignoreNotBefore',
] as const satisfies readonly Name[];

/** What says how the library verifies, and so cannot go with `verify`. */
const NOT_WITH_VERIFY = [
  'secret',
  'algorithms',
  'issuer',
  'audience',
  'subject',
  'jwtid',
  'nonce',
  'ignoreNotBefore',
] as const satisfies readonly Name[];

/**
 * Checks the options, once, at start.
 *
 * @throws TypeError that names the option, what it must be, and the type that came; never a value
 */
export function toSettings<Claims = JwtClaims, Events = DefaultEvents>(
  given: AuthorizeOptions<Claims, Events> | VerifierOptions<Claims, Events>,
): Settings {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`options must be an object, got ${describe(given)}`);
  const chosen = withoutUndefined(given as unknown as Options);
  const options: Complete = { ...DEFAULTS, ...toleranceOf(chosen.verify), ...chosen };
  for (const [name, value] of Object.entries(options)) checkOption(name, value);
  const { timeout, required, decodedPropertyName, encodedPropertyName, clockTolerance } = options;
  if (decodedPropertyName === encodedPropertyName) {
    throw new TypeError('options.encodedPropertyName must differ from options.decodedPropertyName');
  }
  const maxAge = options.maxAge === undefined ? undefined : maxAgeInSeconds(options.maxAge);
  const life = new TokenLife({ maxAge, clockTolerance, ignoreExpiration: options.ignoreExpiration });
  const verifier = toVerifier(options, life);
  const sources = toSources(options);
  return Object.freeze({
    keySource: toKeySource(options, verifier),
    verifier,
    life,
    ...sources,
    tokens: new TokenSource(sources),
    timeout: required ? timeout : Infinity,
    permissions: toPermissions(options.permissions, options.allow, options.scopes),
    isolate: options.isolate,
    holdEvents: options.holdEvents,
    rooms: options.rooms,
    onExpired: options.onExpired,
    renewNotice: options.renewNotice,
    userClaim: toUserClaim(options.userClaim),
    sameSubject: options.sameSubject,
    scope: options.scope,
    maxAttempts: options.maxAttempts,
    maxPending: options.maxPending,
    keyTimeout: options.keyTimeout,
    disconnectAfter: toDisconnectAfter(options.callback),
    decodedPropertyName,
    encodedPropertyName,
    maxTokenLife: maxAge === undefined ? undefined : (maxAge + clockTolerance) * 1000,
    lifeAfterExp: options.ignoreExpiration ? Infinity : clockTolerance * 1000,
    clientAddress: options.clientAddress,
    limiter: options.limiter,
    validate: options.validate,
    additionalAuth: options.additional_auth,
    customDecoded: options.customDecoded,
    success: options.success,
    fail: options.fail,
    store: options.revocation,
    recheckInterval: options.recheckInterval ?? defaultRecheck(options.revocation),
  });
}

/** A verifier may say by how much clocks may differ, as `jwksVerifier` does; the authorizer judges time. */
function toleranceOf(verify: unknown): Pick<Options, 'clockTolerance'> {
  const { clockTolerance } = (verify ?? {}) as { clockTolerance?: unknown };
  return typeof clockTolerance === 'number' ? { clockTolerance } : {};
}

function toVerifier(options: Options, life: TokenLife): TokenVerifier {
  const passed: VerifyOptions = Object.fromEntries(
    PASSED.flatMap((name) => (name in options ? [[name, copyOf(options[name])]] : [])),
  );
  const { algorithms } = options;
  return new TokenVerifier({ passed, algorithms: algorithms && [...algorithms] }, life);
}

function toSources(options: Complete): SourceRules {
  return {
    handshake: options.handshake,
    maxTokenBytes: options.maxTokenBytes,
    headerOnly: options.auth_header_required,
    cookie: options.cookie,
    origins: new Set(options.origins.map((origin) => normalizeOrigin(origin) as string)),
    getToken: options.getToken,
  };
}

function checkOption(name: string, value: unknown): void {
  if (name === 'secret') return;
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof typeof CHECKS] : undefined;
  if (check === undefined) throw new TypeError(`options.${name} is not an option of authorize()`);
  const expectation = check(value);
  if (expectation !== undefined)
    throw new TypeError(`options.${name} must be ${expectation}, got ${describe(value)}`);
}

/** A list that the application changes later must not change what is accepted. */
function copyOf(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[])] : value;
}

function withoutUndefined(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function toKeySource(options: Options, verifier: TokenVerifier): KeySource {
  const { verify, secret } = options as { verify?: Options['verify']; secret?: unknown };
  if (verify !== undefined) {
    const other = NOT_WITH_VERIFY.find((name) => name in options);
    if (other === undefined) return { verify };
    throw new TypeError(
      `options.${other} must not be given together with options.verify, which verifies alone`,
    );
  }
  if (typeof secret === 'function') return { find: secret as KeyFunction };
  if (Array.isArray(secret) && secret.length === 0)
    throw new TypeError('options.secret must not be an empty list');
  const materials: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
  return {
    keys: materials.flatMap((material, index) =>
      toStartKeys(material, Array.isArray(secret) ? `[${index}]` : '', verifier),
    ),
  };
}

function toStartKeys(material: unknown, place: string, verifier: TokenVerifier): readonly VerificationKey[] {
  let keys: readonly VerificationKey[];
  try {
    keys = toVerificationKeys(material);
  } catch (cause) {
    throw new TypeError(`options.secret${place}: ${(cause as Error).message}`, { cause });
  }
  if (keys.some((key) => verifier.algorithmsFor(key).length > 0)) return keys;
  const algorithms = keys.flatMap((key) => key.algorithms).join(', ');
  throw new TypeError(
    `options.algorithms must name one that options.secret${place} can verify: ${algorithms}`,
  );
}

/** A store that lists no rules would be asked for each session: only if the application wants it. */
function defaultRecheck(store: Options['revocation']): number {
  return store?.rulesSince === undefined ? 0 : RECHECK;
}

function toUserClaim(userClaim: string | ((claims: JwtClaims) => string | undefined)): UserClaim {
  return typeof userClaim === 'function' ? userClaim : namedUserClaim(userClaim);
}

/** A negative number counts as its amount, as in socketio-jwt. */
function toDisconnectAfter(callback: Options['callback']): number | undefined {
  if (typeof callback === 'number') return Math.abs(callback);
  return callback === false ? 0 : undefined;
}

/** Has `jsonwebtoken` read a time span the way that it will read it when it verifies. */
function maxAgeInSeconds(maxAge: unknown): number | undefined {
  if (typeof maxAge === 'number') return maxAge > 0 && Number.isFinite(maxAge) ? maxAge : undefined;
  if (!isText(maxAge)) return undefined;
  try {
    const { exp = 0, iat = 0 } = decode(sign({}, 'unused', { expiresIn: maxAge as '1h' })) as JwtClaims;
    return exp > iat ? exp - iat : undefined;
  } catch {
    return undefined;
  }
}
