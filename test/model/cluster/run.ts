/** `npm run cluster-model -- --seeds 10000`: simulated clusters; a seed that fails is named, and `--seed` shows it again. */
import { parseArgs } from 'node:util';
import { simulate } from './cluster';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});

async function main(): Promise<void> {
  const first = Number(values.seed ?? values.first);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  for (let seed = first; seed < first + count; seed += 1) {
    const { faults, deliveries, revocations } = await simulate(seed);
    if (values.seed !== undefined) console.log({ deliveries, revocations, faults });
    if (seed % 500 === 0) console.log(`up to seed ${seed}: in time`);
    if (faults.length === 0) continue;
    console.error(`seed ${seed}: ${faults.slice(0, 3).join('; ')}`);
    console.error(`again: npm run cluster-model -- --seed ${seed}`);
    process.exitCode = 1;
    return;
  }
  console.log(`${count} seeds from ${first}: every revocation arrived in time`);
}

void main();
