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
  /** What is sent with the CONNECT packet. */
  auth: { [key: string]: unknown } | ((send: (data: object) => void) => void);
  /** Its manager. */
  readonly io: {
    /** The transport below; another one after every reconnection. */
    readonly engine: unknown;
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

/** What {@link authenticate} takes. */
export interface AuthenticateOptions {
  /**
   * The encoded JWT, or a function that fetches one, or a promise of one. The function is asked at every connection
   * and for every renewal, one call at a time, and should give a fresh token; the one that is in use already counts as
   * not renewed yet, and it is asked again later. A string cannot be renewed: the session ends with it.
   *
   * A function that throws, rejects, gives no token, or does not answer within `timeout` is reported by the event
   * `error` and asked again after growing pauses, up to 30 s.
   */
  token: string | (() => string | PromiseLike<string>);

  /**
   * Ms for the `token` function to answer. What it answers later is not used.
   *
   * @defaultValue 10000
   */
  timeout?: number | undefined;
}

/**
 * - `'pending'`: logging in, waiting to try again, or waiting for Socket.IO to connect
 * - `'authenticated'`: the server has accepted a token on this connection, and the session has not ended
 * - `'unauthorized'`: refused for good, or logged out; nothing is tried until `login()`
 * - `'closed'`: after `close()`
 */
export type ClientAuthState = 'pending' | 'authenticated' | 'unauthorized' | 'closed';

/** What a {@link ClientAuth} tells. A listener that throws is reported as an uncaught error, and disturbs nothing. */
export interface ClientAuthEvents {
  /** The server accepted a token: at login, at every reconnection, and at every renewal. */
  authenticated: (session: AuthenticatedPayload) => void;
  /**
   * Refused for good: trying again cannot help without a person. A renewal that is refused so leaves `state` at
   * `'authenticated'` until the session ends.
   */
  unauthorized: (error: UnauthorizedError) => void;
  /**
   * Something failed that is being tried again: the `token` function threw, or was silent too long; or the server
   * refused for now, which is an {@link UnauthorizedError}.
   */
  error: (error: unknown) => void;
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
   * keeps guests, and no token is shown until `login()`.
   *
   * @returns resolves when the server has ended the session, or the connection is gone
   */
  logout(): Promise<void>;

  /**
   * Logs in with a new token, after `logout()` or a refusal for good, maybe as another user; connects the socket if
   * the server has disconnected it. Otherwise nothing changes.
   *
   * @returns `ready`
   */
  login(): Promise<AuthenticatedPayload>;

  /** Takes every listener and timer away. Neither disconnects the socket nor ends its session. */
  close(): void;
}
