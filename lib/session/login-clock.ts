import { Delay } from '../runtime/deadlines';
import type { DeadlineOwner, Deadlines } from '../runtime/deadlines';
import { callGuarded } from '../runtime/warnings';

/** A session that must log in. */
export interface TimedSession {
  /** The time to log in is over. */
  onTimeout(): void;
}

/** The connection whose time it is. */
export interface ClockOwner {
  /** The time is over, for its pending sessions and for a transport that no namespace uses. */
  onTimeOver(): void;
}

/**
 * The time that one connection has to log in. It runs while a session of the connection is pending. When the client
 * changes namespaces, it continues where it stopped. It is full again after each login, and when a session has ended
 * because its time was over. It also runs while the connection is in no namespace, and then closes the unused
 * transport: of a client that has logged in, too.
 */
export class LoginClock implements DeadlineOwner {
  readonly #deadlines: Deadlines;
  readonly #timeout: number;
  readonly #owner: ClockOwner;
  readonly #deadline = new Delay(this);
  readonly #pending = new Set<TimedSession>();
  /** Sessions whose time is over, and that end when the verification of their token does. */
  readonly #overdue = new Set<TimedSession>();
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
    // Before a token of the new session is looked at: else its verification would gain time, again and again.
    if (this.#isOver) process.nextTick(() => this.onDeadline());
    else if (!this.#deadline.isSet) this.#run();
  }

  /** A session has logged in; the others get the full time again. */
  loggedIn(session: TimedSession): void {
    this.#pending.delete(session);
    this.#overdue.delete(session);
    this.#left = this.#timeout;
    if (this.#pending.size > 0) this.#run();
    else this.#deadlines.clear(this.#deadline);
  }

  /** A pending session has lost its sockets. */
  left(session: TimedSession): void {
    this.#overdue.delete(session);
    if (!this.#pending.delete(session) || this.#pending.size > 0) return;
    // Never more than it had: the wall clock may just have been set back.
    this.#left = Math.min(this.#left, Math.max(0, this.#deadline.at - this.#deadlines.now()));
    this.#deadlines.clear(this.#deadline);
  }

  /** The connection is in no namespace. */
  idle(): void {
    if (!this.#deadline.isSet) this.#run();
  }

  /**
   * A session has ended because its time was over: its client may connect again, with the full time. Not while another
   * one of the connection is overdue, which keeps the transport open.
   */
  refill(session: TimedSession): void {
    this.#overdue.delete(session);
    if (this.#overdue.size === 0) this.#left = this.#timeout;
  }

  /** The connection is gone. */
  stop(): void {
    this.#pending.clear();
    this.#overdue.clear();
    this.#deadlines.clear(this.#deadline);
  }

  onDeadline(): void {
    // It may come ahead of its timer.
    this.#deadlines.clear(this.#deadline);
    const sessions = [...this.#pending];
    this.#pending.clear();
    for (const session of sessions) this.#overdue.add(session);
    // A client whose token is being verified must not gain time by leaving meanwhile.
    if (sessions.length > 0) this.#left = 0;
    for (const session of sessions) callGuarded('the end of a time to log in', () => session.onTimeout());
    this.#owner.onTimeOver();
  }

  get #isOver(): boolean {
    return (this.#deadline.isSet ? this.#deadline.at - this.#deadlines.now() : this.#left) <= 0;
  }

  #run(): void {
    this.#deadlines.set(this.#deadline, this.#deadlines.now() + this.#left);
  }
}
