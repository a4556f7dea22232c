/** What happens to faults that belong to nobody on the wire: the application's listeners and hooks that throw. */

/** The name of the library's process warnings, for `process.on('warning')`. */
export const WARNING = 'SocketioAuthorizeWarning';

/**
 * Tells the operator of a fault in code that the library called, without letting it reach the process.
 * The text is the application's own and goes to its own process, never to a client.
 *
 * @param where what was being called
 */
export function reportFault(where: string, fault: unknown): void {
  // Of what is no Error only the type is told: the value may hold anything, a token too.
  const detail =
    fault instanceof Error ? (fault.stack ?? fault.message) : `threw a value of type ${typeof fault}`;
  process.emitWarning(`${where} failed`, { type: WARNING, code: 'SOCKETIO_AUTHORIZE_FAULT', detail });
}

/** Calls the application's code; whatever it throws or rejects with, now or later, is reported. */
export function callGuarded(where: string, call: () => unknown): void {
  try {
    const result = call();
    if (isThenable(result)) result.then(undefined, (fault: unknown) => reportFault(where, fault));
  } catch (fault) {
    reportFault(where, fault);
  }
}

/** Whether a value is a promise, of whichever library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Makes a function that says a warning the first time it is called, and nothing after. */
export function warnOnce(message: string): () => void {
  let said = false;
  return () => {
    if (said) return;
    said = true;
    process.emitWarning(message, { type: WARNING });
  };
}
