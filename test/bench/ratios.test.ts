import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { ROOT } from '../support/repository';

/** A table of the benchmark: figures by row, one a round. */
interface Table {
  samples: Record<string, number[]>;
}

/** Measurements that need no network, out of the benchmark, in a process of their own; see `bench/support/processes.mjs`. */
type InProcess = (name: string, plan: object, options: { env: NodeJS.ProcessEnv }) => Promise<Table>;

/** A loss is there in every attempt; a disturbance of the machine is not. The first good one is the last. */
const ATTEMPTS = 20;

async function run(name: string, plan: object): Promise<Table> {
  // Not compiled with the tests, and no `require` either: the benchmark is a module.
  const url = pathToFileURL(resolve(ROOT, 'bench/support/processes.mjs')).href;
  const { inProcess } = (await import(url)) as { inProcess: InProcess };
  return inProcess(name, plan, { env: { ...process.env, SOCKETIO_AUTHORIZE_BUILD: '.build/lib' } });
}

/** The cheapest round of one row by that of another: disturbances only ever make a round dearer. */
function ratio({ samples }: Table, row: string, reference: string): number {
  const [figures, base] = [samples[row], samples[reference]] as [number[], number[]];
  expect(Math.min(figures.length, base.length), 'rounds').to.be.above(0);
  return Math.min(...figures) / Math.min(...base);
}

/** Measures until every row is within its limit, and gives each row's best ratio. */
async function bestRatios(
  measure: () => Promise<Table>,
  limits: readonly (readonly [row: string, reference: string, limit: number])[],
): Promise<void> {
  const best = new Map<string, number>();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const table = await measure();
    for (const [row, reference] of limits) {
      best.set(row, Math.min(best.get(row) ?? Infinity, ratio(table, row, reference)));
    }
    if (limits.every(([row, , limit]) => (best.get(row) as number) <= limit)) break;
  }
  for (const [row, reference, limit] of limits) {
    expect(best.get(row), `${row} by ${reference}`).to.be.above(0).and.at.most(limit);
  }
}

describe('what authentication costs', () => {
  it('is at most 1.5 times the cost of the bare verification of a token, for every algorithm', async () => {
    await bestRatios(
      () => run('verification', { rounds: 7, verifications: 40 }),
      ['hs256', 'rs256', 'ps256', 'es256'].map((one) => [`${one}-ours`, one, 1.5] as const),
    );
  });

  it('is less for a deadline than for a timer, and does not grow with the deadlines that are not due', async () => {
    await bestRatios(
      () => run('scheduler', { rounds: 3, sessions: 60_000 }),
      [
        ['cycle', 'timers', 0.5],
        ['renewal', 'cycle', 1.5],
        ['bytes', 'timerBytes', 0.5],
        ['many', 'few', 4],
      ],
    );
  });

  it('is the same for a login, a renewal and a revocation with ten times as many sessions', async () => {
    await bestRatios(
      () => run('growth', { few: 300, many: 3000, batch: 100, rounds: 7 }),
      ['login', 'renewal', 'revocation'].map((one) => [`${one}-many`, one, 1.6] as const),
    );
  });
});
