/** The process warnings of a test, which must be looked at: what is left over fails it. */
export class Warnings {
  readonly #came: Error[] = [];
  #onWarning = (): void => undefined;
  readonly #listener = (warning: Error): void => {
    this.#came.push(warning);
    this.#onWarning();
  };

  constructor() {
    process.on('warning', this.#listener);
  }

  /** The next warning, be it here or still to come. */
  async next(): Promise<Error & { detail?: string }> {
    while (this.#came.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onWarning = resolve;
      });
    }
    return this.#came.shift() as Error;
  }

  /** Stops listening, and throws if there is a warning that nobody took. */
  close(): void {
    process.off('warning', this.#listener);
    const [left] = this.#came;
    if (left !== undefined) throw new Error(`an unexpected warning: ${left.message}`);
  }
}
