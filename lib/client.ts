/** Keeps a socket of `socket.io-client` 4 authenticated. For browsers and Node, without dependencies. */
export { authenticate } from './client/authenticate';
export { isUnauthorizedError, UnauthorizedError } from './client/unauthorized-error';
export type { Refusal } from './client/unauthorized-error';
export type {
  AuthenticateOptions,
  ClientAuth,
  ClientAuthEvents,
  ClientAuthState,
  ClientSocket,
  CookieOptions,
  TokenOptions,
  TokenRequest,
} from './client/types';
export type {
  AuthenticatedPayload,
  AuthenticatePayload,
  AuthenticateReply,
  AuthorizeClientToServerEvents,
  AuthorizeServerToClientEvents,
  DeauthenticateReply,
  RefusalCode,
  UnauthorizedCode,
  UnauthorizedData,
  UnauthorizedPayload,
  UnauthorizedReason,
} from './protocol';
