/**
 * Looks into the library's own books while it runs: which sessions it can find, which deadlines are set, and where events
 * wait.
 */
import { SessionIndex } from '../../lib/revocation/session-index';
import { Deadline, Deadlines } from '../../lib/runtime/deadlines';
import { HeldEvents } from '../../lib/session/held-events';
import type { RevocableSession } from '../../lib/revocation/revocable-session';

type Index = SessionIndex<RevocableSession>;

/** Remembers every index and deadline that is made between `open` and `close`. */
export class Books {
  readonly #indexes = new Set<Index>();
  readonly #deadlines = new Set<Deadline>();
  readonly #add = SessionIndex.prototype.add;
  readonly #set = Deadlines.prototype.set;
  readonly #holding = new Set<HeldEvents>();
  readonly #push = HeldEvents.prototype.push;
  readonly #take = HeldEvents.prototype.take;

  constructor() {
    const [indexes, deadlines, add, set] = [this.#indexes, this.#deadlines, this.#add, this.#set];
    const [holding, push, take] = [this.#holding, this.#push, this.#take];
    HeldEvents.prototype.push = function watched(this: HeldEvents, packet): boolean {
      const isHeld = push.call(this, packet);
      if (isHeld) holding.add(this);
      return isHeld;
    };
    HeldEvents.prototype.take = function watched(this: HeldEvents) {
      holding.delete(this);
      return take.call(this);
    };
    SessionIndex.prototype.add = function watched(this: Index, ...args): void {
      indexes.add(this);
      add.apply(this, args as never);
    };
    Deadlines.prototype.set = function watched(deadline: Deadline, at: number): void {
      deadlines.add(deadline);
      set.call(this, deadline, at);
    };
  }

  /** The number of sessions that can be found. */
  get sessions(): number {
    return [...this.#indexes].reduce((sum, { size }) => sum + size, 0);
  }

  /** How many sessions a token's id and a user have. */
  named(kind: 'jti' | 'sub', value: string): number {
    const rule =
      kind === 'jti'
        ? { jti: value, expiresAt: null }
        : { sub: value, issuedBefore: Infinity, expiresAt: null };
    return [...this.#indexes].reduce((sum, index) => sum + index.find(rule, Infinity).length, 0);
  }

  /** How many sockets have events that wait. */
  get holding(): number {
    return this.#holding.size;
  }

  /** Who owns the deadlines that are set, by class. */
  owners(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const deadline of this.#deadlines) {
      if (!deadline.isSet) this.#deadlines.delete(deadline);
      else {
        const name = deadline.owner?.constructor.name ?? '';
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    return counts;
  }

  close(): void {
    SessionIndex.prototype.add = this.#add;
    Deadlines.prototype.set = this.#set;
    HeldEvents.prototype.push = this.#push;
    HeldEvents.prototype.take = this.#take;
  }
}
