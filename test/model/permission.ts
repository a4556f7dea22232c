/** What a permission is: no socket, no timer, no promise, nothing of the library. Times are in ms. */
import type { LoginTime } from './login-time';
import { Messages } from './messages';
import { MISMATCH, UNKNOWN } from './terms';
import type { Attempts, Message, Outside, Refusal, Rules, Shown } from './terms';

const MOVES = ['leave-room', 'join-room'] as const;

export class Permission extends Messages {
  isClosed = false;
  graceUntil = Infinity;
  /** Places whose socket has seen no outcome of a token: its messages wait for the first. */
  readonly newcomers = new Set<string>();
  #isOverdue = false;
  #counting: Shown | undefined;

  constructor(
    rules: Rules,
    readonly clock: LoginTime,
    readonly attempts: Attempts,
    outside: Outside,
  ) {
    super(rules, outside);
  }

  holds({ place }: Message): boolean {
    return this.isBusy || (this.newcomers.has(place) && this.rules.mustLogIn);
  }

  get isBusy(): boolean {
    return this.#counting !== undefined;
  }

  show(shown: Shown): void {
    if (this.isBusy) return this.outside.refuse(shown, 'authentication_in_progress');
    this.#counting = shown;
    this.attempts[this.attempts.judging === undefined ? 'judging' : 'waiting'] = shown;
  }

  /** All questions about a token are answered. `late` is what has come to refuse it meanwhile. */
  settle(shown: Shown, own: Refusal, late: () => Refusal, now: number): void {
    const refusal = shown === this.#counting ? (own ?? this.#refusalOf(shown, late)) : own;
    if (shown !== this.#counting) {
      this.outside.refuse(shown, 'not_authenticated');
      return this.#count(own);
    }
    this.#counting = undefined;
    this.newcomers.clear();
    if (refusal === undefined) return this.accept(shown, now);
    const isOverdue = this.#isOverdue;
    this.outside.refuse(shown, refusal.code);
    if (this.token === undefined) this.held = [];
    if (shown.isRestored) return this.outside.disconnect(this);
    this.#count(refusal);
    if (isOverdue) this.#timeOver();
  }

  /** The application's `rooms` may refuse the token, and may act. */
  #refusalOf({ token }: Shown, late: () => Refusal): Refusal {
    const isOther = this.rules.sameSubject && this.token !== undefined && this.token.sub !== token.sub;
    const refusal = late() ?? (isOther ? MISMATCH : undefined);
    return refusal ?? (this.outside.during('rooms', this) ? UNKNOWN : late());
  }

  /** A session from before a drop. The application's `rooms` is asked again. */
  restore(kept: Pick<Shown, 'token' | 'place' | 'socket'>, late: () => Refusal, now: number): void {
    this.#counting = { ...kept, question: undefined, by: this, isRestored: true };
    this.settle(this.#counting, undefined, late, now);
  }

  accept(shown: Shown, now: number): void {
    const former = this.token;
    const { token } = shown;
    this.token = token;
    this.#isOverdue = false;
    this.graceUntil = Infinity;
    this.attempts.failures = 0;
    this.clock.loggedIn(this, now);
    const isOther = former?.sub !== token.sub;
    if (isOther) this.logins += 1;
    for (const hook of isOther ? MOVES : []) if (this.token === token) this.outside.during(hook, this);
    if (this.token === token) this.outside.during(former ? 'reauthenticated' : 'authenticated', this);
    this.outside.answer(shown, this.token === token ? 'ok' : 'not_authenticated');
    for (const message of this.held.splice(0)) this.send(message);
  }

  logout(now: number): void {
    const isOverdue = this.#isOverdue && this.isBusy;
    this.#leave();
    if (this.token !== undefined) this.#end('logout', now);
    else if (isOverdue) this.#timeOver();
    else this.held = [];
  }

  revoke(now: number): void {
    this.#leave();
    this.#end('revoked', now, true);
  }

  advance(now: number): void {
    const { onExpired } = this.rules;
    const end = (onExpired !== 'ignore' && this.token?.exp) || Infinity;
    const due = Math.min(end, this.graceUntil);
    if (this.token === undefined || due > now) return;
    if (this.graceUntil < end) return this.revoke(due);
    if (onExpired === 'disconnect') this.#leave();
    this.#end('expired', due, onExpired === 'disconnect');
  }

  timeOut(): void {
    this.#isOverdue = this.isBusy;
    if (!this.isBusy) this.#timeOver();
    this.isClosed ||= !this.isBusy;
  }

  close(): void {
    this.isClosed = true;
    this.token = this.#counting = undefined;
    this.held = [];
    if (this.attempts.waiting?.by === this) this.attempts.waiting = undefined;
  }

  #leave(): void {
    const { waiting } = this.attempts;
    this.#counting = undefined;
    this.newcomers.clear();
    this.#isOverdue = false;
    if (waiting?.by !== this) return;
    this.attempts.waiting = undefined;
    this.outside.refuse(waiting, 'not_authenticated');
  }

  #end(reason: string, now: number, isDisconnecting = false): void {
    this.token = undefined;
    this.newcomers.clear();
    this.clock.start(this, now);
    this.outside.end(this, reason, isDisconnecting ? now : undefined);
  }

  #count(refusal: Refusal): void {
    if (refusal?.isFailure && ++this.attempts.failures >= this.rules.maxAttempts)
      this.outside.disconnect(this);
  }

  #timeOver(): void {
    this.clock.refill(this);
    // A listener may have closed its sockets.
    if (!this.isClosed && this.outside.isPresent(this)) this.outside.disconnect(this);
  }
}
