/** What a process spends: memory that is still held, and CPU. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Lets the garbage collector take everything that nothing holds. */
export async function collectGarbage(): Promise<void> {
  // What a turn of the event loop has looked at stays until its end, WeakRefs above all.
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise(setImmediate);
    gc();
  }
}

/** Bytes that are held when nothing more can be collected: the heap, and buffers outside of it. */
export async function heldBytes(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** How many of these are still there. */
export async function countAlive(refs: readonly WeakRef<object>[]): Promise<number> {
  await collectGarbage();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

/** CPU that this process uses meanwhile, in ms; other programs do not count. */
export async function cpuOf(action: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * The least ratio of two costs in a few attempts, measured in turns: a loss is there in every attempt, a disturbance of
 * the machine is not.
 *
 * @param limit an attempt within it is the last
 */
export async function leastRatio(
  cost: () => Promise<number>,
  reference: () => Promise<number>,
  limit: number,
): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < 12 && least > limit; attempt += 1) {
    const base = await reference();
    least = Math.min(least, (await cost()) / base);
  }
  return least;
}
