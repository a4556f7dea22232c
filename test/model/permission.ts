/**
 * What a permission is, in the fewest words: the reference that the library is compared with. No socket, no timer, no
 * promise, and nothing of the library. All times are in ms since the epoch.
 */
import type { LoginTime } from './login-time';

export interface Rules {
  readonly maxAttempts: number;
  readonly mustLogIn: boolean;
  readonly holdEvents: number;
  readonly sameSubject: boolean;
  readonly onExpired: 'disconnect' | 'deauthenticate' | 'ignore';
}

export interface Token {
  readonly id: string;
  readonly sub: string;
  readonly exp: number;
  readonly scopes: readonly string[];
}

/** A token that a client shows; `question` is the number of its `authenticate`, if it has one. */
export interface Shown {
  readonly token: Token;
  readonly place: string;
  readonly socket: object;
  readonly question: number | undefined;
  readonly by: Permission;
  /** The token that it is to renew. */
  renews?: Token | undefined;
}

/** Why a token is refused by its own judgement; `isFailure`: it counts as an attempt. */
export type Refusal = { readonly code: string; readonly isFailure: boolean } | undefined;

export interface Message {
  readonly id: number;
  readonly event: string;
  readonly place: string;
}

/** What outlives a permission: its connection has it for each namespace. */
export interface Attempts {
  failures: number;
  judging?: Shown | undefined;
  waiting?: Shown | undefined;
}

/** What the model says must be seen outside. */
export interface Outside {
  answer(shown: Shown, code: string): void;
  hear(message: Message, sub: string): void;
  end(permission: Permission, reason: string): void;
  /** The server disconnects every socket of the permission. */
  disconnect(permission: Permission): void;
}

export const INVALID: Refusal = { code: 'invalid_token', isFailure: true };
export const MISMATCH: Refusal = { code: 'identity_mismatch', isFailure: true };

export class Permission {
  token: Token | undefined;
  logins = 0;
  isClosed = false;
  graceUntil = Infinity;
  held: Message[] = [];
  #isNew = true;
  #isOverdue = false;
  /** The token whose outcome counts. */
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
    shown.renews = this.token;
    this.attempts.judging = shown;
  }

  /** All questions about a token are answered. `late` is what has come to refuse it meanwhile. */
  settle(shown: Shown, own: Refusal, late: Refusal, now: number): void {
    const { attempts, rules } = this;
    if (shown !== this.#counting) {
      this.outside.answer(shown, 'not_authenticated');
      this.#count(own);
      return;
    }
    this.#counting = undefined;
    this.#isNew = false;
    const isOther = rules.sameSubject && this.token !== undefined && this.token.sub !== shown.token.sub;
    const refusal = own ?? late ?? (isOther ? MISMATCH : undefined);
    if (refusal === undefined) {
      attempts.failures = 0;
      this.accept(shown.token, now);
      this.outside.answer(shown, 'ok');
      for (const message of this.held.splice(0)) this.send(message);
      return;
    }
    this.outside.answer(shown, refusal.code);
    if (this.token === undefined) this.held = [];
    this.#count(refusal);
    if (this.#isOverdue) this.#disconnect();
  }

  accept(token: Token, now: number): void {
    if (this.token === undefined) this.logins += 1;
    this.token = token;
    this.#isNew = this.#isOverdue = false;
    this.graceUntil = Infinity;
    this.clock.loggedIn(this, now);
  }

  send(message: Message): void {
    if (this.token !== undefined) {
      if (isAllowed(message.event, this.token)) this.outside.hear(message, this.token.sub);
    } else if (this.isBusy || (this.#isNew && this.rules.mustLogIn)) {
      const waiting = this.held.filter(({ place }) => place === message.place).length;
      if (waiting < this.rules.holdEvents) this.held.push(message);
    }
  }

  logout(now: number): void {
    const isOverdue = this.#isOverdue && this.isBusy;
    this.#leave();
    if (this.token !== undefined) this.#end('logout', now);
    else if (isOverdue) this.#disconnect();
    else this.held = [];
  }

  revoke(now: number): void {
    this.#leave();
    this.#end('revoked', now);
    this.#disconnect();
  }

  /** A revocation gives the session until then, or less if an earlier one did. */
  warn(until: number): void {
    this.graceUntil = Math.min(this.graceUntil, until);
  }

  /** What is due by now happens. */
  advance(now: number): void {
    const { onExpired } = this.rules;
    const end = onExpired === 'ignore' ? Infinity : (this.token?.exp ?? Infinity);
    if (this.token === undefined || Math.min(end, this.graceUntil) > now) return;
    if (this.graceUntil < end) return this.revoke(now);
    if (onExpired === 'disconnect') this.#leave();
    this.#end('expired', now);
    if (onExpired === 'disconnect') this.#disconnect();
  }

  timeOut(): void {
    this.#isOverdue = this.isBusy;
    if (this.isBusy) return;
    this.#disconnect();
    this.isClosed = true;
  }

  close(): void {
    this.isClosed = true;
    this.token = undefined;
    this.held = [];
    if (this.attempts.waiting?.by === this) this.attempts.waiting = undefined;
    this.#counting = undefined;
  }

  #leave(): void {
    const { attempts } = this;
    const waiting = attempts.waiting?.by === this ? attempts.waiting : undefined;
    if (waiting !== undefined) attempts.waiting = undefined;
    this.#counting = undefined;
    this.#isNew = this.#isOverdue = false;
    if (waiting !== undefined) this.outside.answer(waiting, 'not_authenticated');
  }

  #end(reason: string, now: number): void {
    this.outside.end(this, reason);
    this.token = undefined;
    this.graceUntil = Infinity;
    this.clock.start(this, now);
  }

  #count(refusal: Refusal): void {
    if (refusal?.isFailure !== true) return;
    this.attempts.failures += 1;
    if (this.attempts.failures >= this.rules.maxAttempts) this.#disconnect();
  }

  #disconnect(): void {
    if (!this.isClosed) this.outside.disconnect(this);
  }
}

export function isAllowed(event: string, { scopes }: Token): boolean {
  return event === 'talk' || scopes.includes(event);
}
