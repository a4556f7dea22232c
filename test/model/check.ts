/** Runs the library against the model. */
import fc from 'fast-check';
import { commands, setups } from './commands';
import { World } from './world';

/** What has happened, and how often each deed was done. */
export interface Happened {
  readonly seen: ReadonlySet<string>;
  readonly deeds: ReadonlyMap<string, number>;
}

export interface CheckOptions {
  readonly runs: number;
  readonly seed?: number | undefined;
  /** Of a failing run, as fast-check has reported it. */
  readonly path?: string | undefined;
  /** Which commands of it ran: `replayPath` of the same report. */
  readonly replay?: string | undefined;
  readonly maxCommands?: number;
}

/**
 * @returns what has happened
 * @throws Error with seed, path and the steps of the shortest run that fails
 */
export async function check({ runs, seed, path, replay, maxCommands = 24 }: CheckOptions): Promise<Happened> {
  const seen = new Set<string>();
  const deeds = new Map<string, number>();
  const property = fc.asyncProperty(
    fc.scheduler(),
    setups,
    commands(maxCommands, replay),
    async (scheduler, setup, list) => {
      const world = new World(setup, scheduler);
      try {
        await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: world }), list);
        await world.finish();
        if (scheduler.count() > 0) await scheduler.waitAll();
      } finally {
        world.close();
        for (const one of world.expected.seen) seen.add(one);
        for (const one of world.application.done) deeds.set(one, (deeds.get(one) ?? 0) + 1);
      }
    },
  );
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed }), ...(path && { path }) });
  return { seen, deeds };
}
