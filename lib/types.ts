import type { Namespace, Server, Socket } from 'socket.io';

/** The registered claims of a JWT (RFC 7519 §4.1), and any other. */
export interface JwtClaims {
  /** The issuer. */
  iss?: string;
  /** The subject. */
  sub?: string;
  /** The audience. */
  aud?: string | string[];
  /** When it expires, in seconds since the epoch. */
  exp?: number;
  /** When it begins to count, in seconds since the epoch. */
  nbf?: number;
  /** When it was issued, in seconds since the epoch. */
  iat?: number;
  /** The token's own name. */
  jti?: string;
  [claim: string]: unknown;
}

/** A token's header (RFC 7515 §4.1). */
export interface JwtHeader {
  /** The algorithm. */
  alg: string;
  /** The media type. */
  typ?: string;
  /** The key's name. */
  kid?: string;
  [parameter: string]: unknown;
}

/** A token taken apart but not verified: enough to find its key, and for nothing else. */
export interface UnverifiedToken {
  /** Its header. */
  header: JwtHeader;
  /** Its claims. */
  payload: JwtClaims;
}

// By inference, since Socket.IO's classes have two type parameters in 4.0, three in 4.1, and four today.
/** A server's socket, whatever event maps it has. */
export type AnySocket = InstanceType<typeof Socket>;
/** A namespace, whatever event maps it has. */
export type AnyNamespace = InstanceType<typeof Namespace>;
/** A server, whatever event maps it has. */
export type AnyServer = InstanceType<typeof Server>;

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
