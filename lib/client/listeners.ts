import type { ClientAuthEvents } from './types';

/** The listeners of each event. Starts as `{}`. */
export interface Listeners {
  [event: string]: Set<(detail: never) => void> | undefined;
}

/** Calls the listeners of an event. */
export function tell<E extends keyof ClientAuthEvents>(
  listeners: Listeners,
  event: E,
  detail: Parameters<ClientAuthEvents[E]>[0],
): void {
  // A copy, because a listener may add others.
  // oxlint-disable-next-line unicorn/no-useless-spread
  for (const listener of [...(listeners[event] ?? [])]) {
    try {
      listener(detail as never);
    } catch (error) {
      // Becomes an uncaught exception, and affects neither the client's state nor the other listeners.
      setTimeout(() => {
        throw error;
      });
    }
  }
}
