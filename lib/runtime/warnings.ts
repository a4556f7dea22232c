/** Reports errors that no client may see: of the application's listeners and hooks. */

/** The name of the library's process warnings, for `process.on('warning')`. */
export const WARNING = 'SocketioAuthorizeWarning';

/**
 * Reports an error of the application's code as a process warning, so that it does not end the process. The error's
 * text stays in the application's own process; no client gets it.
 *
 * @param where what was being called
 */
export function reportFault(where: string, fault: unknown): void {
  const detail = textOf(fault) ?? `threw a value of type ${typeof fault}`;
  process.emitWarning(`${where} failed`, { type: WARNING, code: 'SOCKETIO_AUTHORIZE_FAULT', detail });
}

/** Only an Error has a text: another value may contain a token. */
function textOf(fault: unknown): string | undefined {
  try {
    return fault instanceof Error ? (fault.stack ?? fault.message) : undefined;
  } catch {
    // It throws when it is looked at, as a revoked proxy does.
    return undefined;
  }
}

/** Calls the application's code, and reports what it throws or rejects with. */
export function callGuarded(where: string, call: () => unknown): void {
  try {
    const result = call();
    if (isThenable(result)) result.then(undefined, (fault: unknown) => reportFault(where, fault));
  } catch (fault) {
    reportFault(where, fault);
  }
}

/** Whether a value is a promise, of any library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayHaveThen = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayHaveThen && typeof (value as { then?: unknown }).then === 'function';
}

/** Makes a function that emits a process warning at its first call only, because a client can repeat the cause. */
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
