import { Deadline } from '../runtime/deadlines';
import type { DeadlineOwner, Deadlines } from '../runtime/deadlines';

/** A session that must log in. */
export interface TimedSession {
  /** The time to log in is over. */
  onTimeout(): void;
}

/** The connection whose time it is. */
export interface ClockOwner {
  /** The time is over, and no session is pending. */
  onIdle(): void;
}

/**
 * The time that one connection has to log in. It runs while a session of the connection is pending. When the client
 * changes namespaces, it continues where it stopped. After each login it is full again. It also runs while the
 * connection is in no namespace, and then closes the unused transport.
 */
export class LoginClock implements DeadlineOwner {
  readonly #deadlines: Deadlines;
  readonly #timeout: number;
  readonly #owner: ClockOwner;
  readonly #deadline = new Deadline(this);
  readonly #pending = new Set<TimedSession>();
  /** The time that is left while no session is pending, in ms. */
  #left: number;

  /**
   * @param timeout in ms; `Infinity` if guests may stay
   */
  constructor(deadlines: Deadlines, timeout: number, owner: ClockOwner) {
    this.#deadlines = deadlines;
    this.#timeout = timeout;
    this.#owner = owner;
    this.#left = timeout;
  }

  get isRunning(): boolean {
    return this.#deadline.isSet;
  }

  /** A session is pending from now on. */
  start(session: TimedSession): void {
    this.#pending.add(session);
    if (!this.#deadline.isSet) this.#run();
  }

  /** A session has logged in; the others get the full time again. */
  loggedIn(session: TimedSession): void {
    this.#pending.delete(session);
    this.#left = this.#timeout;
    if (this.#pending.size > 0) this.#run();
    else this.#deadlines.clear(this.#deadline);
  }

  /**
   * A pending session has lost its sockets.
   *
   * @param isIdle whether the connection is in no namespace
   */
  left(session: TimedSession, isIdle: boolean): void {
    if (!this.#pending.delete(session) || this.#pending.size > 0) return;
    this.#left = Math.max(0, this.#deadline.at - this.#deadlines.now());
    if (!isIdle) this.#deadlines.clear(this.#deadline);
  }

  /** The connection is gone. */
  stop(): void {
    this.#pending.clear();
    this.#deadlines.clear(this.#deadline);
  }

  onDeadline(): void {
    const sessions = [...this.#pending];
    this.#pending.clear();
    if (sessions.length === 0) this.#owner.onIdle();
    // A client that is disconnected may connect again, with the full time.
    else this.#left = this.#timeout;
    for (const session of sessions) session.onTimeout();
  }

  #run(): void {
    this.#deadlines.set(this.#deadline, this.#deadlines.now() + this.#left);
  }
}
