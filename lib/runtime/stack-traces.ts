/**
 * A refusal is no fault of the code, and nobody traces it; but the stack that V8 takes for an error costs as much as the
 * verification of a token, so that a flood of forged tokens would cost more than as many good ones.
 */

/** `--frozen-intrinsics` and the like forbid it. */
const CAN_MUTE = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')?.writable === true;

/**
 * From here on errors get no stack, until {@link restoreStacks}; nothing of the application may run in between.
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
