import { Deadline } from '../runtime/deadlines';
import type { DeadlineOwner, Deadlines } from '../runtime/deadlines';

/** A session that must log in. */
export interface TimedSession {
  /** The time to log in is over. */
  onTimeout(): void;
}

/**
 * The time that one connection has to log in. It runs while a session of the connection is pending, goes on where it
 * stood when the client changes namespaces, and starts again with each login.
 */
export class LoginClock implements DeadlineOwner {
  readonly #deadlines: Deadlines;
  readonly #timeout: number;
  readonly #onIdle: () => void;
  readonly #deadline = new Deadline(this);
  readonly #pending = new Set<TimedSession>();

  /**
   * @param timeout in ms; `Infinity` if guests may stay
   * @param onIdle called instead when the time is over and no session is left
   */
  constructor(deadlines: Deadlines, timeout: number, onIdle: () => void) {
    this.#deadlines = deadlines;
    this.#timeout = timeout;
    this.#onIdle = onIdle;
  }

  /** A session is pending from now on. */
  start(session: TimedSession): void {
    this.#pending.add(session);
    if (!this.#deadline.isSet) this.#restart();
  }

  /** A session has logged in; the others get the full time again. */
  loggedIn(session: TimedSession): void {
    this.#pending.delete(session);
    if (this.#pending.size > 0) this.#restart();
    else this.#deadlines.clear(this.#deadline);
  }

  /** A pending session has lost its sockets. The clock goes on, for the next namespace or an idle transport. */
  left(session: TimedSession): void {
    this.#pending.delete(session);
  }

  /** The connection is gone. */
  stop(): void {
    this.#pending.clear();
    this.#deadlines.clear(this.#deadline);
  }

  onDeadline(): void {
    const sessions = [...this.#pending];
    this.#pending.clear();
    for (const session of sessions) session.onTimeout();
    if (sessions.length === 0) this.#onIdle();
  }

  #restart(): void {
    this.#deadlines.set(this.#deadline, this.#deadlines.now() + this.#timeout);
  }
}
