/** The time that a connection has to log in: the reference for it. All times are in ms since the epoch. */
interface Timed {
  timeOut(): void;
}

/** Runs while a permission of the connection is pending, stops with the last one, and is full again after a login. */
export class LoginTime {
  at = Infinity;
  readonly #pending = new Set<Timed>();
  #left: number;

  constructor(
    readonly timeout: number,
    readonly onIdle: () => void,
  ) {
    this.#left = timeout;
  }

  start(one: Timed, now: number): void {
    this.#pending.add(one);
    if (this.at === Infinity) this.at = now + this.#left;
  }

  loggedIn(one: Timed, now: number): void {
    this.#pending.delete(one);
    this.#left = this.timeout;
    this.at = this.#pending.size > 0 ? now + this.timeout : Infinity;
  }

  /** A permission has lost its sockets. In no namespace at all the time goes on. */
  left(one: Timed, isIdle: boolean, now: number): void {
    if (!this.#pending.delete(one) || this.#pending.size > 0) return;
    this.#left = Math.max(0, this.at - now);
    if (!isIdle) this.at = Infinity;
  }

  stop(): void {
    this.#pending.clear();
    this.at = Infinity;
  }

  advance(now: number): void {
    if (this.at > now) return;
    const due = [...this.#pending];
    this.#pending.clear();
    this.at = Infinity;
    if (due.length === 0) this.onIdle();
    else this.#left = this.timeout;
    for (const one of due) one.timeOut();
  }
}
