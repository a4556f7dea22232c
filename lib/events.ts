import type { Server, Socket } from 'socket.io';
import type { UnauthorizedError } from './errors';
import type {
  AuthorizeClientToServerEvents,
  AuthorizeServerToClientEvents,
  DeauthenticationReason,
} from './protocol';
import type { AnySocket, AuthorizeSocketData, JwtClaims } from './types';

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
  /** A session ended; `claims` are those of the token that it rested on. */
  deauthenticated: (socket: S, reason: DeauthenticationReason, claims: Claims) => void;
}

/** Socket.IO's classes with the application's types. They have four type parameters since 4.4, and fewer before. */
interface Typed<
  ClientToServer extends object,
  ServerToClient extends object,
  ServerSide extends object,
  Data,
> {
  /** @ts-ignore an older Socket.IO */
  server: Server<ClientToServer, ServerToClient, ServerSide, Data>;
  /** @ts-ignore an older Socket.IO */
  socket: Socket<ClientToServer, ServerToClient, ServerSide, Data>;
}

/** The library's events on a namespace, whose sockets know the application's events. */
interface NamespaceEvents<
  Claims,
  ClientToServer extends object,
  ServerToClient extends object,
  Data,
> extends AuthorizeNamespaceEvents<
  Claims,
  Typed<
    ClientToServer & AuthorizeClientToServerEvents,
    ServerToClient & AuthorizeServerToClientEvents,
    NamespaceEvents<Claims, ClientToServer, ServerToClient, Data>,
    Data & AuthorizeSocketData<Claims>
  >['socket']
> {}

/**
 * The type of a server that knows the application's claims and events, and the library's. With Socket.IO 4.4 or newer.
 *
 * @typeParam Claims what the tokens carry
 * @typeParam ClientToServer what clients send
 * @typeParam ServerToClient what they are sent
 * @typeParam Data what else `socket.data` holds
 * @typeParam ServerSide what nodes send each other
 * @example const io: AuthorizeServer<MyClaims, ClientEvents, ServerEvents> = new Server(3000);
 */
export type AuthorizeServer<
  Claims = JwtClaims,
  ClientToServer extends object = {},
  ServerToClient extends object = {},
  Data = {},
  ServerSide extends object = {},
> = Typed<
  ClientToServer & AuthorizeClientToServerEvents,
  ServerToClient & AuthorizeServerToClientEvents,
  ServerSide & NamespaceEvents<Claims, ClientToServer, ServerToClient, Data>,
  Data & AuthorizeSocketData<Claims>
>['server'];
