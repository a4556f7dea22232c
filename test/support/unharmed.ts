/** Watches that nothing reaches the process: no exception, no rejection that nobody takes, no warning. */
export class Unharmed {
  readonly #faults: unknown[] = [];
  readonly #listener = (fault: unknown): void => {
    this.#faults.push(fault);
  };
  // Mocha has listeners of its own, which would blame whatever test runs.
  readonly #former = process.listeners('uncaughtException');

  constructor() {
    process.removeAllListeners('uncaughtException');
    for (const event of ['uncaughtException', 'unhandledRejection', 'warning'])
      process.on(event, this.#listener);
  }

  /** Stops watching, and throws what reached the process. */
  close(): void {
    for (const event of ['uncaughtException', 'unhandledRejection', 'warning'])
      process.off(event, this.#listener);
    for (const listener of this.#former) process.on('uncaughtException', listener);
    const [fault] = this.#faults;
    if (fault !== undefined)
      throw new Error(
        `something reached the process: ${fault instanceof Error ? fault.message : typeof fault}`,
        { cause: fault },
      );
  }
}
