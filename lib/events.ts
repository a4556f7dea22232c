import type { UnauthorizedError } from './errors';
import type { DeauthenticationReason } from './protocol';
import type { AnySocket, JwtClaims } from './types';

/** A socket as the library leaves it after a login, with the default property names. */
export type AuthorizedSocket<Claims = JwtClaims, S extends AnySocket = AnySocket> = S & {
  /** The claims, or what `customDecoded` made of them. */
  decoded_token: Claims;
  /** The encoded token; not enumerable. Missing on a session that was recovered. */
  encoded_token?: string;
};

/**
 * The events of a namespace's local listeners. Join it to the application's `ServerSideEvents`:
 *
 * @example new Server<C, S, MyServerSideEvents & AuthorizeNamespaceEvents<MyClaims>>()
 */
export interface AuthorizeNamespaceEvents<Claims = JwtClaims, S extends AnySocket = AnySocket> {
  /** Once per login, before the client is told. */
  authenticated: (socket: AuthorizedSocket<Claims, S>) => void;
  /** The token was renewed. */
  reauthenticated: (socket: AuthorizedSocket<Claims, S>) => void;
  /** Every refusal. */
  unauthorized: (socket: S, error: UnauthorizedError) => void;
  /** A session ended. */
  deauthenticated: (socket: S, reason: DeauthenticationReason) => void;
}
