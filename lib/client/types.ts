import type { AuthenticatedPayload } from '../protocol';
import type { UnauthorizedError } from './unauthorized-error';

/**
 * What the client needs of a `Socket` of `socket.io-client` 4, whatever event maps it has. Described by its shape, so
 * that the package does not depend on that of the application.
 */
export interface ClientSocket {
  /** Whether it is connected. */
  readonly connected: boolean;
  /** Whether Socket.IO connects, or will reconnect, by itself. */
  readonly active: boolean;
  /** Whether the server has resumed the session of the connection before (4.6 and newer). */
  readonly recovered?: boolean;
  /** What is sent with the CONNECT packet. */
  auth: { [key: string]: unknown } | ((send: (data: object) => void) => void);
  /** Its manager. */
  readonly io: {
    /** The transport below; another one after every reconnection. */
    readonly engine: {
      /** `'open'` while packets can be sent. */
      readonly readyState: string;
      /** Closes it; Socket.IO opens another one. */
      close(): unknown;
    };
  };
  /** Connects it. */
  connect(): unknown;
  // Event maps are the application's; whatever they are, its sockets must fit.
  /* oxlint-disable typescript/no-explicit-any */
  /** Sends an event. */
  emit(event: any, ...args: any[]): unknown;
  /** Adds a listener. */
  on(event: any, listener: (...args: any[]) => void): unknown;
  /** Removes a listener. */
  off(event: any, listener: (...args: any[]) => void): unknown;
  /* oxlint-enable typescript/no-explicit-any */
}

/** What the `token` function is told. */
export interface TokenRequest {
  /**
   * Whether the token must be a new one: for a renewal, and after a refusal. Many SDKs hand out what they have cached
   * unless they are told so.
   */
  forceRefresh: boolean;
}

/** What {@link authenticate} takes for a token that the page itself holds. */
export interface TokenOptions {
  /**
   * The encoded JWT, or a function that fetches one, or a promise of one. The function is asked at every connection
   * and for every renewal, one call at a time and at most once a second, and should give a fresh token; the one that is
   * in use already counts as not renewed yet, and it is asked again later. A string cannot be renewed: the session ends
   * with it.
   *
   * `null` means that nobody is logged in: the socket connects as a guest, as after `logout()`, and the function is
   * asked again after `login()`.
   *
   * A function that throws an {@link UnauthorizedError} gives up, unless the error is `retryable`: the event
   * `unauthorized` tells it, and `login()` starts anew. Whatever else it throws, no token, and no answer within
   * `timeout`, is reported by the event `error`, and it is asked again after growing pauses, up to 30 s.
   */
  token: string | ((request: TokenRequest) => string | null | PromiseLike<string | null>);

  /** Only without `token`. */
  refresh?: undefined;

  /**
   * Ms for the `token` function to answer; later answers are not used. Also ms for the server to acknowledge a logout;
   * then the connection is closed instead.
   *
   * @defaultValue 10000
   */
  timeout?: number | undefined;
}

/** What {@link authenticate} takes for a token in a cookie that no script can read (`HttpOnly`). */
export interface CookieOptions {
  /**
   * Replaces the cookie, before the session ends and after a refusal: `() => fetch('/refresh')`. Then the connection is
   * closed, and Socket.IO makes another one: browsers send cookies with new HTTP requests only. With the server's
   * `connectionStateRecovery` no message is lost meanwhile.
   *
   * One call at a time, and at most one a second. A function that throws, rejects, gives a `Response` with status 404
   * or higher, or does not settle within `timeout` has failed, with the same consequences as in
   * {@link TokenOptions.token}. With 401 and 403 the session is over: the server refuses the old cookie, and after the
   * second refusal the event `unauthorized` tells so.
   */
  refresh: () => unknown;

  /** Only without `refresh`. */
  token?: undefined;

  /**
   * Ms for `refresh` to settle. Also ms for the server to acknowledge a logout; then the connection is closed instead.
   *
   * @defaultValue 10000
   */
  timeout?: number | undefined;
}

/** What {@link authenticate} takes: `token` or `refresh`. */
export type AuthenticateOptions = TokenOptions | CookieOptions;

/**
 * - `'pending'`: logging in, waiting to try again, or waiting for Socket.IO to connect
 * - `'authenticated'`: the server has accepted a token on this connection, and the session has not ended
 * - `'unauthorized'`: refused for good, logged out, or a guest; nothing is tried until `login()`
 * - `'closed'`: after `close()`
 */
export type ClientAuthState = 'pending' | 'authenticated' | 'unauthorized' | 'closed';

/** What a {@link ClientAuth} tells. A listener that throws is reported as an uncaught error, and disturbs nothing. */
export interface ClientAuthEvents {
  /** The server accepted a token: at login, at every reconnection, and at every renewal. */
  authenticated: (session: AuthenticatedPayload) => void;
  /**
   * Refused for good, or given up by the `token` function: trying again cannot help without a person. A renewal that
   * ends so leaves `state` at `'authenticated'` until the session ends.
   */
  unauthorized: (error: UnauthorizedError) => void;
  /**
   * Something failed that is being tried again: the `token` function threw, or was silent too long; or the server
   * refused for now, which is an {@link UnauthorizedError}. The next try comes after a pause, or after the one that the
   * server asks for (at most an hour). A token that is not active yet is shown again, for a minute in all. After
   * `identity_mismatch`, when the user has changed, the former one is logged out, and a fresh token is fetched.
   */
  error: (error: unknown) => void;
  /**
   * The server did not take an event of the application: the socket was not logged in (`not_authenticated`), or the
   * session may not send it (`insufficient_scope`). `error.data.event` names it. Of a flood the server reports a part.
   */
  dropped: (error: UnauthorizedError) => void;
}

/** Keeps a socket authenticated; made by {@link authenticate}. */
export interface ClientAuth {
  /** Where the login stands. */
  readonly state: ClientAuthState;

  /**
   * The first login since `authenticate()` or `login()`. Goes on trying while trying can help, and rejects with an
   * {@link UnauthorizedError} when refused for good, logged out, or closed. Nobody has to await it.
   */
  readonly ready: Promise<AuthenticatedPayload>;

  /** Adds a listener. */
  on<E extends keyof ClientAuthEvents>(event: E, listener: ClientAuthEvents[E]): this;

  /** Removes a listener. */
  off<E extends keyof ClientAuthEvents>(event: E, listener: ClientAuthEvents[E]): this;

  /**
   * Ends the session, on this connection and for those to come: the socket stays connected as a guest, if the server
   * keeps guests, and no token is shown until `login()`. Whatever the network does meanwhile, neither a reconnection
   * nor Socket.IO's connection state recovery brings the session back.
   *
   * @returns resolves when the server has ended the session, or the connection is gone; a server that does not
   * acknowledge within `timeout` is disconnected
   */
  logout(): Promise<void>;

  /**
   * Logs in with a new token, after `logout()` or a refusal for good, maybe as another user; connects the socket if
   * the server has disconnected it. With a cookie, the connection is made anew. Otherwise nothing changes.
   *
   * @returns `ready`
   */
  login(): Promise<AuthenticatedPayload>;

  /**
   * Removes every listener and timer. Neither disconnects the socket nor ends its session. A `logout()` that is under
   * way still takes place.
   */
  close(): void;
}
