import type { Namespace, Server, Socket } from 'socket.io';
import type { JwtClaims } from './verify';

// Event maps are the application's; whatever they are, its sockets, namespaces and servers must fit.
/* oxlint-disable typescript/no-explicit-any */
/** A server's socket, whatever event maps it has. */
export type AnySocket = Socket<any, any, any>;
/** A namespace, whatever event maps it has. */
export type AnyNamespace = Namespace<any, any, any>;
/** A server, whatever event maps it has. */
export type AnyServer = Server<any, any, any>;
/* oxlint-enable typescript/no-explicit-any */

/** What `socket.data.auth` holds while the socket is authenticated. */
export interface SocketAuth<Claims = JwtClaims> {
  /** The claims of the token that the session rests on. */
  claims: Claims;
  /** When the session ends, in ms since the epoch; `null` if it has no end. */
  expiresAt: number | null;
}

/**
 * To be joined to the application's `SocketData`:
 *
 * @example interface SocketData extends AuthorizeSocketData<MyClaims> { theme: string }
 */
export interface AuthorizeSocketData<Claims = JwtClaims> {
  /** Left out while the socket is not authenticated. */
  auth?: SocketAuth<Claims>;
}
