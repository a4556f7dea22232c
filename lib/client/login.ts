import { EVENTS } from '../protocol';
import type { AuthenticatedPayload, UnauthorizedData } from '../protocol';
import { connectPacket } from './connect-packet';
import type { SendConnect } from './connect-packet';
import { Deferred } from './deferred';
import { Listeners } from './listeners';
import { pause, renewalDelay } from './pace';
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
  #connect: SendConnect | undefined;
  /** The token that the server has not answered yet. */
  #shown: string | undefined;
  /** The token that the server accepted last. */
  #accepted: string | undefined;
  /** A logout that the server has not acknowledged yet; nothing is shown before, or its answers could be mistaken. */
  #leaving: Deferred<void> | undefined;
  /** Whether the server has refused on this connection in a way that allows for another try. */
  #mayReturn = false;
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
      const { connected, active } = this.#socket;
      if (this.#leaving === undefined && (connected || (active && this.#shown !== undefined))) {
        this.#leaving = new Deferred();
        if (connected) this.#sendLogout();
      }
    }
    return this.#leaving?.promise ?? Promise.resolve();
  }

  login(): Promise<AuthenticatedPayload> {
    if (this.#phase === 'unauthorized' || this.#phase === 'ending') {
      this.#phase = 'pending';
      this.#ready = new Deferred();
      this.#refusals = this.#failures = 0;
      // The application has disconnected the socket before it was connected: no answer will come.
      if (!this.#socket.active) this.#forgetConnection();
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

  /** The transport is open. Throws nothing of ours: Socket.IO would open transports without end. */
  readonly #onOpen = (send: (data: object) => void): void => {
    this.#forgetConnection();
    this.#connect = connectPacket(this.#socket, this.#appAuth, send);
    if (this.#phase === 'pending') this.#tokens.fetch();
    else this.#sendConnect();
  };

  readonly #onConnect = (): void => {
    if (this.#leaving) this.#sendLogout();
    else if (this.#phase === 'pending' && this.#shown === undefined) this.#try();
  };

  readonly #onDisconnect = (reason: string): void => {
    // Of a drop Socket.IO takes care. After its server's disconnect it does nothing; that is undone only if it followed
    // on a refusal that allows for another try. Without one it was the application that threw the client out.
    const isReturning = this.#mayReturn && reason === SERVER_DISCONNECT;
    this.#forgetConnection();
    if (!isReturning) this.#timer.clear();
    else if (!this.#timer.isSet) this.#tryLater();
    if (this.#phase === 'authenticated') {
      this.#phase = 'pending';
      // A session's end may have looked like the refusal of a renewal that was on its way.
      this.#refusals = 0;
    }
    if (this.#phase === 'ending') this.#phase = 'unauthorized';
  };

  readonly #onAuthenticated = (session: AuthenticatedPayload): void => {
    // The answer to a token that was shown before a logout.
    if (this.#leaving) return;
    this.#phase = 'authenticated';
    this.#accepted = this.#shown ?? this.#accepted;
    this.#shown = undefined;
    this.#mayReturn = false;
    this.#refusals = this.#failures = 0;
    this.#timer.clear();
    if (session.expiresIn !== null && this.#tokens.isRenewable) {
      this.#timer.set(renewalDelay(session.expiresIn), this.#try);
    }
    this.#ready.resolve(session);
    this.#listeners.tell('authenticated', session);
  };

  readonly #onExpiring = (): void => {
    if (this.#phase === 'authenticated' && this.#shown === undefined && this.#tokens.isRenewable) this.#try();
  };

  readonly #onConnectError = (error: unknown): void => {
    // What was not let in need not log out.
    if (this.#leaving) this.#forgetConnection();
    else this.#onRefusal(error);
  };

  /** `unauthorized`, and `connect_error` in handshake mode; the latter may come of anything else, too. */
  readonly #onRefusal = (error: unknown): void => {
    // A dropped event is the application's affair.
    if (!isUnauthorizedError(error) || error.data.event !== undefined) return;
    if (!this.#leaving && this.#phase !== 'unauthorized') this.#refused(error.data);
  };

  readonly #handlers: readonly (readonly [string, (detail: never) => void])[] = [
    ['connect', this.#onConnect],
    ['connect_error', this.#onConnectError],
    ['disconnect', this.#onDisconnect],
    [EVENTS.authenticated, this.#onAuthenticated],
    [EVENTS.unauthorized, this.#onRefusal],
    [EVENTS.tokenExpiring, this.#onExpiring],
  ];

  // What follows from it.

  /** Takes the next step to a token that counts; where Socket.IO is connecting by itself, that is to wait. */
  readonly #try = (): void => {
    const socket = this.#socket;
    if (socket.connected || this.#connect) this.#tokens.fetch();
    else if (!socket.active) socket.connect();
  };

  readonly #show = (token: string): void => {
    if (this.#connect) this.#sendConnect(token);
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

  #sendConnect(token?: string): void {
    const send = this.#connect;
    this.#connect = undefined;
    if (send?.(token)) this.#shown = token;
  }

  readonly #onFailure = (error: unknown): void => {
    if (this.#socket.connected || this.#connect) this.#tryLater();
    this.#listeners.tell('error', error);
  };

  #refused(data: UnauthorizedData): void {
    const error = new UnauthorizedError(data);
    const isAnswer = this.#shown !== undefined;
    const keepsSession = isAnswer && this.#phase === 'authenticated';
    this.#shown = undefined;
    if (isAnswer && data.code === INVALID_TOKEN) this.#refusals += 1;
    if (this.#isFinal(data)) {
      this.#stop(keepsSession ? 'ending' : 'unauthorized', error);
      this.#listeners.tell('unauthorized', error);
      return;
    }
    const isSessionsEnd = this.#phase === 'authenticated' && !isAnswer;
    if (!keepsSession) this.#phase = 'pending';
    this.#mayReturn = true;
    this.#tryLater(data.retryAfter);
    if (!isSessionsEnd) this.#listeners.tell('error', error);
  }

  #isFinal({ code, retryable }: UnauthorizedData): boolean {
    // A token that cannot be had afresh helps no second time.
    const limit = this.#tokens.isRenewable ? MAX_REFUSALS : 0;
    return this.#phase === 'ending' || !retryable || (code === INVALID_TOKEN && this.#refusals >= limit);
  }

  /** @param atLeast in ms */
  #tryLater(atLeast = 0): void {
    this.#timer.set(atLeast + pause(this.#failures), this.#try);
    this.#failures += 1;
  }

  /** Tries no more. */
  #stop(phase: Phase, error: UnauthorizedError): void {
    this.#phase = phase;
    this.#mayReturn = false;
    this.#timer.clear();
    this.#tokens.cancel();
    this.#ready.reject(error);
    // As a guest, rather than never.
    this.#sendConnect();
  }

  #sendLogout(): void {
    this.#socket.emit(EVENTS.deauthenticate, () => this.#forgetConnection());
  }

  /** Nothing that was sent will be answered any more. */
  #forgetConnection(): void {
    this.#connect = this.#shown = undefined;
    this.#mayReturn = false;
    this.#leaving?.resolve();
    this.#leaving = undefined;
  }
}
