import type { VerifyOptions } from 'jsonwebtoken';
import type { AuthorizeOptions, DefaultEvents, VerifierOptions } from '../options';
import { ownOptions } from '../runtime/option-check';
import { WARNING } from '../runtime/warnings';
import type { SessionSettings } from '../session/context';
import type { AdmissionRules } from '../token/admission';
import { TokenLife } from '../token/token-life';
import { TokenSource } from '../token/token-source';
import type { SourceRules } from '../token/token-source';
import { normalizeOrigin } from '../token/origin';
import { namedUserClaim } from '../token/user';
import type { UserClaim } from '../token/user';
import { TokenVerifier } from '../token/verifier';
import type { JwtClaims } from '../types';
import type { HandshakeSettings } from './handshake';
import { toKeySource } from './key-source';
import { maxAgeInSeconds } from './max-age';
import { checkOption, NAMES } from './option-checks';
import { DEFAULTS, defaultRecheck } from './option-defaults';
import type { CompleteOptions, OptionName, Options } from './option-defaults';
import { toPermissions } from './permissions';

/** Options after the check: complete, frozen, and free of classic names. */
export interface Settings extends AdmissionRules, SourceRules, SessionSettings, HandshakeSettings {
  /** Ms that a token may live after its `iat`, tolerance included; `undefined` if that is not known. */
  readonly maxTokenLife: number | undefined;
  /** Ms that a token is accepted after its `exp`; `Infinity` if that is ignored. */
  readonly lifeAfterExp: number;
  readonly store: Options['revocation'];
  /** Ms between two looks at the store; `0`: never. */
  readonly recheckInterval: number;
}

/** Options that `jsonwebtoken.verify` gets unchanged. */
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
] as const satisfies readonly OptionName[];

/**
 * Checks the options, once, at start.
 *
 * @throws TypeError that names the option, what it must be, and what came; never a secret
 */
export function toSettings<Claims = JwtClaims, Events = DefaultEvents>(
  given: AuthorizeOptions<Claims, Events> | VerifierOptions<Claims, Events>,
): Settings {
  const chosen = withoutUndefined(ownOptions(given, NAMES));
  const options: CompleteOptions = { ...DEFAULTS, ...toleranceOf(chosen.verify), ...chosen };
  for (const [name, value] of Object.entries(options)) checkOption(name, value);
  const { timeout, required, decodedPropertyName, encodedPropertyName, clockTolerance } = options;
  if (decodedPropertyName === encodedPropertyName) {
    throw new TypeError('options.encodedPropertyName must differ from options.decodedPropertyName');
  }
  warnOfHandshakeOptions(options);
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
    required,
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

/** A warning, not an error: socketio-jwt ignored them, and its users' programs must start. */
function warnOfHandshakeOptions(options: CompleteOptions): void {
  const idle = (['auth_header_required', 'success', 'fail'] as const).filter((name) => options[name]);
  if (options.handshake || idle.length === 0) return;
  const names = new Intl.ListFormat('en-GB').format(idle.map((name) => `options.${name}`));
  process.emitWarning(
    `${names} ${idle.length > 1 ? 'are' : 'is'} for handshake mode, and options.handshake is not true: ` +
      'a token in an authenticate event is accepted all the same',
    { type: WARNING },
  );
}

/** A verifier may name its `clockTolerance`, as `jwksVerifier` does: the authorizer checks `exp` and `nbf`. */
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

function toSources(options: CompleteOptions): SourceRules {
  return {
    handshake: options.handshake,
    maxTokenBytes: options.maxTokenBytes,
    headerOnly: options.auth_header_required,
    cookie: options.cookie,
    origins: new Set(options.origins.map((origin) => normalizeOrigin(origin) as string)),
    getToken: options.getToken,
  };
}

/** A copy: a later change of the application's list must not change what is accepted. */
function copyOf(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[])] : value;
}

function withoutUndefined(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function toUserClaim(userClaim: string | ((claims: JwtClaims) => string | undefined)): UserClaim {
  return typeof userClaim === 'function' ? userClaim : namedUserClaim(userClaim);
}

/** A negative number counts as its amount, as in socketio-jwt. */
function toDisconnectAfter(callback: Options['callback']): number | undefined {
  if (typeof callback === 'number') return Math.abs(callback);
  return callback === false ? 0 : undefined;
}
