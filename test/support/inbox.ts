/** What came, by name, to be taken in order; whoever takes before it came, waits. */
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

  /** Everything of that name that ever came, taken or not. */
  all(event: string): unknown[][] {
    return this.#log.filter((one) => one.event === event).map(({ args }) => args);
  }

  /** Forgets what came, and all that it holds. */
  clear(): void {
    this.#came.clear();
    this.#log.length = 0;
  }

  /** The names of everything that came, in order. */
  get events(): string[] {
    return this.#log.map(({ event }) => event);
  }
}
