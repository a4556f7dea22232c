/** `setTimeout` fires at once for more. */
const MAX_DELAY = 2 ** 31 - 1;

/** At most one call that is to come; setting it anew forgets the last. */
export class Timer {
  #id: ReturnType<typeof setTimeout> | undefined;

  get isSet(): boolean {
    return this.#id !== undefined;
  }

  /** @param delay in ms, however long */
  set(delay: number, callback: () => void): void {
    const step = Math.min(delay, MAX_DELAY);
    this.clear();
    this.#id = setTimeout(() => {
      this.#id = undefined;
      if (step < delay) this.set(delay - step, callback);
      else callback();
    }, step);
  }

  clear(): void {
    clearTimeout(this.#id);
    this.#id = undefined;
  }
}
