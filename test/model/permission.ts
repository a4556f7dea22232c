/** What a permission is: no socket, no timer, no promise, nothing of the library. Times are in ms. */
import type { LoginTime } from './login-time';
import { isAllowed, MISMATCH } from './terms';
import type { Attempts, Message, Outside, Refusal, Rules, Shown, Token, Travelling } from './terms';

export class Permission {
  token: Token | undefined;
  logins = 0;
  isClosed = false;
  graceUntil = Infinity;
  held: Message[] = [];
  travelling: Travelling[] = [];
  #isNew = true;
  #isOverdue = false;
  #counting: Shown | undefined;

  constructor(
    readonly rules: Rules,
    readonly clock: LoginTime,
    readonly attempts: Attempts,
    readonly outside: Outside,
  ) {}

  get isBusy(): boolean {
    return this.#counting !== undefined;
  }

  show(shown: Shown): void {
    if (this.isBusy) return this.outside.answer(shown, 'authentication_in_progress');
    this.#counting = shown;
    if (this.attempts.judging === undefined) this.judge(shown);
    else this.attempts.waiting = shown;
  }

  judge(shown: Shown): void {
    this.attempts.judging = Object.assign(shown, { renews: this.token });
  }

  /** All questions about a token are answered. `late` is what has come to refuse it meanwhile. */
  settle(shown: Shown, own: Refusal, late: Refusal, now: number): void {
    if (shown !== this.#counting) {
      this.outside.answer(shown, 'not_authenticated');
      return this.#count(own);
    }
    this.#counting = undefined;
    this.#isNew = false;
    const isOther = this.rules.sameSubject && this.token !== undefined && this.token.sub !== shown.token.sub;
    const refusal = own ?? late ?? (isOther ? MISMATCH : undefined);
    if (refusal === undefined) {
      this.accept(shown.token, now);
      this.outside.answer(shown, 'ok');
      for (const message of this.held.splice(0)) this.send(message);
      return;
    }
    this.outside.answer(shown, refusal.code);
    if (this.token === undefined) this.held = [];
    this.#count(refusal);
    if (this.#isOverdue) this.#timeOver();
  }

  accept(token: Token, now: number): void {
    if (this.token?.sub !== token.sub) this.logins += 1;
    this.token = token;
    this.#isNew = this.#isOverdue = false;
    this.graceUntil = Infinity;
    this.attempts.failures = 0;
    this.clock.loggedIn(this, now);
  }

  send(message: Message): void {
    if (this.token !== undefined) {
      if (isAllowed(message.event, this.token)) this.travelling.push({ message, login: this.logins });
    } else if (this.isBusy || (this.#isNew && this.rules.mustLogIn)) {
      const waiting = this.held.filter(({ place }) => place === message.place).length;
      if (waiting < this.rules.holdEvents) this.held.push(message);
    }
  }

  arrive({ message, login }: Travelling): void {
    if (this.token === undefined || login !== this.logins) return;
    // A renewal may have taken the permission away since it was sent.
    if (isAllowed(message.event, this.token)) this.outside.hear(message, this.token.sub);
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
    this.#end('revoked', now);
    this.#disconnect(now);
  }

  advance(now: number): void {
    const { onExpired } = this.rules;
    const end = (onExpired !== 'ignore' && this.token?.exp) || Infinity;
    const due = Math.min(end, this.graceUntil);
    if (this.token === undefined || due > now) return;
    if (this.graceUntil < end) return this.revoke(due);
    if (onExpired === 'disconnect') this.#leave();
    this.#end('expired', due);
    if (onExpired === 'disconnect') this.#disconnect(due);
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
    this.#isNew = this.#isOverdue = false;
    if (waiting?.by !== this) return;
    this.attempts.waiting = undefined;
    this.outside.answer(waiting, 'not_authenticated');
  }

  #end(reason: string, now: number): void {
    this.outside.end(this, reason);
    this.token = undefined;
    this.clock.start(this, now);
  }

  #count(refusal: Refusal): void {
    if (refusal?.isFailure && ++this.attempts.failures >= this.rules.maxAttempts) this.#disconnect();
  }

  #timeOver(): void {
    this.clock.refill();
    this.#disconnect();
  }

  #disconnect(at?: number): void {
    if (!this.isClosed) this.outside.disconnect(this, at);
  }
}
