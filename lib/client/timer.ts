/** The longest delay of `setTimeout`. With a longer one it fires at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/** Holds at most one scheduled call. Starts as `{}`. */
export interface Timer {
  id?: ReturnType<typeof setTimeout>;
  /** The scheduled call. */
  callback?: (() => void) | undefined;
}

/**
 * Schedules a call, in place of the one that was scheduled before.
 *
 * @param delay in ms; any length
 */
export function schedule(timer: Timer, delay: number, callback: () => void): void {
  const step = Math.min(delay, MAX_DELAY);
  unschedule(timer);
  timer.callback = callback;
  timer.id = setTimeout(() => {
    timer.callback = undefined;
    if (step < delay) schedule(timer, delay - step, callback);
    else callback();
  }, step);
}

/** Cancels the scheduled call. */
export function unschedule(timer: Timer): void {
  clearTimeout(timer.id);
  timer.callback = undefined;
}
