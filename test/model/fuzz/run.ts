/** `npm run fuzz`: bad packets for a minute. A fault is said with the seed that shows it again. */
import { parseArgs } from 'node:util';
import { Unharmed } from '../../support/unharmed';
import { fuzz } from './fuzz';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});

async function main(): Promise<void> {
  const unharmed = new Unharmed();
  const rounds = await fuzz(Number(values.seed), Number(values.seconds));
  unharmed.close();
  console.log(`${rounds} rounds from seed ${values.seed}, and no harm done`);
}

main().then(
  () => process.exit(0),
  (failure: unknown) => {
    console.error(failure);
    process.exit(1);
  },
);
