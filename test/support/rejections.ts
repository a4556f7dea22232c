/** Watches that no rejection is left without a handler. */
export class Rejections {
  readonly #came: unknown[] = [];
  readonly #listener = (reason: unknown): void => void this.#came.push(reason);

  constructor() {
    process.on('unhandledRejection', this.#listener);
  }

  /** Stops watching, and throws if there was one. */
  async close(): Promise<void> {
    // Node looks for them when the promises have had their turn.
    await new Promise(setImmediate);
    process.off('unhandledRejection', this.#listener);
    if (this.#came.length > 0) throw new Error('a rejection without a handler', { cause: this.#came[0] });
  }
}
