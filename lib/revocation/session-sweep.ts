import type { Deadlines } from '../runtime/deadlines';
import type { RevocableSession } from './revocable-session';
import type { RuleStore } from './rule-store';
import type { SessionIndex } from './session-index';

/** In how many parts an interval is cut. */
const STEPS = 100;

/** The shortest part, in ms. */
const MIN_STEP = 10;

/** What {@link SessionSweep} needs. */
export interface SessionSweepContext {
  readonly deadlines: Deadlines;
  readonly store: RuleStore;
  /** Ms in which each session is looked up once. */
  readonly interval: number;
  readonly sessions: SessionIndex<RevocableSession>;
  /** Whether a session is revoked already, and has time to renew. */
  readonly hasGrace: (session: RevocableSession) => boolean;
}

/** Looks live sessions up in the store one by one, spread evenly over the interval. */
export class SessionSweep {
  readonly #context: SessionSweepContext;
  /** Sessions whose question is not answered yet. */
  readonly #asked = new Set<RevocableSession>();
  /** Sessions that are to be looked up until the store has answered for each; `undefined`: all, again and again. */
  #owed: Set<RevocableSession> | undefined;
  #next: Iterator<RevocableSession> = [].values();
  /** Sessions that should have been looked up by now, as a fraction. */
  #due = 0;
  #lookedAt = 0;
  #isRunning = false;

  constructor(context: SessionSweepContext) {
    this.#context = context;
  }

  /** Begins to look all sessions up, again and again. */
  start(): void {
    this.#run();
  }

  /** Looks up once those that are live now. */
  once(): void {
    this.#owed = new Set(this.#context.sessions.keys());
    this.#next = this.#owed.keys();
    this.#run();
  }

  stop(): void {
    this.#isRunning = false;
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#lookedAt = this.#context.deadlines.now();
    this.#wait();
  }

  #wait(): void {
    const { deadlines, interval } = this.#context;
    deadlines.after(Math.max(interval / STEPS, MIN_STEP), () => this.#step());
  }

  #step(): void {
    const { deadlines, interval, sessions } = this.#context;
    if (!this.#isRunning) return;
    const now = deadlines.now();
    const passed = Math.min(Math.max(now - this.#lookedAt, 0), interval);
    this.#lookedAt = now;
    const { size } = this.#owed ?? sessions;
    this.#due += (size * passed) / interval;
    for (; this.#due >= 1; this.#due -= 1) this.#lookAtNext();
    if (this.#owed?.size === 0) this.#isRunning = false;
    else this.#wait();
  }

  #lookAtNext(): void {
    let next = this.#next.next();
    if (next.done === true) {
      this.#next = (this.#owed ?? this.#context.sessions).keys();
      next = this.#next.next();
    }
    if (next.done !== true) this.#look(next.value);
  }

  #look(session: RevocableSession): void {
    const { store, sessions, hasGrace } = this.#context;
    if (!sessions.has(session) || hasGrace(session)) {
      this.#owed?.delete(session);
      return;
    }
    // A store that is slow is not asked twice at a time.
    if (this.#asked.has(session)) return;
    this.#asked.add(session);
    const { identity } = session;
    void store.lookUp(identity).then((answer) => {
      this.#asked.delete(session);
      if (answer === undefined || !this.#isRunning) return;
      this.#owed?.delete(session);
      const isSame = session.identity === identity && !hasGrace(session);
      if (answer.refusal !== undefined && isSame) session.revoke(answer.refusal);
    });
  }
}
