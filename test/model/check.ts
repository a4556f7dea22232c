/** Runs the library against the model. */
import fc from 'fast-check';
import { commands, setups } from './commands';
import { World } from './world';

export interface CheckOptions {
  readonly runs: number;
  readonly seed?: number | undefined;
  /** Of a failing run, as fast-check has reported it. */
  readonly path?: string | undefined;
  readonly maxCommands?: number;
}

/** @throws Error with seed, path and the steps of the shortest run that fails */
export async function check({ runs, seed, path, maxCommands = 24 }: CheckOptions): Promise<void> {
  const property = fc.asyncProperty(fc.scheduler(), setups, commands(maxCommands), async (scheduler, setup, list) => {
    const world = new World(setup, scheduler);
    try {
      await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: world }), list);
      await world.finish();
      if (scheduler.count() > 0) await scheduler.waitAll();
    } finally {
      world.close();
    }
  });
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed }), ...(path && { path }) });
}
