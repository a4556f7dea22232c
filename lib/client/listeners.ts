import type { ClientAuthEvents } from './types';

type Listener = (detail: never) => void;

/** Who listens to what. */
export class Listeners {
  readonly #byEvent: { [event: string]: Listener[] } = {};

  add(event: string, listener: Listener): void {
    this.#byEvent[event] = [...(this.#byEvent[event] ?? []), listener];
  }

  remove(event: string, listener: Listener): void {
    this.#byEvent[event] = (this.#byEvent[event] ?? []).filter((one) => one !== listener);
  }

  tell<E extends keyof ClientAuthEvents>(event: E, detail: Parameters<ClientAuthEvents[E]>[0]): void {
    for (const listener of this.#byEvent[event] ?? []) {
      try {
        listener(detail as never);
      } catch (error) {
        // The application's fault, and as loud as any: but neither our state nor other listeners suffer from it.
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}
