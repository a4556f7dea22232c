import { EVENTS } from '../protocol';
import type { AuthenticatedPayload, UnauthorizedData } from '../protocol';
import { Deferred } from './deferred';
import { Listeners } from './listeners';
import { Timer } from './timer';
import { TokenSource } from './token-source';
import type {
  AuthenticateOptions,
  ClientAuth,
  ClientAuthEvents,
  ClientAuthState,
  ClientSocket,
} from './types';
import {
  INVALID_TOKEN,
  isUnauthorizedError,
  notAuthenticated,
  UnauthorizedError,
} from './unauthorized-error';

/** `'ending'`: authenticated, and a renewal was refused for good. */
type Phase = ClientAuthState | 'ending';

type Handler = (detail: unknown) => void;

/** Part of a session's remaining life after which it is renewed, and how much earlier that may be. */
const RENEW_AT = 0.8;
const RENEW_SPREAD = 0.1;
/** Pauses between tries, in ms: the first, doubled each time, and the longest; spread by up to half. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** Refusals of fresh tokens in a row that are final. */
const MAX_REFUSALS = 2;
/** After which Socket.IO never reconnects by itself. */
const SERVER_DISCONNECT = 'io server disconnect';

/**
 * Keeps one socket authenticated. Tokens are shown with the CONNECT packet while the socket connects, else by event;
 * outcomes are taken from the events alone, which always come: no acknowledgement is asked for, so nothing counts twice.
 */
export class Login implements ClientAuth {
  readonly #socket: ClientSocket;
  readonly #tokens: TokenSource;
  readonly #listeners = new Listeners();
  /** The next renewal, or the next try. */
  readonly #timer = new Timer();
  /** What the application itself sends with the CONNECT packet. */
  readonly #appAuth: ClientSocket['auth'];
  #ready = new Deferred<AuthenticatedPayload>();
  #phase: Phase = 'pending';
  /** Sends the CONNECT packet that is waiting for a token. */
  #knock: ((token?: string) => void) | undefined;
  /** The token that the server has not answered yet. */
  #shown: string | undefined;
  /** The token that the server accepted last. */
  #accepted: string | undefined;
  /** A logout that the server has not acknowledged yet; nothing is shown before, or its answers could be mistaken. */
  #leaving: Deferred<void> | undefined;
  /** Fresh tokens refused since the last login. */
  #refusals = 0;
  /** Tries that failed since the last login, for whatever reason. */
  #failures = 0;

  constructor(socket: ClientSocket, options: AuthenticateOptions) {
    this.#socket = socket;
    this.#appAuth = socket.auth;
    this.#tokens = new TokenSource(options, this.#show, this.#onFailure);
    socket.auth = this.#onOpen;
    for (const [event, listener] of this.#handlers) socket.on(event, listener as Handler);
    if (socket.connected) this.#try();
  }

  get state(): ClientAuthState {
    return this.#phase === 'ending' ? 'authenticated' : this.#phase;
  }

  get ready(): Promise<AuthenticatedPayload> {
    return this.#ready.promise;
  }

  on<E extends keyof ClientAuthEvents>(event: E, listener: ClientAuthEvents[E]): this {
    this.#listeners.add(event, listener);
    return this;
  }

  off<E extends keyof ClientAuthEvents>(event: E, listener: ClientAuthEvents[E]): this {
    this.#listeners.remove(event, listener);
    return this;
  }

  logout(): Promise<void> {
    if (this.#phase !== 'closed') {
      this.#stop('unauthorized', notAuthenticated('logged out'));
      if (this.#leaving === undefined && (this.#socket.connected || this.#shown !== undefined)) {
        this.#leaving = new Deferred();
        if (this.#socket.connected) this.#sendLogout();
      }
    }
    return this.#leaving?.promise ?? Promise.resolve();
  }

  login(): Promise<AuthenticatedPayload> {
    if (this.#phase === 'unauthorized' || this.#phase === 'ending') {
      this.#phase = 'pending';
      this.#ready = new Deferred();
      this.#refusals = this.#failures = 0;
      void Promise.resolve(this.#leaving?.promise).then(() => {
        if (this.#phase === 'pending') this.#try();
      });
    }
    return this.ready;
  }

  close(): void {
    if (this.#phase === 'closed') return;
    this.#stop('closed', notAuthenticated('closed'));
    this.#forgetConnection();
    for (const [event, listener] of this.#handlers) this.#socket.off(event, listener as Handler);
    if (this.#socket.auth === this.#onOpen) this.#socket.auth = this.#appAuth;
  }

  // What Socket.IO tells.

  /** The transport is open, and the CONNECT packet can go. Never throws: Socket.IO would open transports without end. */
  readonly #onOpen = (send: (data: object) => void): void => {
    const socket = this.#socket;
    const appAuth = this.#appAuth;
    const { engine } = socket.io;
    this.#forgetConnection();
    this.#knock = (token) => {
      this.#knock = undefined;
      // Too late: a second CONNECT packet, or one of a socket that is gone, would make a ghost on the server.
      if (!socket.active || socket.io.engine !== engine) return;
      this.#shown = token;
      const sendAll = (data?: object): void => send({ ...data, token });
      if (typeof appAuth === 'function') appAuth(sendAll);
      else sendAll(appAuth);
    };
    if (this.#phase === 'pending') this.#tokens.fetch();
    else this.#knock();
  };

  readonly #onConnect = (): void => {
    if (this.#leaving) this.#sendLogout();
    else if (this.#phase === 'pending' && this.#shown === undefined) this.#try();
  };

  readonly #onDisconnect = (reason: string): void => {
    this.#forgetConnection();
    // Only after a refusal that allows for another try does a server's disconnect leave the timer running. Without one
    // the application threw the client out; of all else Socket.IO takes care.
    if (this.#phase === 'authenticated' || reason !== SERVER_DISCONNECT) this.#timer.clear();
    if (this.#phase === 'authenticated') this.#phase = 'pending';
    if (this.#phase === 'ending') this.#phase = 'unauthorized';
  };

  readonly #onAuthenticated = (session: AuthenticatedPayload): void => {
    // The answer to a token that was shown before a logout.
    if (this.#leaving || this.#phase === 'unauthorized') return;
    this.#phase = 'authenticated';
    this.#accepted = this.#shown ?? this.#accepted;
    this.#shown = undefined;
    this.#refusals = this.#failures = 0;
    this.#timer.clear();
    if (session.expiresIn !== null && this.#tokens.isRenewable) {
      this.#timer.set(session.expiresIn * RENEW_AT * (1 - RENEW_SPREAD * Math.random()), this.#try);
    }
    this.#ready.resolve(session);
    this.#listeners.tell('authenticated', session);
  };

  readonly #onExpiring = (): void => {
    if (this.#phase === 'authenticated' && this.#shown === undefined && this.#tokens.isRenewable) this.#try();
  };

  /** `unauthorized`, and `connect_error` in handshake mode; the latter may come of anything else, too. */
  readonly #onRefusal = (error: unknown): void => {
    // A dropped event is the application's affair.
    if (!isUnauthorizedError(error) || error.data.event !== undefined) return;
    if (!this.#leaving && this.#phase !== 'unauthorized') this.#refused(error.data);
  };

  readonly #handlers: readonly (readonly [string, (detail: never) => void])[] = [
    ['connect', this.#onConnect],
    ['connect_error', this.#onRefusal],
    ['disconnect', this.#onDisconnect],
    [EVENTS.authenticated, this.#onAuthenticated],
    [EVENTS.unauthorized, this.#onRefusal],
    [EVENTS.tokenExpiring, this.#onExpiring],
  ];

  // What follows from it.

  /** Takes the next step to a token that counts; where Socket.IO is connecting by itself, that is to wait. */
  readonly #try = (): void => {
    const socket = this.#socket;
    if (socket.connected || this.#knock) this.#tokens.fetch();
    else if (!socket.active) socket.connect();
  };

  readonly #show = (token: string): void => {
    if (this.#knock) this.#knock(token);
    // Lost its connection meanwhile: the next one asks for a token of its own.
    else if (!this.#socket.connected) return;
    else if (this.#phase === 'authenticated' && token === this.#accepted) {
      this.#tryLater();
      return;
    } else {
      this.#shown = token;
      this.#socket.emit(EVENTS.authenticate, { token });
    }
    this.#timer.clear();
  };

  readonly #onFailure = (error: unknown): void => {
    if (this.#socket.connected || this.#knock) this.#tryLater();
    this.#listeners.tell('error', error);
  };

  #refused(data: UnauthorizedData): void {
    const error = new UnauthorizedError(data);
    const isAnswer = this.#shown !== undefined;
    const isTokensFault = data.code === INVALID_TOKEN;
    const keepsSession = isAnswer && this.#phase === 'authenticated';
    this.#shown = undefined;
    if (isAnswer && isTokensFault) this.#refusals += 1;
    const limit = this.#tokens.isRenewable ? MAX_REFUSALS : 0;
    const isFinal = this.#phase === 'ending' || !data.retryable;
    if (isFinal || (isTokensFault && this.#refusals >= limit)) {
      this.#stop(keepsSession ? 'ending' : 'unauthorized', error);
      this.#listeners.tell('unauthorized', error);
      return;
    }
    const isSessionsEnd = this.#phase === 'authenticated' && !isAnswer;
    if (!keepsSession) this.#phase = 'pending';
    this.#tryLater(data.retryAfter);
    if (!isSessionsEnd) this.#listeners.tell('error', error);
  }

  /** @param atLeast in ms */
  #tryLater(atLeast = 0): void {
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE);
    this.#failures += 1;
    this.#timer.set(atLeast + (pause * (1 + Math.random())) / 2, this.#try);
  }

  /** Tries no more. */
  #stop(phase: Phase, error: UnauthorizedError): void {
    this.#phase = phase;
    this.#timer.clear();
    this.#tokens.cancel();
    this.#ready.reject(error);
    // As a guest, rather than never.
    this.#knock?.();
  }

  #sendLogout(): void {
    this.#socket.emit(EVENTS.deauthenticate, () => this.#forgetConnection());
  }

  /** Nothing that was sent will be answered any more. */
  #forgetConnection(): void {
    this.#knock = this.#shown = undefined;
    this.#leaving?.resolve();
    this.#leaving = undefined;
  }
}
