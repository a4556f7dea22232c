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

/**
 * Makes a function that gives a process warning the first time it is called, and nothing after: a client can repeat what
 * causes it.
 */
export function warnOnce<Args extends unknown[]>(
  message: string | ((...args: Args) => string),
): (...args: Args) => void {
  return once((...args: Args) =>
    process.emitWarning(typeof message === 'string' ? message : message(...args), { type: WARNING }),
  );
}

/** {@link reportFault}, for the first fault only. */
export function reportFaultOnce(where: string): (fault: unknown) => void {
  return once((fault: unknown) => reportFault(where, fault));
}

function once<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void {
  let isDone = false;
  return (...args) => {
    if (isDone) return;
    isDone = true;
    act(...args);
  };
}
