/** How long the slowest machine may need, in ms; a condition that holds by then costs no more than it takes. */
const PATIENCE = 120_000;

/** Waits, one turn of the event loop after the other, until a condition holds; for what no event tells of. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it has not come to this: ${what}`);
    await new Promise(setImmediate);
  }
}
