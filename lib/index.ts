/** JWT authentication for Socket.IO 4, after connect. */
export { authorize } from './authorize';
export type { Authorizer } from './authorize';
export { isUnauthorizedError, UnauthorizedError } from './errors';
export type { Refusal, UnauthorizedErrorOptions } from './errors';
export type { AuthorizedSocket, AuthorizeNamespaceEvents } from './events';
export type { Algorithm, Jwk, JwkSet, KeyMaterial } from './types';
export type {
  Accept,
  AuthorizeOptions,
  KeyCallback,
  KeyFunction,
  Limiter,
  VerifierOptions,
  VerifyFunction,
} from './options';
export type {
  AuthenticatedPayload,
  AuthenticateFailure,
  AuthenticatePayload,
  AuthenticateReply,
  AuthenticateSuccess,
  AuthorizeClientToServerEvents,
  AuthorizeServerToClientEvents,
  DeauthenticateReply,
  DeauthenticationReason,
  UnauthorizedCode,
  UnauthorizedData,
  UnauthorizedPayload,
  UnauthorizedReason,
} from './protocol';
export type { NewRules, Revocation, RevocationRule, RevocationStore, TokenIdentity } from './types';
export type { AuthorizerStats } from './session/statistics';
export type {
  AnyNamespace,
  AnyServer,
  AnySocket,
  AuthorizeSocketData,
  JwtClaims,
  JwtHeader,
  SocketAuth,
  UnverifiedToken,
} from './types';
