import type { Deadlines } from '../runtime/deadlines';
import { endSessions } from './revocable-session';
import type { RevocableSession } from './revocable-session';
import type { RuleStore } from './rule-store';
import type { SessionIndex } from './session-index';

/** The number of parts of an interval. */
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
  /** Whether a session's user is revoked already, and it is in its grace period. */
  readonly hasGrace: (session: RevocableSession) => boolean;
}

/** Asks the store about live sessions one by one, spread evenly over the interval. */
export class SessionSweep {
  readonly #context: SessionSweepContext;
  /** Sessions whose request is not answered yet. */
  readonly #asked = new Set<RevocableSession>();
  /** Sessions to look up once, until the store has answered for each; `undefined`: all, repeatedly. */
  #owed: Set<RevocableSession> | undefined;
  /** The number of sessions when this round began. */
  #owedAtFirst = 0;
  #next: Iterator<RevocableSession> = [].values();
  /** Sessions that are due by now; may be a fraction. */
  #due = 0;
  #lookedAt = 0;
  #isRunning = false;

  constructor(context: SessionSweepContext) {
    this.#context = context;
  }

  /** Starts to look all sessions up repeatedly. */
  start(): void {
    this.#run();
  }

  /** Looks up once those that are live now. */
  once(): void {
    // Sessions of an unfinished round keep their turn.
    this.#owed ??= new Set();
    for (const session of this.#context.sessions.keys()) this.#owed.add(session);
    this.#owedAtFirst = this.#owed.size;
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
    const count = this.#owed === undefined ? sessions.size : this.#owedAtFirst;
    this.#due += (count * passed) / interval;
    for (; this.#due >= 1; this.#due -= 1) this.#lookAtNext();
    if (this.#owed?.size === 0) this.#isRunning = false;
    else this.#wait();
  }

  #lookAtNext(): void {
    let next = this.#next.next();
    if (next.done === true) {
      this.#beginRound(this.#owed ?? this.#context.sessions);
      next = this.#next.next();
    }
    if (next.done !== true) this.#look(next.value);
  }

  #beginRound(sessions: { readonly size: number; keys(): Iterator<RevocableSession> }): void {
    this.#next = sessions.keys();
    this.#owedAtFirst = sessions.size;
  }

  #look(session: RevocableSession): void {
    const { store, sessions, hasGrace } = this.#context;
    if (!sessions.has(session)) {
      this.#owed?.delete(session);
      return;
    }
    // A slow store is not asked twice at the same time about one session.
    if (this.#asked.has(session)) return;
    this.#asked.add(session);
    const { identity } = session;
    const { sub: _, ...withoutUser } = identity;
    // That the user is revoked is known during its grace: only a rule for the token itself would be news.
    void store.lookUp(hasGrace(session) ? withoutUser : identity).then((answer) => {
      this.#asked.delete(session);
      if (answer === undefined || !this.#isRunning) return;
      this.#owed?.delete(session);
      const isNews = session.identity === identity && !(answer.refusal?.retryable && hasGrace(session));
      if (answer.refusal !== undefined && isNews) endSessions([session], answer.refusal);
    });
  }
}
