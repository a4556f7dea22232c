/**
 * Wire protocol, version 1: the one home of its event names, codes, reasons and payloads.
 * `PROTOCOL.md` is its prose; a test holds the two against each other. No Node API: the client shares this file.
 */

/** The version of the wire protocol that this package speaks. */
export const PROTOCOL_VERSION = 1;

/** Events between client and server. */
export const EVENTS = {
  authenticate: 'authenticate',
  deauthenticate: 'deauthenticate',
  authenticated: 'authenticated',
  unauthorized: 'unauthorized',
  tokenExpiring: 'token_expiring',
} as const;

/** Events on the server's namespace, for local listeners only. */
export const NAMESPACE_EVENTS = {
  authenticated: 'authenticated',
  reauthenticated: 'reauthenticated',
  unauthorized: 'unauthorized',
  deauthenticated: 'deauthenticated',
} as const;

/** The `type` of every error on the wire, as socketio-jwt had it. */
export const ERROR_TYPE = 'UnauthorizedError';

/** Every code that the library itself gives. `validate` and `additional_auth` may add the application's own. */
export const CODES = {
  credentialsRequired: 'credentials_required',
  credentialsBadFormat: 'credentials_bad_format',
  missingAuthorizationHeader: 'missing_authorization_header',
  invalidToken: 'invalid_token',
  invalidSecret: 'invalid_secret',
  revocationUnavailable: 'revocation_unavailable',
  identityMismatch: 'identity_mismatch',
  authenticationInProgress: 'authentication_in_progress',
  notAuthenticated: 'not_authenticated',
  authenticationTimeout: 'authentication_timeout',
  tooManyAttempts: 'too_many_attempts',
  serverBusy: 'server_busy',
  rateLimited: 'rate_limited',
  serverMisconfigured: 'server_misconfigured',
  unknown: 'unknown',
} as const;

/** A code of the library; see the table in `PROTOCOL.md`. */
export type UnauthorizedCode = (typeof CODES)[keyof typeof CODES];

/** What a code tells more exactly: the first eight go with `invalid_token`, the last with `invalid_secret`. */
export const REASONS = {
  malformed: 'malformed',
  tooLarge: 'too_large',
  signature: 'signature',
  algorithm: 'algorithm',
  notActive: 'not_active',
  claim: 'claim',
  expired: 'expired',
  revoked: 'revoked',
  keyUnavailable: 'key_unavailable',
} as const;

/** A reason that goes with a code. */
export type UnauthorizedReason = (typeof REASONS)[keyof typeof REASONS];

/** Why a session ended, as `deauthenticated` on the namespace tells it. */
export type DeauthenticationReason = 'expired' | 'revoked' | 'logout';

/** What the client sends with `authenticate`. */
export interface AuthenticatePayload {
  /** The encoded JWT. */
  token: string;
}

/** What the client is told of its session. */
export interface AuthenticatedPayload {
  /** When the session ends, in ms since the epoch; `null` if it has no end. */
  expiresAt: number | null;
  /** The same as ms from now, for clients whose clock is wrong; `null` if it has no end. */
  expiresIn: number | null;
}

/** What a refusal tells: `data` of `unauthorized`, of `connect_error`, and `error` of an acknowledgement. */
export interface UnauthorizedData {
  message: string;
  /** One of {@link CODES}, or the application's own. */
  code: string;
  type: typeof ERROR_TYPE;
  reason?: UnauthorizedReason;
  /** Whether trying again can help without a person; a fresh token counts as trying again. */
  retryable: boolean;
  /** When to try again, in ms from now. */
  retryAfter?: number;
  /** With `not_authenticated`: the event that was dropped (cut at 128 characters). */
  event?: string;
}

/** What the client gets with `unauthorized`. */
export interface UnauthorizedPayload {
  message: string;
  inner: { message: string };
  data: UnauthorizedData;
}

/** What `authenticate` and `deauthenticate` acknowledge. */
export type AuthenticateReply =
  ({ ok: true } & AuthenticatedPayload) | { ok: false; error: UnauthorizedData };
/** What `deauthenticate` acknowledges. */
export type DeauthenticateReply = { ok: true };

/**
 * Events that a client sends. Join it to the application's own:
 * `type ClientEvents = MyClientEvents & AuthorizeClientToServerEvents`.
 */
export interface AuthorizeClientToServerEvents {
  authenticate: (payload?: AuthenticatePayload, reply?: (reply: AuthenticateReply) => void) => void;
  deauthenticate: (reply?: (reply: DeauthenticateReply) => void) => void;
}

/** Events that a client hears; to be joined to the application's own. */
export interface AuthorizeServerToClientEvents {
  authenticated: (session: AuthenticatedPayload) => void;
  /** Calling `disconnect` asks the server to disconnect, as in socketio-jwt. */
  unauthorized: (error: UnauthorizedPayload, disconnect: () => void) => void;
  token_expiring: (session: AuthenticatedPayload) => void;
}
