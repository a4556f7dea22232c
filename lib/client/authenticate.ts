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
 * Logs a socket in and keeps it logged in: sends a fresh token at every connection, renews the session before it ends,
 * and tries again, after the pauses that the server asks for, as long as that can help without a person.
 *
 * The token goes with the CONNECT packet if the socket is not connected yet, next to what `socket.auth` holds;
 * otherwise by event. The application connects the socket, and Socket.IO reconnects it after a drop. This function
 * connects it only after the server has disconnected it because of a refusal that a fresh token can cure, such as an
 * expiry.
 *
 * It takes outcomes from the events alone, which always come. It asks for no acknowledgement of a token, so that no
 * outcome counts twice.
 *
 * @example
 * const auth = authenticate(socket, { token: () => fetchToken() });
 * auth.on('unauthorized', (error) => showLogin(error.code));
 * await auth.ready;
 *
 * @param socket one that nothing else authenticates
 * @throws TypeError unless there is exactly one of `token` and `refresh`
 */
// One closure, because a class with `this.#` at each step adds 500 bytes to a page, a fifth of the client.
// oxlint-disable-next-line max-lines-per-function
export function authenticate(socket: ClientSocket, options: AuthenticateOptions): ClientAuth {
  const { token, refresh } = options;
  if (!token === !refresh) throw new TypeError('token or refresh');
  const appAuth = socket.auth;
  const connection: Connection = { socket, options };
  const listeners: Listeners = {};
  /** Runs until the next renewal or the next try. */
  const timer: Timer = {};
  /** Runs while a token is being fetched. */
  const fetching: Timer = {};
  /** What can be shown without a fetch: the string that was given; `''` for a cookie. */
  const fixed = refresh ? '' : typeof token === 'string' ? token : undefined;

  /** Whether the server has accepted a token on this connection and the session has not ended. */
  let isIn = false;
  /** Whether the client has stopped trying. While it is still authenticated: a renewal was refused for good. */
  let isOver = false;
  let isClosed = false;
  /** Whether the application has logged out: whatever session the server reports is to be ended. */
  let isOut = false;
  let ready: Promise<AuthenticatedPayload>;
  let resolve: (session: AuthenticatedPayload) => void;
  let reject: (error: unknown) => void;

  /** The token that the server has not answered yet. */
  let shown: string | undefined;
  /** The token that the server accepted last. */
  let accepted: string | undefined;
  /** A token that was not active yet and is to be shown again. */
  let kept: string | undefined;
  /** Whether the next token must be a new one. */
  let mustRefresh = false;
  /** When the last fetch started, in ms since the epoch; 0 if the next one need not wait. */
  let askedAt = 0;

  /** Fresh tokens that were refused since the last login. */
  let refusals = 0;
  /** Tries that failed since the last login, for whatever reason. */
  let failures = 0;
  /** Ms spent since the last login on tokens that were not active yet. */
  let early = 0;
  /** Whether the server has sent a retryable refusal on this connection. */
  let mayReturn = false;

  // Where the login stands.

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
    // The application need not await it.
    ready.catch(() => {});
  };
  /**
   * Stops trying.
   *
   * @param keepsSession whether the server keeps the session that was to be renewed
   */
  const stop = (keepsSession: boolean, error: UnauthorizedError): void => {
    isIn = keepsSession;
    isOver = true;
    shown = kept = undefined;
    unschedule(timer);
    unschedule(fetching);
    reject(error);
    // A CONNECT packet that waits for a token goes without one.
    enter(connection);
  };
  const giveUp = (keepsSession: boolean, error: UnauthorizedError): void => {
    // A session that goes on ends with this connection.
    forgetRecovery(socket);
    stop(keepsSession, error);
    tell(listeners, 'unauthorized', error);
  };
  const quit = (): void =>
    stop(
      false,
      new UnauthorizedError({
        code: 'not_authenticated' satisfies UnauthorizedCode,
        message: 'not authenticated',
      }),
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
    // The application has disconnected a socket that was still connecting: Socket.IO tells nobody.
    if (!socket.active) reset(connection);
    await connection.left;
    if (!isOver) proceed();
  };

  // Tokens are fetched and shown.

  const isReady = (): unknown => socket.connected || connection.connect;
  const nextPause = (retryAfter?: unknown): number => pause(failures++, retryAfter);
  const tryLater = (): void => schedule(timer, nextPause(), proceed);
  const show = (next: string): void => {
    unschedule(timer);
    // A cached token renews nothing.
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
  /** Takes the next step towards a valid token. While Socket.IO reconnects, there is none to take. */
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
    // The next connection fetches a token of its own.
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

  // What the server tells.

  /** Whether to show the same token again later: its issuer's clock is ahead, so a fresh one is as early again. */
  const isEarly = (data: UnauthorizedData, delay: number): boolean =>
    data.retryable &&
    data.reason === ('not_active' satisfies UnauthorizedReason) &&
    (early += delay) <= MAX_EARLY;
  /** Whether another try is pointless. A token that cannot be replaced gets no second try. */
  const isFinal = (data: UnauthorizedData, isAnswer: boolean): boolean =>
    isOver ||
    !data.retryable ||
    (data.code === ('invalid_token' satisfies UnauthorizedCode) &&
      (refusals += +isAnswer) >= (fixed ? 0 : MAX_REFUSALS));
  const onRefused = (data: UnauthorizedData): void => {
    const error = new UnauthorizedError(data);
    const answered = shown;
    const isAnswer = answered !== undefined;
    const isSessionsEnd = isIn && !isAnswer;
    // The client has sent the cookie by event, and the server had already taken it from the HTTP request.
    if (isSessionsEnd && data.reason === ('malformed' satisfies UnauthorizedReason)) return;
    shown = undefined;
    if (isIn && data.code === ('identity_mismatch' satisfies UnauthorizedCode)) {
      // The user has changed. The former user's session ends first.
      isIn = false;
      mustRefresh = true;
      unschedule(timer);
      unschedule(fetching);
      leave(connection);
      void proceedWhenLeft();
    } else {
      const delay = nextPause(data.retryAfter);
      if (isAnswer && isEarly(data, delay)) kept = answered;
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
  /** `unauthorized`, and in handshake mode `connect_error`, which has other causes, too. */
  const onUnauthorized = (error: unknown): void => {
    if (!isUnauthorizedError(error)) return;
    if (error.data.event !== undefined) tell(listeners, 'dropped', new UnauthorizedError(error.data));
    else if (!isDeaf(connection) && (isIn || !isOver)) onRefused(error.data);
  };

  // What Socket.IO tells.

  /** The transport is open. An exception here would make Socket.IO open transports for ever. */
  const onOpen = (send: (data: object) => void): void => {
    shown = undefined;
    mayReturn = false;
    open(connection, appAuth, send);
    if (!isIn && !isOver && !refresh) showNext();
    else enter(connection);
  };
  const onConnected = (): void => {
    onConnect(connection);
    // The server resumes a session with the cookie of the HTTP request, without an event.
    const isResumed = refresh && socket.recovered;
    if (!isIn && !isOver && shown === undefined && !isDeaf(connection) && !isResumed) showNext();
  };
  const onConnectError = (error: unknown): void => {
    // The HTTP request has shown the cookie.
    shown ??= fixed;
    // A socket that is not let in has no session to end.
    if (!reset(connection)) onUnauthorized(error);
  };
  const onDisconnect = (reason: string): void => {
    // Socket.IO reconnects after a drop, but not after a disconnect by the server. The client does so if a retryable
    // refusal came before. Otherwise the server's application wanted the client to leave.
    const isReturning = mayReturn && !isOver && reason === 'io server disconnect';
    shown = undefined;
    reset(connection);
    if (!isReturning) {
      unschedule(timer);
      kept = undefined;
      // The next connection uses a token that is being fetched. A cookie goes with its HTTP request, which is earlier.
      if (refresh) unschedule(fetching);
    } else if (!timer.callback) tryLater();
    if (isIn) {
      isIn = false;
      // The end of a session may have looked like the refusal of a renewal.
      refusals = 0;
    }
  };

  const onAuthenticated = (session: AuthenticatedPayload): void => {
    if (isDeaf(connection)) return;
    if (isOut) {
      // By its cookie, or by a session that the server has resumed.
      leave(connection);
      return;
    }
    isIn = true;
    isOver = false;
    accepted = shown ?? accepted;
    shown = undefined;
    restore();
    unschedule(timer);
    // The server may have sent anything.
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
