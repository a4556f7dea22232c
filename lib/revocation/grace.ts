import { Deadline } from '../runtime/deadlines';
import type { DeadlineOwner, Deadlines } from '../runtime/deadlines';
import { endSessions } from './revocable-session';
import type { RevocableSession } from './revocable-session';
import { USER_REVOKED } from './rules';

/** Sessions to which one rule gives a grace period. */
class Grace implements DeadlineOwner {
  readonly sessions = new Set<RevocableSession>();
  readonly deadline = new Deadline(this);

  constructor(
    readonly until: number,
    readonly onDeadline: () => void,
    /** Called once its sessions are warned, or have ended. */
    readonly onWarned: () => void,
  ) {}
}

/**
 * Revoked sessions that may still renew with a fresh token until their grace period is over. A session that renews is
 * forgotten here, because it is registered again.
 */
export class GracePeriods {
  readonly #deadlines: Deadlines;
  readonly #bySession = new Map<RevocableSession, Grace>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  has(session: RevocableSession): boolean {
    return this.#bySession.has(session);
  }

  /**
   * Gives sessions a grace period. A session with a shorter one keeps it.
   *
   * @param warnAt ms since the epoch: when a fresh token counts, so that it makes sense to ask for one
   * @param until ms since the epoch
   * @returns a promise that resolves once all are warned
   */
  begin(sessions: readonly RevocableSession[], warnAt: number, until: number): Promise<void> {
    return new Promise((resolve) => {
      const grace = new Grace(until, () => this.#onDeadline(grace), resolve);
      for (const session of sessions) {
        if ((this.#bySession.get(session)?.until ?? Infinity) <= until) continue;
        this.forget(session);
        this.#bySession.set(session, grace);
        grace.sessions.add(session);
      }
      if (grace.sessions.size === 0) resolve();
      else this.#deadlines.set(grace.deadline, Math.min(warnAt, until));
    });
  }

  /** Call it when a session has ended or renewed. */
  forget(session: RevocableSession): void {
    const grace = this.#bySession.get(session);
    if (grace === undefined) return;
    this.#bySession.delete(session);
    grace.sessions.delete(session);
    if (grace.sessions.size > 0) return;
    this.#deadlines.clear(grace.deadline);
    grace.onWarned();
  }

  /** Stops the deadlines. The sessions stay as they are. */
  close(): void {
    for (const session of this.#bySession.keys()) this.forget(session);
  }

  /** One deadline serves the warning first, then the end. */
  #onDeadline(grace: Grace): void {
    const sessions = [...grace.sessions];
    if (grace.until > this.#deadlines.now()) {
      this.#deadlines.set(grace.deadline, grace.until);
      for (const session of sessions) session.shorten(grace.until);
      grace.onWarned();
      return;
    }
    // Each is forgotten as it ends.
    endSessions(sessions, USER_REVOKED);
  }
}
