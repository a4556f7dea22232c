/**
 * A refusal is no bug, so it needs no stack trace. V8's stack trace costs as much as the verification of a token: a
 * flood of forged tokens would cost more than the same number of valid ones.
 */

/** `--frozen-intrinsics` and the like forbid it. */
const CAN_MUTE = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')?.writable === true;

/**
 * Errors get no stack trace until {@link restoreStacks} is called. No code of the application may run in between.
 *
 * @returns what to restore
 */
export function muteStacks(): number {
  const limit = Error.stackTraceLimit;
  if (CAN_MUTE) Error.stackTraceLimit = 0;
  return limit;
}

export function restoreStacks(limit: number): void {
  if (CAN_MUTE) Error.stackTraceLimit = limit;
}
