import type { AuthenticatedPayload } from '../protocol';
import { Deadline } from '../runtime/deadlines';
import type { DeadlineOwner, Deadlines } from '../runtime/deadlines';
import { toPayload } from './notifications';

/** The session whose end is watched. */
export interface TermOwner {
  /** The end is near: tells the clients. */
  onExpiring(): void;
  /** The session's time is over. */
  onEnd(): void;
}

/** The options for a session's end. */
export interface TermSettings {
  readonly onExpired: 'disconnect' | 'deauthenticate' | 'ignore';
  /** Ms before the end at which the clients are told; at most a fifth of what is left. */
  readonly renewNotice: number;
}

/** How long a session lasts. One deadline serves the notice first, then the end. */
export class Term implements DeadlineOwner {
  readonly #owner: TermOwner;
  readonly #deadlines: Deadlines;
  readonly #settings: TermSettings;
  readonly #deadline = new Deadline(this);
  /** When the token expires, in ms since the epoch. */
  #endsAt = Infinity;
  /** When a revocation ends the session unless it renews, in ms since the epoch. */
  #revokedAt = Infinity;

  constructor(owner: TermOwner, deadlines: Deadlines, settings: TermSettings) {
    this.#owner = owner;
    this.#deadlines = deadlines;
    this.#settings = settings;
  }

  /** What the clients are told about the end: under `'ignore'` a token's own one ends nothing, but a revocation does. */
  get payload(): AuthenticatedPayload {
    const isRevoked = this.#settings.onExpired === 'ignore' && this.#revokedAt !== Infinity;
    const endsAt = isRevoked ? this.#revokedAt : Math.min(this.#endsAt, this.#revokedAt);
    return toPayload(endsAt, this.#deadlines.now());
  }

  /** A login or a renewal: the term begins anew. */
  start(endsAt: number): void {
    const { renewNotice, onExpired } = this.#settings;
    const notice = Math.min(renewNotice, (endsAt - this.#deadlines.now()) / 5);
    this.#endsAt = endsAt;
    this.#revokedAt = Infinity;
    // `renewNotice` may be infinite, too, and the difference would be no number.
    const isEndless = onExpired === 'ignore' || endsAt === Infinity;
    this.#deadlines.set(this.#deadline, isEndless ? Infinity : endsAt - notice);
  }

  /** A revocation with `grace` ends the session at that moment, unless it renews. {@link Revocations} does that. */
  shorten(endsAt: number): void {
    this.#revokedAt = endsAt;
  }

  stop(): void {
    this.#deadlines.clear(this.#deadline);
  }

  onDeadline(): void {
    if (this.#endsAt <= this.#deadlines.now()) {
      this.#owner.onEnd();
      return;
    }
    this.#deadlines.set(this.#deadline, this.#endsAt);
    this.#owner.onExpiring();
  }
}
