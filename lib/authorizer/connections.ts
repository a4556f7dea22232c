import { LoginAttempts } from '../session/login-attempts';
import { LoginClock } from '../session/login-clock';
import type { ClockOwner } from '../session/login-clock';
import type { SessionContext } from '../session/context';
import { Session } from '../session/session';
import type { SessionPlace } from '../session/session';
import {
  closeIfIdle,
  connectionOf,
  isIdle,
  isTransportOpen,
  onceClosed,
  onceForgotten,
} from '../socket-io/connections';
import type { Outcome } from '../token/admission';
import type { AnyNamespace, AnySocket } from '../types';

/** Namespaces that a connection's attempts may name before the first sweep. */
const FIRST_SWEEP = 16;

/** Every connection that an authorizer has seen. */
export class Connections {
  readonly #context: SessionContext;
  readonly #all = new WeakMap<object, ClientConnection>();
  /** The logouts of a socket's connection when its CONNECT packet was first looked at. */
  readonly #logouts = new WeakMap<AnySocket, number>();

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** The connection of a socket. */
  of(socket: AnySocket): ClientConnection {
    const key = connectionOf(socket);
    let connection = this.#all.get(key);
    if (connection === undefined) this.#all.set(key, (connection = new ClientConnection(key, this.#context)));
    return connection;
  }

  /** A socket's CONNECT packet is looked at: {@link isOutdated} counts from the first time on. */
  note(socket: AnySocket): void {
    if (!this.#logouts.has(socket)) this.#logouts.set(socket, this.of(socket).logouts);
  }

  /** Whether the connection was logged out since: what the socket was granted then is void. */
  isOutdated(socket: AnySocket): boolean {
    const { logouts } = this.of(socket);
    return (this.#logouts.get(socket) ?? logouts) !== logouts;
  }
}

/** A token of a CONNECT packet that is being verified. */
export interface LoginUnderWay {
  readonly token: string;
  readonly outcome: Promise<Outcome>;
  /** The socket that shows it. */
  readonly socket: AnySocket;
}

/** What a connection has, and has tried, at one namespace. */
interface Visit {
  /** The live socket, with its session. */
  live: { readonly socket: AnySocket; readonly session: Session } | undefined;
  attempts: LoginAttempts | undefined;
}

/** One client's connection: its live sockets, its sessions, and what it has tried. */
export class ClientConnection implements SessionPlace, ClockOwner {
  readonly #context: SessionContext;
  readonly #key: object;
  readonly #isShared: boolean;
  readonly #visits = new Map<AnyNamespace, Visit>();
  #sweepAt = FIRST_SWEEP;
  /** While a session must log in, or the connection is idle; a new one has the full time, as after a login. */
  #clock: LoginClock | undefined;
  /** Under `scope: 'connection'`, the session of all namespaces, and what was tried at it. */
  #shared: Session | undefined;
  #sharedAttempts: LoginAttempts | undefined;
  /** Under `scope: 'connection'`, the login that CONNECT packets show: it is theirs, too, that show no token. */
  #login: LoginUnderWay | undefined;
  #logouts = 0;

  constructor(key: object, context: SessionContext) {
    this.#context = context;
    this.#key = key;
    this.#isShared = context.settings.scope === 'connection';
    if (this.#isShared) onceClosed(key, () => this.#onClosed());
  }

  /** The session of all namespaces, under `scope: 'connection'`, if there is one. */
  get sharedSession(): Session | undefined {
    return this.#shared?.isClosed ? undefined : this.#shared;
  }

  /**
   * Logouts so far, under `scope: 'connection'`. A namespace that was granted a login and connects after a logout has
   * it no more.
   */
  get logouts(): number {
    return this.#logouts;
  }

  /** Under `scope: 'connection'`, the login that is under way. */
  get login(): LoginUnderWay | undefined {
    return this.#login;
  }

  beginLogin(login: LoginUnderWay): void {
    if (!this.#isShared) return;
    this.#login = login;
    // A middleware of the application may refuse the socket before it is asked again.
    onceForgotten(login.socket, () => this.endLogin(login.socket));
  }

  /** The login that a socket shows, if it is under way, has an outcome, which the socket has or will never have. */
  endLogin(socket: AnySocket): void {
    if (this.#login?.socket === socket) this.#login = undefined;
  }

  /** The session of a live socket. */
  sessionOf(socket: AnySocket): Session | undefined {
    const live = this.#visits.get(socket.nsp)?.live;
    return live?.socket === socket ? live.session : undefined;
  }

  /** The live socket of a namespace. */
  socketAt(namespace: AnyNamespace): AnySocket | undefined {
    return this.#visits.get(namespace)?.live?.socket;
  }

  /** Gives a socket that has just connected its session. */
  sessionFor(socket: AnySocket): Session {
    const session = this.sharedSession ?? new Session(this.#context, this, this.sessionAttempts(socket.nsp));
    if (this.#isShared) this.#shared = session;
    this.#visit(socket.nsp).live = { socket, session };
    return session;
  }

  /** What the connection has tried at a namespace's sessions. */
  sessionAttempts(namespace: AnyNamespace): LoginAttempts {
    if (!this.#isShared) return this.attemptsAt(namespace);
    return (this.#sharedAttempts ??= this.#newAttempts());
  }

  /** What the connection has tried at a namespace. */
  attemptsAt(namespace: AnyNamespace): LoginAttempts {
    return (this.#visit(namespace).attempts ??= this.#newAttempts());
  }

  // What its sessions need.

  mustLogIn(session: Session): void {
    this.#loginClock.start(session);
  }

  hasLoggedIn(session: Session): void {
    this.#clock?.loggedIn(session);
    if (!this.#clock?.isRunning) this.#clock = undefined;
  }

  hasTimedOut(session: Session): void {
    this.#clock?.refill(session);
  }

  hasLoggedOut(): void {
    if (!this.#isShared) return;
    this.#logouts += 1;
    // It was shown before.
    this.#login = undefined;
  }

  hasClosed(session: Session): void {
    this.#clock?.left(session);
  }

  onLeave(session: Session, socket: AnySocket): void {
    this.#leave(socket);
    const isOpen = isTransportOpen(socket);
    if (session.isEmpty) {
      if (!this.#isShared || !isOpen) session.close();
      else this.hasClosed(session);
    }
    if (!isOpen) this.#clock?.stop();
    // An honest client closes a transport that it no longer uses.
    else if (isIdle(this.#key)) this.#loginClock.idle();
  }

  get #loginClock(): LoginClock {
    const { deadlines, settings } = this.#context;
    return (this.#clock ??= new LoginClock(deadlines, settings.timeout, this));
  }

  /** Forgets a socket, and its namespace unless something that was tried there must be remembered. */
  #leave(socket: AnySocket): void {
    const visit = this.#visits.get(socket.nsp);
    if (visit?.live?.socket === socket) {
      visit.live = undefined;
      if (visit.attempts?.isBlank !== false) this.#visits.delete(socket.nsp);
    }
  }

  onTimeOver(): void {
    closeIfIdle(this.#key);
  }

  #onClosed(): void {
    this.#shared?.close();
    this.#clock?.stop();
  }

  #newAttempts(): LoginAttempts {
    return new LoginAttempts(this.#context.settings.maxAttempts);
  }

  #visit(namespace: AnyNamespace): Visit {
    let visit = this.#visits.get(namespace);
    if (visit === undefined) {
      if (this.#visits.size >= this.#sweepAt) this.#sweep();
      this.#visits.set(namespace, (visit = { live: undefined, attempts: undefined }));
    }
    return visit;
  }

  /**
   * Forgets the namespaces that the client has left, unless a token is still being verified there. A client may visit
   * any number of children of a dynamic namespace. Runs when the number has doubled, so that the mean cost of each
   * stays the same.
   */
  #sweep(): void {
    for (const [namespace, { live, attempts }] of this.#visits) {
      if (live === undefined && !attempts?.verification.isRunning) this.#visits.delete(namespace);
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#visits.size * 2);
  }
}
