/** The time that a connection has to log in: the reference for it. All times are in ms since the epoch. */
interface Timed {
  timeOut(): void;
}

/**
 * Runs while a permission of the connection is pending, or the connection is in no namespace. Full again after a login,
 * and when a permission has ended because its time was over.
 */
export class LoginTime {
  at = Infinity;
  readonly #pending = new Set<Timed>();
  /** Those whose time was over while a token was being judged. */
  readonly #overdue = new Set<Timed>();
  #left: number;

  constructor(
    readonly timeout: number,
    readonly onTimeOver: () => void,
  ) {
    this.#left = timeout;
  }

  start(one: Timed, now: number): void {
    this.#pending.add(one);
    if (this.at === Infinity) this.at = now + this.#left;
  }

  loggedIn(one: Timed, now: number): void {
    this.#pending.delete(one);
    this.#overdue.delete(one);
    this.#left = this.timeout;
    this.at = this.#pending.size > 0 ? now + this.timeout : Infinity;
  }

  /** A permission has lost its sockets. */
  left(one: Timed, now: number): void {
    this.#overdue.delete(one);
    if (!this.#pending.delete(one) || this.#pending.size > 0) return;
    this.#left = Math.max(0, this.at - now);
    this.at = Infinity;
  }

  /** The connection is in no namespace. */
  idle(now: number): void {
    if (this.at === Infinity) this.at = now + this.#left;
  }

  /** A permission has ended because its time was over. While another one is overdue, the connection gains no time. */
  refill(one: Timed): void {
    this.#overdue.delete(one);
    if (this.#overdue.size === 0) this.#left = this.timeout;
  }

  stop(): void {
    this.#pending.clear();
    this.#overdue.clear();
    this.at = Infinity;
  }

  advance(now: number): void {
    if (this.at > now) return;
    const due = [...this.#pending];
    this.#pending.clear();
    for (const one of due) this.#overdue.add(one);
    this.at = Infinity;
    if (due.length > 0) this.#left = 0;
    for (const one of due) one.timeOut();
    this.onTimeOver();
  }
}
