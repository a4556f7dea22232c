/** Everything that the main entry exports, by name. */
export { authorize } from './authorize';
export type { Authorizer } from './authorize';
export { isUnauthorizedError, UnauthorizedError } from './errors';
export type { Refusal, UnauthorizedErrorOptions } from './errors';
export type { AuthorizedSocket, AuthorizeNamespaceEvents, AuthorizeServer } from './events';
export type { Algorithm, Jwk, JwkSet, KeyMaterial } from './types';
export type {
  Accept,
  AuthorizeOptions,
  DefaultEvents,
  KeyCallback,
  KeyFunction,
  Limiter,
  Permission,
  Permissions,
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
  RefusalCode,
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
