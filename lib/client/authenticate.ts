import type {
  AuthenticatedPayload,
  EVENTS,
  UnauthorizedCode,
  UnauthorizedData,
  UnauthorizedReason,
} from '../protocol';
import { close, enter, isDeaf, leave, onConnect, open, reset, restart } from './connection';
import type { Connection } from './connection';
import { tell } from './listeners';
import type { Listeners } from './listeners';
import { MAX_EARLY, MAX_REFUSALS, pause, renewalDelay, untilNextFetch } from './pace';
import { forgetRecovery, sendNow } from './socket-internals';
import { schedule, unschedule } from './timer';
import type { Timer } from './timer';
import { fetchToken } from './token-source';
import type { AuthenticateOptions, ClientAuth, ClientSocket } from './types';
import { isUnauthorizedError, UnauthorizedError } from './unauthorized-error';

type EventName = (typeof EVENTS)[keyof typeof EVENTS];

/**
 * Logs a socket in and keeps it logged in. It sends a fresh token at every connection and renews the session before it
 * ends. After a refusal it tries again, after the pauses that the server asks for, as long as another try can succeed
 * without the user's help.
 *
 * If the socket is not connected yet, the token travels with the CONNECT packet, next to the content of `socket.auth`.
 * Otherwise it travels in an event. The application connects the socket, and Socket.IO reconnects it when the
 * connection is lost. This function connects the socket itself only if the server has disconnected it after a refusal
 * that a fresh token can solve, such as an expired token.
 *
 * The function learns each outcome from an event, which the server always sends. It requests no acknowledgement for a
 * token, so that no outcome counts twice.
 *
 * @example
 * const auth = authenticate(socket, { token: () => fetchToken() });
 * auth.on('unauthorized', (error) => showLogin(error.code));
 * await auth.ready;
 *
 * @param socket a socket that no other code authenticates
 * @throws TypeError unless there is exactly one of `token` and `refresh`
 */
// One closure: a class with `this.#` at each step would add 500 bytes to a page, a fifth of the client.
// oxlint-disable-next-line max-lines-per-function
export function authenticate(socket: ClientSocket, options: AuthenticateOptions): ClientAuth {
  const { token, refresh } = options;
  if (!token === !refresh) throw new TypeError('token or refresh');
  const appAuth = socket.auth;
  const connection: Connection = { socket, options };
  const listeners: Listeners = {};
  /** Waits for the next renewal or the next try. */
  const timer: Timer = {};
  /** Runs while a token is being fetched. */
  const fetching: Timer = {};
  /** The token that needs no fetch: the string of the options, or `''` for a cookie. */
  const fixed = refresh ? '' : typeof token === 'string' ? token : undefined;

  /** Whether the server has accepted a token on this connection and the session has not ended. */
  let isIn = false;
  /** Whether the client has stopped trying. It may still be authenticated: then a renewal got a final refusal. */
  let isOver: boolean;
  let isClosed = false;
  /** Whether the application has logged out. The client then ends any session that the server reports. */
  let isOut: boolean;
  let ready: Promise<AuthenticatedPayload>;
  let resolve: (session: AuthenticatedPayload) => void;
  let reject: (error: unknown) => void;

  /** The token that was sent and that the server has not answered yet. */
  let shown: string | undefined;
  /** The token that the server accepted last. */
  let accepted: string | undefined;
  /** A token that was not active yet. The client sends it again later. */
  let kept: string | undefined;
  /** Whether the next token must be a new one. */
  let mustRefresh = false;
  /** When the last fetch started, in ms since the epoch. 0 if the next fetch need not wait. */
  let askedAt = 0;

  /** The number of fresh tokens that were refused since the last login. */
  let refusals: number;
  /** The number of tries that failed since the last login, for any reason. */
  let failures: number;
  /** How long the client has waited since the last login for tokens that were not active yet, in ms. */
  let early: number;
  /** Whether the server has sent a retryable refusal on this connection. */
  let mayReturn: boolean;

  // The state of the login.

  const restore = (): void => {
    refusals = failures = early = 0;
    mayReturn = false;
  };
  const begin = (): void => {
    isOver = isOut = false;
    restore();
    ready = new Promise((onSuccess, onFailure) => {
      resolve = onSuccess;
      reject = onFailure;
    });
    // The application may ignore it.
    ready.catch(() => {});
  };
  /**
   * Stops trying.
   *
   * @param keepsSession whether the session continues, because only its renewal failed
   */
  const stop = (keepsSession: boolean, error: UnauthorizedError): void => {
    isIn = keepsSession;
    isOver = true;
    shown = kept = undefined;
    unschedule(timer);
    unschedule(fetching);
    reject(error);
    // If the CONNECT packet still waits for a token, it is sent without one.
    enter(connection);
  };
  const giveUp = (keepsSession: boolean, error: UnauthorizedError): void => {
    // A session that continues must end with this connection.
    forgetRecovery(socket);
    stop(keepsSession, error);
    tell(listeners, 'unauthorized', error);
  };
  const quit = (): void =>
    stop(
      false,
      new UnauthorizedError('not_authenticated' satisfies UnauthorizedCode, { message: 'not authenticated' }),
    );
  const logout = async (): Promise<void> => {
    if (!isClosed) {
      leave(connection);
      mustRefresh = false;
      isOut = true;
      quit();
    }
    await connection.left;
  };
  const proceedWhenLeft = async (): Promise<void> => {
    // If the application has disconnected a socket that was still connecting, Socket.IO fires no event.
    if (!socket.active) reset(connection);
    await connection.left;
    if (!isOver) proceed();
  };

  // Fetching and sending tokens.

  const isReady = (): unknown => socket.connected || connection.connect;
  const nextPause = (retryAfter?: unknown): number => pause(failures++, retryAfter);
  const tryLater = (): void => schedule(timer, nextPause(), proceed);
  const show = (next: string): void => {
    unschedule(timer);
    // The accepted token itself, from a cache, does not renew the session.
    if (isIn && next === accepted) {
      mustRefresh = true;
      tryLater();
      return;
    }
    shown = next;
    kept = undefined;
    if (connection.connect) enter(connection, next);
    else sendNow(socket, 'authenticate' satisfies EventName, { token: next || undefined });
  };
  const ask = (): void => {
    const delay = untilNextFetch(askedAt);
    if (delay > 0) schedule(timer, delay, proceed);
    else if (!fetching.callback) {
      askedAt = Date.now();
      fetchToken(fetching, options, mustRefresh, take, onFailure);
    }
  };
  const showNext = (): void => {
    const known = kept ?? fixed;
    if (known === undefined) ask();
    else show(known);
  };
  /** Takes the next step towards a valid token. While Socket.IO reconnects, there is nothing to do. */
  const proceed = (): void => {
    if (refresh) {
      if (mustRefresh) ask();
      else restart(connection);
    } else if (isReady()) showNext();
    else if (!socket.active) socket.connect();
  };
  const renew = (): void => {
    mustRefresh = true;
    proceed();
  };
  const take = (answer: unknown): void => {
    mustRefresh = false;
    if (refresh) restart(connection);
    else if (answer === null) void logout();
    // Otherwise the token is not used: the next connection fetches its own.
    else if (isReady()) show(answer as string);
  };
  const onFailure = (error: unknown): void => {
    if (isUnauthorizedError(error) && !error.data.retryable) {
      giveUp(isIn, error as UnauthorizedError);
      return;
    }
    if (refresh || isReady()) tryLater();
    tell(listeners, 'error', error);
  };

  // Events of the server.

  /** Whether to send the same token again later. If the issuer's clock is ahead, a fresh token would be early too. */
  const isEarly = (data: UnauthorizedData, isAnswer: boolean, delay: number): boolean =>
    isAnswer &&
    data.retryable &&
    data.reason === ('not_active' satisfies UnauthorizedReason) &&
    (early += delay) <= MAX_EARLY;
  /** Whether the refusal is final. A token that cannot be replaced gets no second try. */
  const isFinal = (data: UnauthorizedData, isAnswer: boolean): boolean =>
    isOver ||
    !data.retryable ||
    (data.code === ('invalid_token' satisfies UnauthorizedCode) &&
      (refusals += +isAnswer) >= (fixed ? 0 : MAX_REFUSALS));
  const onRefused = (error: UnauthorizedError): void => {
    const { data } = error;
    const answered = shown;
    const isAnswer = answered !== undefined;
    const isSessionsEnd = isIn && !isAnswer;
    // The server had already read the cookie from the HTTP request when the client's `authenticate` arrived.
    if (isSessionsEnd && data.reason === ('malformed' satisfies UnauthorizedReason)) return;
    shown = undefined;
    if (isIn && !fixed && data.code === ('identity_mismatch' satisfies UnauthorizedCode)) {
      // The user has changed: end the former user's session first. A fixed token would only be refused again.
      isIn = false;
      mustRefresh = true;
      unschedule(timer);
      unschedule(fetching);
      leave(connection);
      void proceedWhenLeft();
    } else {
      const delay = nextPause(data.retryAfter);
      if (isEarly(data, isAnswer, delay)) kept = answered;
      else {
        mustRefresh = true;
        if (isFinal(data, isAnswer)) {
          giveUp(isAnswer && isIn, error);
          return;
        }
      }
      mayReturn = true;
      schedule(timer, delay, proceed);
      if (!isAnswer) isIn = false;
      if (isSessionsEnd) return;
    }
    tell(listeners, 'error', error);
  };
  /** Handles `unauthorized` and, in handshake mode, `connect_error`, which can have other causes too. */
  const onUnauthorized = (refusal: unknown): void => {
    if (!isUnauthorizedError(refusal)) return;
    const { data } = refusal;
    const error = new UnauthorizedError(data.code, data);
    // A server in another language may send `null` for what there is not.
    if (data.event != null) tell(listeners, 'dropped', error);
    else if (!isDeaf(connection) && (isIn || !isOver)) onRefused(error);
  };

  // Events of Socket.IO.

  /** The transport is open. After an exception here, Socket.IO would open new transports without end. */
  const onOpen = (send: (data: object) => void): void => {
    shown = undefined;
    mayReturn = false;
    open(connection, appAuth, send);
    if (!isIn && !isOver && !refresh) showNext();
    else enter(connection);
  };
  const onConnected = (): void => {
    onConnect(connection);
    // The server checks a restored session with the cookie of the HTTP request. It needs no event.
    const isResumed = refresh && socket.recovered;
    if (!isIn && !isOver && shown === undefined && !isDeaf(connection) && !isResumed) showNext();
  };
  const onConnectError = (error: unknown): void => {
    // The HTTP request has sent the cookie.
    shown ??= fixed;
    // A logout that is under way is over: a refused socket has no session.
    if (!reset(connection)) onUnauthorized(error);
  };
  const onDisconnect = (reason: string): void => {
    // Socket.IO reconnects when the connection is lost, but not after a disconnect by the server. This client
    // reconnects then if the server sent a retryable refusal before. Otherwise the server's application has
    // disconnected it.
    const isReturning = mayReturn && !isOver && reason === 'io server disconnect';
    shown = undefined;
    reset(connection);
    if (!isReturning) {
      unschedule(timer);
      kept = undefined;
      // The next connection can use the token that is being fetched. A refreshed cookie would come too late for it: the
      // cookie travels with the connection's HTTP request.
      if (refresh) unschedule(fetching);
    } else if (!timer.callback) tryLater();
    if (isIn) {
      isIn = false;
      // The end of the session may have counted as the refusal of a renewal.
      refusals = 0;
    }
  };

  const onAuthenticated = (session: AuthenticatedPayload): void => {
    if (isDeaf(connection)) return;
    if (isOut) {
      // The cookie has logged the client in, or the server has restored a session.
      leave(connection);
      return;
    }
    isIn = true;
    isOver = false;
    accepted = shown ?? accepted;
    shown = undefined;
    restore();
    unschedule(timer);
    // The server may have sent any value.
    if (!fixed && Number.isFinite(session?.expiresIn)) {
      schedule(timer, renewalDelay(session.expiresIn as number), renew);
    }
    resolve(session);
    tell(listeners, 'authenticated', session);
  };
  const onExpiring = (): void => {
    if (isIn && !isOver && shown === undefined && !fixed) renew();
  };

  const handlers = {
    connect: onConnected,
    connect_error: onConnectError,
    disconnect: onDisconnect,
    ['authenticated' satisfies EventName]: onAuthenticated,
    ['unauthorized' satisfies EventName]: onUnauthorized,
    ['token_expiring' satisfies EventName]: onExpiring,
  } as { [event: string]: (detail: unknown) => void };
  const auth: ClientAuth = {
    get state() {
      if (isClosed) return 'closed';
      if (isIn) return 'authenticated';
      return isOver ? 'unauthorized' : 'pending';
    },
    get ready() {
      return ready;
    },
    on: (event, listener) => {
      (listeners[event] ??= new Set()).add(listener);
      return auth;
    },
    off: (event, listener) => {
      listeners[event]?.delete(listener);
      return auth;
    },
    logout,
    login: () => {
      if (isOver && !isClosed) {
        askedAt = 0;
        begin();
        void proceedWhenLeft();
      }
      return ready;
    },
    close: () => {
      isClosed = true;
      quit();
      close(connection);
      for (const event in handlers) socket.off(event, handlers[event] as () => void);
      if (socket.auth === onOpen) socket.auth = appAuth;
    },
  };
  begin();
  socket.auth = onOpen;
  for (const event in handlers) socket.on(event, handlers[event] as () => void);
  if (socket.connected) showNext();
  return auth;
}
