/** `setTimeout` fires at once after a longer delay. */
const MAX_DELAY = 2 ** 31 - 1;

/** At most one call that is to come; `{}` to begin with. */
export interface Timer {
  id?: ReturnType<typeof setTimeout>;
  /** The call that is to come. */
  callback?: (() => void) | undefined;
}

/**
 * Replaces the call that is to come.
 *
 * @param delay in ms, of any length
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

/** Cancels the call that is to come. */
export function unschedule(timer: Timer): void {
  clearTimeout(timer.id);
  timer.callback = undefined;
}
