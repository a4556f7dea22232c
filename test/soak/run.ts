/**
 * 10,000 clients on 4 processes for five minutes, or as the options say. Every ten seconds a node is killed and started
 * again; twice Redis is stopped for three seconds. At the end most clients log in, and the gauges of the nodes and the
 * identity of each socket must be what the clients know. Then all leave, and the nodes must hold nothing of them.
 *
 * Memory is what V8 holds after a forced garbage collection (`heapUsed` and `external`). Each node is measured after a
 * warm-up with 400 guests, who do everything once, and when all have left. The two may differ by 5 %. A node that was
 * started again counts from its own start.
 *
 *     npm run soak -- --sockets 500 --seconds 30
 */
import { parseArgs } from 'node:util';
import { soak } from './soak';

const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '10000' },
    nodes: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '300' },
    pace: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    'kill-every': { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '400' },
    outages: { type: 'string', default: '2' },
  },
});
const sockets = Number(values.sockets);
const nodes = Number(values.nodes);
const options = {
  sockets,
  nodes,
  duration: { seconds: Number(values.seconds) },
  // So that a machine with two cores keeps up: some 330 actions a second.
  pace: Number(values.pace ?? Math.max(1_000, sockets * 3)),
  timeout: 20_000,
  seed: Number(values.seed),
  killEvery: Number(values['kill-every']) * 1000,
  outages: Number(values.outages),
  warmUp: Number(values['warm-up']),
};

// Nodes warn of every outage that they are put through.
process.env.NODE_NO_WARNINGS = '1';
console.log(`soak: ${JSON.stringify(options)}`);
const began = Date.now();
void soak({ ...options, onProgress: (text) => console.log(text) }).then(({ counts, faults, memory }) => {
  console.table(counts);
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
  for (const [index, { before, after }] of memory.entries()) {
    const change = ((after / before - 1) * 100).toFixed(1);
    console.log(
      `node ${index}: ${mib(before)} MiB before its clients, ${mib(after)} MiB after (${change} %)`,
    );
  }
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
  for (const fault of faults) console.error(`FAULT: ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
});
