/**
 * Wire protocol, version 1. All its event names, codes, reasons and payloads are here, and nowhere else. `PROTOCOL.md`
 * describes it; a test compares the two. No Node API: the client shares this file.
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

/** Every code of the library. `validate` and `additional_auth` may add the application's own. */
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
  insufficientScope: 'insufficient_scope',
  authenticationTimeout: 'authentication_timeout',
  tooManyAttempts: 'too_many_attempts',
  serverBusy: 'server_busy',
  rateLimited: 'rate_limited',
  serverMisconfigured: 'server_misconfigured',
  unknown: 'unknown',
} as const;

/** A code of the library; see the table in `PROTOCOL.md`. */
export type UnauthorizedCode = (typeof CODES)[keyof typeof CODES];

/** A code of the library, which editors complete, or one of the application's own. */
// A plain `string` would swallow the union.
export type RefusalCode = UnauthorizedCode | (string & {});

/** The exact reason of a code: all but the last belong to `invalid_token`, the last to `invalid_secret`. */
export const REASONS = {
  malformed: 'malformed',
  tooLarge: 'too_large',
  signature: 'signature',
  algorithm: 'algorithm',
  notActive: 'not_active',
  claim: 'claim',
  expired: 'expired',
  revoked: 'revoked',
  rejected: 'rejected',
  keyUnavailable: 'key_unavailable',
} as const;

/** The exact reason of a code. */
export type UnauthorizedReason = (typeof REASONS)[keyof typeof REASONS];

/** Why a session ended: an argument of `deauthenticated` on the namespace. */
export type DeauthenticationReason = 'expired' | 'revoked' | 'logout';

/** What the client sends with `authenticate`. */
export interface AuthenticatePayload {
  /** The encoded JWT. */
  token: string;
}

/** What the client is told about its session. */
export interface AuthenticatedPayload {
  /** When the session ends, in ms since the epoch; `null` if it has no end. */
  expiresAt: number | null;
  /** The same as ms from now, for clients whose clock is wrong; `null` if it has no end. */
  expiresIn: number | null;
}

/** A refusal: `data` of `unauthorized` and of `connect_error`, and `error` of an acknowledgement. */
export interface UnauthorizedData {
  /** For people and logs; programs should use the code. */
  message: string;
  /** One of the table in `PROTOCOL.md`, or the application's own. */
  code: RefusalCode;
  /** Always this. */
  type: typeof ERROR_TYPE;
  /** The exact reason. */
  reason?: UnauthorizedReason;
  /** Whether trying again can help without a person; a fresh token counts as trying again. */
  retryable: boolean;
  /** When to try again, in ms from now. */
  retryAfter?: number;
  /** With `not_authenticated` and `insufficient_scope`: the event that was dropped (cut at 128 characters). */
  event?: string;
}

/** What the client gets with `unauthorized`. */
export interface UnauthorizedPayload {
  /** The same as `data.message`. */
  message: string;
  /** As socketio-jwt had it. */
  inner: {
    /** The same as `data.message`. */
    message: string;
  };
  /** For programs. */
  data: UnauthorizedData;
}

/** The acknowledgement of `authenticate` if the token was accepted. */
export interface AuthenticateSuccess extends AuthenticatedPayload {
  /** The socket is authenticated. */
  ok: true;
}

/** The acknowledgement of `authenticate` if the token was refused. */
export interface AuthenticateFailure {
  /** The token was refused. A session that it should renew continues. */
  ok: false;
  /** What `unauthorized` carries as `data`. */
  error: UnauthorizedData;
}

/** The acknowledgement of `authenticate`. */
export type AuthenticateReply = AuthenticateSuccess | AuthenticateFailure;
/** The acknowledgement of `deauthenticate`. */
export interface DeauthenticateReply {
  /** The socket is pending. */
  ok: true;
}

/**
 * Events that a client sends. Join it to the application's own:
 * `type ClientEvents = MyClientEvents & AuthorizeClientToServerEvents`.
 */
export interface AuthorizeClientToServerEvents {
  /** Shows a token, to log in or to renew. */
  authenticate: (payload?: AuthenticatePayload | string, reply?: (reply: AuthenticateReply) => void) => void;
  /** Logs out. */
  deauthenticate: (reply?: (reply: DeauthenticateReply) => void) => void;
}

/** Events that a client receives. Join it to the application's own. */
export interface AuthorizeServerToClientEvents {
  /** After every login and every renewal. */
  authenticated: (session: AuthenticatedPayload) => void;
  /** Calling `disconnect` asks the server to disconnect, as in socketio-jwt. */
  unauthorized: (error: UnauthorizedPayload, disconnect: () => void) => void;
  /** Some time before the session ends. */
  token_expiring: (session: AuthenticatedPayload) => void;
}
