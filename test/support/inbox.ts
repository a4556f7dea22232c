/** Keeps events by name until a test takes them, in order. A test that takes an event too early waits for it. */
export class Inbox {
  readonly #came = new Map<string, unknown[][]>();
  readonly #waiting = new Map<string, ((args: unknown[]) => void)[]>();
  readonly #log: { event: string; args: unknown[] }[] = [];

  push(event: string, args: unknown[]): void {
    this.#log.push({ event, args });
    const taker = this.#waiting.get(event)?.shift();
    const came = this.#came.get(event);
    if (taker) taker(args);
    else if (came) came.push(args);
    else this.#came.set(event, [args]);
  }

  take(event: string): Promise<unknown[]> {
    const args = this.#came.get(event)?.shift();
    if (args) return Promise.resolve(args);
    return new Promise((resolve) => {
      this.#waiting.set(event, [...(this.#waiting.get(event) ?? []), resolve]);
    });
  }

  /** The arguments of all events of that name, taken or not. */
  all(event: string): unknown[][] {
    return this.#log.filter((one) => one.event === event).map(({ args }) => args);
  }

  /** Forgets all events, and what waits for one. */
  clear(): void {
    this.#came.clear();
    this.#waiting.clear();
    this.#log.length = 0;
  }

  /** The names of all events, in order. */
  get events(): string[] {
    return this.#log.map(({ event }) => event);
  }
}
