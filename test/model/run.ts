/**
 * `npm run model -- --runs 1000000`: the model against the library for as long as you like, with another seed each
 * time. A failure says `seed`, `path` and `replayPath`; give them back to see it again.
 */
import { parseArgs } from 'node:util';
import { check } from './check';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    path: { type: 'string' },
    replay: { type: 'string' },
    commands: { type: 'string', default: '24' },
  },
});
const { path, replay } = values;
/** One seed for so many runs: fast-check keeps nothing between them. */
const BATCH = 10_000;

async function main(): Promise<void> {
  const runs = Number(values.runs);
  const maxCommands = Number(values.commands);
  for (let done = 0; done < runs; done += BATCH) {
    const seed = Number(values.seed) + done / BATCH;
    await check({ runs: Math.min(BATCH, runs - done), seed, path, replay, maxCommands });
    console.log(`${Math.min(done + BATCH, runs)} of ${runs} runs, seed ${seed}: all as the model says`);
  }
}

main().catch((failure: unknown) => {
  console.error(failure instanceof Error ? failure.message : failure);
  console.error(
    'Again: npm run model -- --seed … --path … --replay … with the seed, path and replayPath above.',
  );
  process.exitCode = 1;
});
