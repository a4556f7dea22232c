import { CODES, ERROR_TYPE, REASONS } from './protocol';
import type {
  RefusalCode,
  UnauthorizedCode,
  UnauthorizedData,
  UnauthorizedPayload,
  UnauthorizedReason,
} from './protocol';
import { muteStacks, restoreStacks } from './runtime/stack-traces';

/** The parts of an {@link UnauthorizedError} besides its code. */
export interface UnauthorizedErrorOptions {
  /** What the client is told. Default: the library's message for the code. */
  message?: string | undefined;
  /** The exact reason of the code. */
  reason?: UnauthorizedReason | undefined;
  /** Whether trying again can help without a person. Default: by code; `false` for the application's own codes. */
  retryable?: boolean | undefined;
  /** When to try again, in ms. */
  retryAfter?: number | undefined;
  /** With `not_authenticated` and `insufficient_scope`: the name of the event that was dropped. */
  event?: string | undefined;
  /** The original error. It never leaves the server. */
  cause?: unknown;
}

/** The default messages for the client. */
const MESSAGES: Readonly<Record<string, string>> = {
  [CODES.credentialsRequired]: 'no token provided',
  [CODES.credentialsBadFormat]: 'Format is Authorization: Bearer [token]',
  [CODES.missingAuthorizationHeader]: 'Server requires Authorization Header',
  [CODES.invalidToken]: 'invalid token',
  [CODES.invalidSecret]: 'no key for this token',
  [CODES.revocationUnavailable]: 'revocation cannot be checked now',
  [CODES.identityMismatch]: 'the token is for another subject',
  [CODES.authenticationInProgress]: 'another token is being verified',
  [CODES.notAuthenticated]: 'not authenticated',
  [CODES.insufficientScope]: 'insufficient scope',
  [CODES.authenticationTimeout]: 'no valid token in time',
  [CODES.tooManyAttempts]: 'too many attempts',
  [CODES.serverBusy]: 'too many unauthenticated connections',
  [CODES.rateLimited]: 'too many requests',
  [CODES.serverMisconfigured]: 'the server is misconfigured',
  [CODES.unknown]: 'unauthorized',
};

const RETRYABLE: ReadonlySet<string> = new Set<UnauthorizedCode>([
  CODES.invalidToken,
  CODES.credentialsRequired,
  CODES.invalidSecret,
  CODES.revocationUnavailable,
  CODES.authenticationInProgress,
  CODES.authenticationTimeout,
  CODES.notAuthenticated,
  CODES.serverBusy,
  CODES.rateLimited,
]);

/**
 * A refusal. The library makes one for every code of its table. Throw one from `validate` to refuse a token with your
 * own code and message, which the client gets.
 *
 * @example throw new UnauthorizedError('account_locked', { message: 'ask your administrator' })
 */
export class UnauthorizedError extends Error {
  /** The same as `data.code`. */
  readonly code: RefusalCode;
  /** What the client is told; in handshake mode Socket.IO sends it as `connect_error`'s `data`. */
  readonly data: UnauthorizedData;
  /** As socketio-jwt had it. */
  readonly inner: UnauthorizedPayload['inner'];

  /**
   * @param code one of the library's codes or the application's own
   * @param options message, whether and when to retry; `cause` never reaches the client
   */
  constructor(code: RefusalCode, options: UnauthorizedErrorOptions = {}) {
    const { cause } = options;
    const data = toData(code, options);
    const { message } = data;
    super(message, cause === undefined ? undefined : { cause });
    this.code = data.code;
    this.inner = { message };
    this.data = data;
  }
}
// On the prototype, so that printing an error does not list it among the fields.
Object.defineProperty(UnauthorizedError.prototype, 'name', {
  value: ERROR_TYPE,
  configurable: true,
  writable: true,
});

/** A refusal that the library makes itself: without a stack trace, which would show only the library. */
export function unauthorized(code: string, options?: UnauthorizedErrorOptions): UnauthorizedError {
  const limit = muteStacks();
  try {
    return new UnauthorizedError(code, options);
  } finally {
    restoreStacks(limit);
  }
}

/**
 * What is sent of a refusal: only what the protocol has. The application may give anything, such as a caught error in the
 * place of a code, whose members are not for the client, and which may not survive JSON.
 */
function toData(
  given: unknown,
  options: { readonly [Name in keyof UnauthorizedErrorOptions]?: unknown },
): UnauthorizedData {
  const code = textOf(given) ?? CODES.unknown;
  const { retryable, retryAfter } = options;
  const [reason, event] = [textOf(options.reason), textOf(options.event)];
  return {
    message: textOf(options.message) ?? messageOf(code),
    code,
    type: ERROR_TYPE,
    ...(reason !== undefined && { reason: reason as UnauthorizedReason }),
    retryable: typeof retryable === 'boolean' ? retryable : RETRYABLE.has(code) && reason !== REASONS.revoked,
    ...(Number.isFinite(retryAfter) && { retryAfter: retryAfter as number }),
    ...(event !== undefined && { event }),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The application's code may be any string: `'constructor'` must not find an inherited member. */
function messageOf(code: string): string {
  return Object.hasOwn(MESSAGES, code) ? (MESSAGES[code] as string) : code;
}

/** What every refusal has, on the server and on the client. */
export interface Refusal {
  /** For people and logs. */
  message: string;
  /** For programs. */
  data: UnauthorizedData;
}

/**
 * Whether a value is a refusal of this library: an {@link UnauthorizedError}, the error of `connect_error` on a
 * client, or the payload of `unauthorized`. It checks the shape, so that it works across copies of the package.
 */
export function isUnauthorizedError(value: unknown): value is Refusal {
  if (typeof value !== 'object' || value === null) return false;
  const data: unknown = (value as { data?: unknown }).data;
  return typeof data === 'object' && data !== null && (data as { type?: unknown }).type === ERROR_TYPE;
}

/**
 * The application's own refusal, if that is what it threw. In place of one that it has changed, so that it can not be
 * sent, there is one with the code `unknown`.
 */
export function ownRefusal(thrown: unknown): UnauthorizedError | undefined {
  if (!isOwn(thrown)) return undefined;
  return canBeSent(thrown) ? thrown : unauthorized(CODES.unknown, { cause: thrown });
}

function isOwn(thrown: unknown): thrown is UnauthorizedError {
  try {
    return thrown instanceof UnauthorizedError;
  } catch {
    // It throws when it is looked at, as a revoked proxy does.
    return false;
  }
}

function canBeSent(error: UnauthorizedError): boolean {
  try {
    const { message, code, data } = error;
    // The latter throws for a BigInt, a cycle, and members that throw.
    return [message, code, data.code, JSON.stringify(data)].every((text) => typeof text === 'string');
  } catch {
    return false;
  }
}

/** The error as it is sent: built by hand, so that neither `cause` nor a stack trace can leak. */
export function toWire(error: UnauthorizedError): UnauthorizedPayload {
  return { message: error.message, inner: { message: error.message }, data: { ...error.data } };
}
