import { resolve, sep } from 'node:path';
import { ROOT } from './repository';

/** The compiled server, as the tests load it and as the examples do. The client's timers are its tests' own. */
const SERVER = [resolve(ROOT, '.build/lib') + sep, resolve(ROOT, 'dist') + sep];
const TESTS = resolve(ROOT, '.build/test') + sep;
const CLIENT = ['lib', 'dist'].map((folder) => [folder, 'client', ''].join(sep));

/** The machine's own: other fakes may be in place when time is stopped, and gone when it goes on. */
const REAL = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, now: Date.now };

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  unref(): Timer;
}

/**
 * Time that stands still for the server until the test moves it: `Date.now()`, and the timers that `lib/` sets.
 * Sockets, brokers and the timers of others go on. So nothing expires because the machine is busy.
 *
 * Stop it before `authorize()`; tokens that are made afterwards live by it too. A test lets less than 45 s pass: then
 * Socket.IO's client, which looks at `Date.now()` too, would miss a ping.
 */
export class StoppedTime {
  readonly #timers = new Set<Timer>();
  #now = REAL.now();

  constructor() {
    const set = (callback: (...given: unknown[]) => void, delay?: number, ...args: unknown[]): unknown =>
      isCalledByServer(set) ? this.#add(callback, delay ?? 0) : REAL.setTimeout(callback, delay, ...args);
    const clear = (timer: Timer & NodeJS.Timeout): void => {
      if (!this.#timers.delete(timer)) REAL.clearTimeout(timer);
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    Date.now = () => this.#now;
  }

  /** Lets so many ms pass, and whatever is due meanwhile happen. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }

  /** Lets time go on by itself again. */
  resume(): void {
    const { setTimeout, clearTimeout, now } = REAL;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = now;
  }

  #add(callback: () => void, delay: number): Timer {
    const timer: Timer = { at: this.#now + Math.max(1, delay), callback, unref: () => timer };
    this.#timers.add(timer);
    return timer;
  }

  /** The timer that is due first, of those until a moment. */
  #next(end: number): Timer | undefined {
    const [first] = [...this.#timers].filter(({ at }) => at <= end).toSorted((one, two) => one.at - two.at);
    return first;
  }
}

/** Whether the function that called `callee` belongs to the server; tests may have put one of theirs in between. */
function isCalledByServer(callee: unknown): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 3;
  const calls = { stack: '' };
  Error.captureStackTrace(calls, callee as () => void);
  Error.stackTraceLimit = stackTraceLimit;
  const [, ...frames] = calls.stack.split('\n');
  const caller = frames.find((frame) => !frame.includes(TESTS)) ?? '';
  return (
    SERVER.some((folder) => caller.includes(folder)) && !CLIENT.some((folder) => caller.includes(folder))
  );
}
