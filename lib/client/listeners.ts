import type { ClientAuthEvents } from './types';

/** The listeners of each event; `{}` to begin with. */
export interface Listeners {
  [event: string]: Set<(detail: never) => void> | undefined;
}

/** Calls the listeners of an event. */
export function tell<E extends keyof ClientAuthEvents>(
  listeners: Listeners,
  event: E,
  detail: Parameters<ClientAuthEvents[E]>[0],
): void {
  // A copy, since a listener may add others.
  // oxlint-disable-next-line unicorn/no-useless-spread
  for (const listener of [...(listeners[event] ?? [])]) {
    try {
      listener(detail as never);
    } catch (error) {
      // An uncaught exception, which disturbs neither the client's state nor other listeners.
      setTimeout(() => {
        throw error;
      });
    }
  }
}
