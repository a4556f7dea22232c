import { reportFault } from './warnings';

/**
 * One scheduler for every timeout and expiry of a process: a hierarchical timing wheel behind a single Node timer.
 *
 * Why not one `setTimeout` each: it fires at once for delays beyond 2^31-1 ms, and takes some 250 bytes. Here an entry
 * is one small object in the list of its slot. Adding, moving and removing cost the same for any number of entries,
 * and a wake-up visits only the slots that are due.
 */

/** Is called when its deadline has come. */
export interface DeadlineOwner {
  onDeadline(): void;
}

/** The source of time; tests pass their own. */
export interface Clock {
  /** Ms since the epoch. */
  now(): number;
}

/** Each level's slots are as wide as the whole level below: 64 ms, 4 s, 4 min, 4.7 h, 12 days, 2.2 years, 139 years. */
const SLOTS = 64;
const WIDTHS: readonly number[] = [0, 1, 2, 3, 4, 5, 6].map((level) => SLOTS ** level);
const HORIZON = SLOTS ** WIDTHS.length;

/**
 * The longest sleep. JWTs use the wall clock; Node's timers use a monotonic clock, which stops while a laptop or a
 * virtual machine sleeps. Reading the wall clock once a minute bounds how late a session can end.
 */
const MAX_SLEEP = 60_000;

/** If the clock is set back by more than this, the wheel is rebuilt; a smaller step is ignored. */
const MAX_BACKWARD = 1_000;

/** An entry in the wheel: one deadline of one owner, which can be set repeatedly. */
export class Deadline {
  /** When it is due, in ms since the epoch; `Infinity` while it is not set. */
  at = Infinity;
  prev: Deadline = this;
  next: Deadline = this;

  constructor(readonly owner: DeadlineOwner | undefined) {}

  get isSet(): boolean {
    return this.next !== this;
  }
}

/**
 * A deadline that comes after a time, rather than at a moment: setting the wall clock back by an hour must not make a
 * timeout of seconds last for that hour.
 */
export class Delay extends Deadline {}

export class Deadlines {
  readonly #clock: Clock;
  /** Per level, a ring for each slot; made when the level is first used. */
  readonly #levels: (Deadline[] | undefined)[] = WIDTHS.map(() => undefined);
  /** All slots before this moment have been handled. */
  #elapsed: number;
  /** No slot begins before this moment. */
  #wakeAt = Infinity;
  /** What the clock said last, and what it says when the timer fires, unless it is set back. */
  #lastSeen: number;
  #alarmAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(clock: Clock = Date) {
    this.#clock = clock;
    this.#elapsed = this.#lastSeen = this.#wholeNow();
  }

  /** Whether no deadline comes any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ms since the epoch. */
  now(): number {
    return this.#clock.now();
  }

  /**
   * Sets a deadline, or moves it.
   *
   * @param at ms since the epoch, however far away; `Infinity` only removes. A moment in the past is due at once, but
   *   never within this call.
   */
  set(deadline: Deadline, at: number): void {
    unlink(deadline);
    deadline.at = at;
    if (at === Infinity || this.#isClosed) return;
    const now = this.#wholeNow();
    if (now < this.#elapsed - MAX_BACKWARD) this.#rewind(now, this.#lastSeen - now);
    this.#lastSeen = now;
    // No slot begins between the two moments, so the rings stay correct when time moves on without a wake-up.
    if (now < this.#wakeAt) this.#elapsed = Math.max(this.#elapsed, now);
    const startsAt = this.#insert(deadline);
    if (startsAt < this.#wakeAt) this.#sleepUntil(startsAt, now);
  }

  /** Removes a deadline; nothing happens if it is not set. */
  clear(deadline: Deadline): void {
    unlink(deadline);
    deadline.at = Infinity;
  }

  /**
   * Calls back once, unless the returned function is called before.
   *
   * @param delay in ms
   */
  after(delay: number, callback: () => void): () => void {
    const deadline = new Delay({ onDeadline: callback });
    this.set(deadline, this.#clock.now() + delay);
    return () => this.clear(deadline);
  }

  /** Forgets every deadline, and accepts no more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const slots of this.#levels) {
      for (const ring of slots ?? []) while (ring.isSet) this.clear(ring.next);
    }
  }

  /** Now, in whole ms: a deadline within a ms is not due at its beginning. */
  #wholeNow(): number {
    return Math.floor(this.#clock.now());
  }

  /** Puts a deadline into its slot, and returns when that slot begins. */
  #insert(deadline: Deadline): number {
    const elapsed = this.#elapsed;
    const due = Math.min(Math.max(Math.ceil(deadline.at), elapsed), elapsed + HORIZON / 2);
    let level = 0;
    // The lowest level on which `due` and now are in the same turn: there the slot is unambiguous.
    while (level < WIDTHS.length - 1 && turn(due, level + 1) !== turn(elapsed, level + 1)) level += 1;
    const width = WIDTHS[level] as number;
    const slot = Math.floor(due / width);
    link(this.#ring(level, slot % SLOTS), deadline);
    return slot * width;
  }

  #ring(level: number, index: number): Deadline {
    const slots = (this.#levels[level] ??= Array.from({ length: SLOTS }, () => new Deadline(undefined)));
    return slots[index] as Deadline;
  }

  #sleepUntil(wakeAt: number, now: number): void {
    this.#wakeAt = wakeAt;
    clearTimeout(this.#timer);
    if (wakeAt === Infinity) return;
    // Does not keep the process alive: a server's listening socket does that.
    const sleep = Math.min(Math.max(wakeAt - now, 0), MAX_SLEEP);
    this.#alarmAt = now + sleep;
    this.#timer = setTimeout(() => this.#wake(), sleep).unref();
  }

  #wake(): void {
    const now = this.#wholeNow();
    if (now < this.#elapsed - MAX_BACKWARD) this.#rewind(now, Math.max(this.#lastSeen, this.#alarmAt) - now);
    this.#lastSeen = now;
    let next = this.#nextSlot();
    while (next !== undefined && next.startsAt <= now) {
      this.#elapsed = Math.max(this.#elapsed, next.startsAt);
      this.#empty(next.ring);
      next = this.#nextSlot();
    }
    if (!this.#isClosed) this.#sleepUntil(next?.startsAt ?? Infinity, now);
  }

  /** Fires the deadlines that are due in a slot, and moves the others into narrower slots. */
  #empty(ring: Deadline): void {
    const due = takeAll(ring);
    while (due.isSet) {
      const deadline = due.next;
      unlink(deadline);
      if (deadline.at <= this.#elapsed) {
        deadline.at = Infinity;
        fire(deadline);
      } else {
        this.#insert(deadline);
      }
    }
  }

  /**
   * The clock was set back: all entries are placed again, or they would be late by the same amount.
   *
   * @param setBack by how many ms, as far as that is known
   */
  #rewind(now: number, setBack: number): void {
    const all = this.#levels.flatMap((slots) => slots ?? []).map(takeAll);
    this.#elapsed = now;
    this.#wakeAt = Infinity;
    for (const ring of all) {
      while (ring.isSet) {
        const deadline = ring.next;
        unlink(deadline);
        if (deadline instanceof Delay) deadline.at -= setBack;
        this.#wakeAt = Math.min(this.#wakeAt, this.#insert(deadline));
      }
    }
    this.#sleepUntil(this.#wakeAt, now);
  }

  /** The first slot that is not empty. Visits at most 64 slots a level. */
  #nextSlot(): { startsAt: number; ring: Deadline } | undefined {
    for (let level = 0; level < WIDTHS.length; level += 1) {
      const slots = this.#levels[level];
      if (slots === undefined) continue;
      const width = WIDTHS[level] as number;
      const current = Math.floor(this.#elapsed / width);
      // Only the highest level wraps around.
      const end = level === WIDTHS.length - 1 ? current + SLOTS : current - (current % SLOTS) + SLOTS;
      // Lower levels hold the deadlines before the next slot of a higher one, so the first hit is the earliest.
      for (let slot = current; slot < end; slot += 1) {
        const ring = slots[slot % SLOTS] as Deadline;
        if (ring.isSet) return { startsAt: slot * width, ring };
      }
    }
    return undefined;
  }
}

/** An error of one owner must not stop the others' deadlines. */
function fire(deadline: Deadline): void {
  try {
    deadline.owner?.onDeadline();
  } catch (error) {
    reportFault('a deadline', error);
  }
}

/** Which turn of a level's ring a moment falls in, counted in slots of the level above. */
function turn(moment: number, level: number): number {
  return Math.floor(moment / (WIDTHS[level] as number));
}

function link(ring: Deadline, deadline: Deadline): void {
  deadline.prev = ring.prev;
  deadline.next = ring;
  ring.prev.next = deadline;
  ring.prev = deadline;
}

function unlink(deadline: Deadline): void {
  deadline.prev.next = deadline.next;
  deadline.next.prev = deadline.prev;
  deadline.prev = deadline;
  deadline.next = deadline;
}

/** Moves a ring's entries into a new ring, so that entries added meanwhile wait for the next wake-up. */
function takeAll(ring: Deadline): Deadline {
  const taken = new Deadline(undefined);
  if (!ring.isSet) return taken;
  taken.next = ring.next;
  taken.prev = ring.prev;
  taken.next.prev = taken;
  taken.prev.next = taken;
  ring.next = ring;
  ring.prev = ring;
  return taken;
}
