/**
 * Measures what the library costs, compared with plain Socket.IO and other libraries.
 *
 *   npm run bench                       every suite; writes docs/performance.md with its chart, docs/capacity.md, and the
 *                                       table of floods in docs/security.md
 *   npm run bench -- floods storm       these suites; the others' figures stay as they were saved in bench/figures.json
 *   npm run bench -- --quick            a small version, in a few minutes; saves nothing, writes nothing
 *   npm run bench -- --report           no suite: writes the documents from the saved figures
 */
import { parseArgs } from 'node:util';
import { FULL, QUICK } from './plans.mjs';
import { profile } from './suites/profile.mjs';
import { Figures } from './report/figures.mjs';
import { toTerminal } from './report/tables.mjs';
import { writeReports } from './report/report.mjs';
import { broadcasts, events } from './suites/delivery.mjs';
import { floods } from './suites/floods.mjs';
import { latency } from './suites/latency.mjs';
import { connections, forged, start, storm } from './suites/logins.mjs';
import { heap, node } from './suites/memory.mjs';
import { inProcess } from './support/processes.mjs';
import { progress } from './support/progress.mjs';

/** Each returns one table, in the order of the documents. */
const SUITES = {
  connections,
  start,
  verification: (plan) => inProcess('verification', plan.verification),
  latency,
  heap,
  scheduler: (plan) => inProcess('scheduler', plan.scheduler),
  broadcasts,
  events,
  gate: (plan) => inProcess('gate', plan.gate),
  storm,
  growth: (plan) => inProcess('growth', plan.growth),
  forged,
  recheck: (plan) => inProcess('recheck', plan.recheck),
  node,
  profile,
  floods,
};

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});

const names = positionals.length > 0 ? positionals : Object.keys(SUITES);
for (const name of names) {
  if (Object.hasOwn(SUITES, name)) continue;
  console.error(`There is no suite '${name}'. There are: ${Object.keys(SUITES).join(', ')}.`);
  process.exit(1);
}
const figures = new Figures(Object.keys(SUITES));
if (!flags.report) for (const [index, name] of names.entries()) await run(name, names.slice(index + 1));
if (!flags.quick) await writeReports(figures, FULL);
process.exit(0);

async function run(name, later) {
  const secondsOf = (suite) => (flags.quick ? undefined : figures.secondsOf(suite));
  progress.suite(name, secondsOf(name), later.map(secondsOf));
  const begin = performance.now();
  const table = await SUITES[name](flags.quick ? QUICK : FULL);
  const seconds = Math.round((performance.now() - begin) / 1000);
  progress.end();
  console.log(`${toTerminal(table)}\n(${name}: ${seconds} s)`);
  // At once: if a later suite fails, these figures are kept.
  if (!flags.quick) figures.save(name, table, seconds);
}
