import { LoginAttempts } from '../session/login-attempts';
import { LoginClock } from '../session/login-clock';
import type { SessionContext } from '../session/context';
import { ReportBudget } from '../session/report-budget';
import { Session } from '../session/session';
import type { SessionPlace } from '../session/session';
import { closeIfIdle, connectionOf, isIdle, isTransportOpen, onceClosed } from '../socket-io/connections';
import type { AnyNamespace, AnySocket } from '../types';

/** Refusals and reports that a connection is told of in one minute, at least. They are longer than most wrong tokens. */
const MAX_ANSWERS = 20;
/** Namespaces that a connection's attempts may name before the first sweep. */
const FIRST_SWEEP = 16;

/** Every connection that an authorizer has seen. */
export class Connections {
  readonly #context: SessionContext;
  readonly #all = new WeakMap<object, ClientConnection>();

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
}

/** One client's connection: its live sockets, its sessions, and what it has tried. */
export class ClientConnection implements SessionPlace {
  readonly #context: SessionContext;
  readonly #key: object;
  readonly #isShared: boolean;
  readonly clock: LoginClock;
  readonly #live = new Map<AnyNamespace, { readonly socket: AnySocket; readonly session: Session }>();
  /** Attempts by namespace; `undefined` stands for all, under `scope: 'connection'`. */
  readonly #attempts = new Map<AnyNamespace | undefined, LoginAttempts>();
  #sweepAt = FIRST_SWEEP;
  #answers: ReportBudget | undefined;
  /** Under `scope: 'connection'`, the session of all namespaces. */
  #shared: Session | undefined;

  constructor(key: object, context: SessionContext) {
    const { deadlines, settings } = context;
    this.#context = context;
    this.#key = key;
    this.#isShared = settings.scope === 'connection';
    this.clock = new LoginClock(deadlines, settings.timeout, () => closeIfIdle(key));
    if (this.#isShared) onceClosed(key, () => this.#onClosed());
  }

  /** The session of all namespaces, under `scope: 'connection'`, if there is one. */
  get sharedSession(): Session | undefined {
    return this.#shared?.isClosed ? undefined : this.#shared;
  }

  /** The session of a live socket. */
  sessionOf(socket: AnySocket): Session | undefined {
    const live = this.#live.get(socket.nsp);
    return live?.socket === socket ? live.session : undefined;
  }

  /** The live socket of a namespace. */
  socketAt(namespace: AnyNamespace): AnySocket | undefined {
    return this.#live.get(namespace)?.socket;
  }

  /** Gives a socket that has just connected its session. */
  sessionFor(socket: AnySocket): Session {
    const session = this.sharedSession ?? this.#newSession(socket.nsp);
    if (this.#isShared) this.#shared = session;
    this.#live.set(socket.nsp, { socket, session });
    return session;
  }

  /** What the connection has tried at a namespace's sessions. */
  sessionAttempts(namespace: AnyNamespace): LoginAttempts {
    return this.attemptsAt(this.#isShared ? undefined : namespace);
  }

  /** What the connection has tried at a namespace. */
  attemptsAt(namespace: AnyNamespace | undefined): LoginAttempts {
    let attempts = this.#attempts.get(namespace);
    if (attempts === undefined) {
      if (this.#attempts.size >= this.#sweepAt) this.#sweep();
      this.#attempts.set(namespace, (attempts = new LoginAttempts(this.#context.settings.maxAttempts)));
    }
    return attempts;
  }

  /** Whether the client is told of one more refusal. The bound is the connection's: namespaces may be endless. */
  mayAnswer(): boolean {
    const { deadlines, settings } = this.#context;
    this.#answers ??= new ReportBudget(Math.max(MAX_ANSWERS, settings.maxAttempts));
    return this.#answers.allows(deadlines.now());
  }

  isIdle(): boolean {
    return isIdle(this.#key);
  }

  #newSession(namespace: AnyNamespace): Session {
    return new Session(this.#context, this, this.sessionAttempts(namespace));
  }

  onLeave(session: Session, socket: AnySocket): void {
    if (this.#live.get(socket.nsp)?.socket === socket) this.#live.delete(socket.nsp);
    if (this.#attempts.get(socket.nsp)?.isBlank) this.#attempts.delete(socket.nsp);
    if (!session.isEmpty) return;
    const isOpen = isTransportOpen(socket);
    if (!this.#isShared || !isOpen) session.close();
    else this.clock.left(session, this.isIdle());
    if (!isOpen && this.#live.size === 0) this.clock.stop();
  }

  #onClosed(): void {
    this.#shared?.close();
    this.clock.stop();
  }

  /**
   * Forgets the namespaces that the client has left, unless a token is still being verified there. A client may visit
   * any number of children of a dynamic namespace. Runs when the number has doubled, so that the mean cost of each
   * stays the same.
   */
  #sweep(): void {
    for (const [namespace, { verification }] of this.#attempts) {
      const isLive = namespace === undefined || this.#live.has(namespace);
      if (!isLive && !verification.isRunning) this.#attempts.delete(namespace);
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#attempts.size * 2);
  }
}
