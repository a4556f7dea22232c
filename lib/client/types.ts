import type { AuthenticatedPayload } from '../protocol';
import type { UnauthorizedError } from './unauthorized-error';

/**
 * The members of a `Socket` of `socket.io-client` 4 that the client uses. Sockets with any event maps have them.
 * Described by its shape, so that the package does not depend on `socket.io-client`.
 */
export interface ClientSocket {
  /** Whether it is connected. */
  readonly connected: boolean;
  /** Whether Socket.IO connects, or will reconnect, by itself. */
  readonly active: boolean;
  /** Whether the server has restored the session of the previous connection (4.6 and newer). */
  readonly recovered?: boolean;
  /** The payload of the CONNECT packet. */
  auth: { [key: string]: unknown } | ((send: (data: object) => void) => void);
  /** Its manager. */
  readonly io: {
    /** The transport. Every reconnection makes a new one. */
    readonly engine: {
      /** `'open'` while packets can be sent. */
      readonly readyState: string;
      /** Closes it; Socket.IO opens another one. */
      close(): unknown;
    };
  };
  /** Connects it. */
  connect(): unknown;
  // The application chooses the event maps. Its sockets must fit with any of them.
  /* oxlint-disable typescript/no-explicit-any */
  /** Sends an event. */
  emit(event: any, ...args: any[]): unknown;
  /** Adds a listener. */
  on(event: any, listener: (...args: any[]) => void): unknown;
  /** Removes a listener. */
  off(event: any, listener: (...args: any[]) => void): unknown;
  /* oxlint-enable typescript/no-explicit-any */
}

/** The argument of the `token` function. */
export interface TokenRequest {
  /**
   * Whether the token must be a new one: for a renewal, and after a refusal. Many SDKs return a cached token unless
   * they are asked for a new one.
   */
  forceRefresh: boolean;
}

/** The options of {@link authenticate} if the page itself holds the token. */
export interface TokenOptions {
  /**
   * The encoded JWT, or a function that returns it or a promise of it. The client calls the function at every
   * connection and for every renewal, one call at a time and at most once a second. The function should return a fresh
   * token: the token in use renews nothing, and the client calls again later. A string cannot be renewed: the session
   * ends with it.
   *
   * `null` means that no user is logged in. The socket then connects as a guest, as after `logout()`, and the client
   * calls the function again after `login()`.
   *
   * If the function throws an {@link UnauthorizedError} that is not `retryable`, the client gives up: it emits
   * `unauthorized`, and tries again only after `login()`. If the function throws anything else, returns no token or
   * does not answer within `timeout`, the client emits `error` and calls again after pauses that grow up to 30 s.
   */
  token: string | ((request: TokenRequest) => string | null | PromiseLike<string | null>);

  /** Only allowed without `token`. */
  refresh?: undefined;

  /**
   * How long the `token` function may take, in ms. Later answers are ignored. Also how long the server may take to
   * acknowledge a logout. After that the client closes the connection instead.
   *
   * @defaultValue 10000
   */
  timeout?: number | undefined;
}

/** The options of {@link authenticate} if the token is in a cookie that no script can read (`HttpOnly`). */
export interface CookieOptions {
  /**
   * Replaces the cookie: `() => fetch('/refresh')`. The client calls the function before the session ends and after a
   * refusal. Then it closes the connection, and Socket.IO makes a new one: browsers send cookies only with new HTTP
   * requests. With the server's `connectionStateRecovery` no message is lost meanwhile.
   *
   * The client makes one call at a time, and at most one a second. A call has failed if the function throws, rejects,
   * returns a `Response` with status 404 or higher, or does not settle within `timeout`. The client then does the same
   * as for {@link TokenOptions.token}. 401 and 403 mean that the session is over: the server refuses the old cookie,
   * and after the second refusal the client emits `unauthorized`.
   */
  refresh: () => unknown;

  /** Only allowed without `refresh`. */
  token?: undefined;

  /**
   * How long `refresh` may take, in ms. Also how long the server may take to acknowledge a logout. After that the
   * client closes the connection instead.
   *
   * @defaultValue 10000
   */
  timeout?: number | undefined;
}

/** The options of {@link authenticate}: with `token` or with `refresh`. */
export type AuthenticateOptions = TokenOptions | CookieOptions;

/**
 * - `'pending'`: logging in, waiting to try again, or waiting for Socket.IO to connect
 * - `'authenticated'`: the server has accepted a token on this connection, and the session has not ended
 * - `'unauthorized'`: finally refused, logged out, or a guest; the client tries nothing until `login()`
 * - `'closed'`: after `close()`
 */
export type ClientAuthState = 'pending' | 'authenticated' | 'unauthorized' | 'closed';

/** The events of a {@link ClientAuth}. If a listener throws, that is an uncaught error, which affects nothing else. */
export interface ClientAuthEvents {
  /** The server accepted a token: at login, at every reconnection, and at every renewal. */
  authenticated: (session: AuthenticatedPayload) => void;
  /**
   * The server's refusal is final, or the `token` function has given up: another try cannot succeed without the user's
   * help. If it was a renewal, `state` stays `'authenticated'` until the session ends.
   */
  unauthorized: (error: UnauthorizedError) => void;
  /**
   * A try failed, and the client will try again: the `token` function threw or did not answer in time, or the server
   * refused with an {@link UnauthorizedError} that is retryable. The next try comes after a pause, which includes the
   * time that the server asks for (at most an hour). A token that is not active yet is sent again, for a minute in
   * total. After `identity_mismatch`, which means that the user has changed, the client logs the former user out and
   * fetches a fresh token.
   */
  error: (error: unknown) => void;
  /**
   * The server dropped an event of the application: the socket was not logged in (`not_authenticated`), or the session
   * may not send it (`insufficient_scope`). `error.data.event` names it. If many are dropped, the server reports some.
   */
  dropped: (error: UnauthorizedError) => void;
}

/** Keeps a socket authenticated. Made by {@link authenticate}. */
export interface ClientAuth {
  /** The state of the login. */
  readonly state: ClientAuthState;

  /**
   * Resolves at the first login since `authenticate()` or `login()`. The client tries as long as a try can succeed.
   * Rejects with an {@link UnauthorizedError} after a final refusal, `logout()` or `close()`. You need not await it.
   */
  readonly ready: Promise<AuthenticatedPayload>;

  /** Adds a listener. */
  on<E extends keyof ClientAuthEvents>(event: E, listener: ClientAuthEvents[E]): this;

  /** Removes a listener. */
  off<E extends keyof ClientAuthEvents>(event: E, listener: ClientAuthEvents[E]): this;

  /**
   * Ends the session, on this connection and on later ones. The socket stays connected as a guest, if the server keeps
   * guests, and the client sends no token until `login()`. Whatever the network does meanwhile, neither a reconnection
   * nor Socket.IO's connection state recovery brings the session back.
   *
   * @returns resolves when the server has ended the session, or the connection is gone; if the server does not
   * acknowledge within `timeout`, the client closes the connection
   */
  logout(): Promise<void>;

  /**
   * Logs in with a new token, after `logout()` or a final refusal. The user may be another one. Connects the socket if
   * the server has disconnected it. With a cookie, it makes a new connection. Does nothing in any other state.
   *
   * @returns `ready`
   */
  login(): Promise<AuthenticatedPayload>;

  /**
   * Removes every listener and timer. Neither disconnects the socket nor ends its session. A `logout()` that is under
   * way is completed.
   */
  close(): void;
}
