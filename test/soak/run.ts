/** `npm run soak`: 5,000 sockets over 3 processes for a minute; `SEED`, `SOCKETS`,
 * `SECONDS` and `PACE` change that; a busy machine takes longer. */
import { soak, TURN } from './soak';

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const options = {
  sockets: number('SOCKETS', 5_000),
  nodes: 3,
  turns: (number('SECONDS', 60) * 1000) / TURN,
  pace: number('PACE', 3_000),
  timeout: 4_000,
  seed: number('SEED', Math.floor(Math.random() * 1e9)),
};

console.log(`soak: ${JSON.stringify(options)}`);
void soak(options).then(({ counts, faults }) => {
  console.table(counts);
  for (const fault of faults) console.error(`FAULT: ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
});
