/**
 * What the library costs, measured beside plain Socket.IO and its peers.
 *
 *   npm run bench                     everything, some 25 minutes; writes docs/performance.md with its chart, and docs/capacity.md
 *   npm run bench -- --quick          everything in small, a minute; writes nothing
 *   npm run bench -- --quick --report  the same, and writes the documents all the same
 *   npm run bench -- --only storm     one suite, in full; writes nothing
 *   npm run bench -- --profile        only where the time goes, by CPU profile
 */
import { parseArgs } from 'node:util';
import { FULL, QUICK } from './plans.mjs';
import { profile } from './profile.mjs';
import { toTerminal } from './report/text.mjs';
import { writeReport } from './report/report.mjs';
import { connections, start } from './suites/connections.mjs';
import { broadcasts, events } from './suites/delivery.mjs';
import { heap } from './suites/heap.mjs';
import { latency } from './suites/latency.mjs';
import { node } from './suites/node.mjs';
import { refusals } from './suites/refusal.mjs';
import { storm } from './suites/storm.mjs';
import { inProcess } from './support/task.mjs';

/** Each gives one table, or several. */
const SUITES = {
  connections,
  start,
  verification: (plan) => inProcess('verification', plan.verification),
  latency,
  heap,
  scheduler: (plan) => inProcess('scheduler', plan.scheduler),
  broadcasts,
  events,
  storm,
  growth: (plan) => inProcess('growth', plan.growth),
  refusals,
  node,
};

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    report: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});

const plan = flags.quick ? QUICK : FULL;
const begin = performance.now();
const tables = [];
for (const name of flags.profile ? [] : (flags.only ?? Object.keys(SUITES))) {
  if (!Object.hasOwn(SUITES, name))
    throw new Error(`no suite '${name}'; there are ${Object.keys(SUITES).join(', ')}`);
  const started = performance.now();
  for (const table of [await SUITES[name](plan)].flat()) {
    tables.push(table);
    console.log(toTerminal(table));
  }
  console.log(`(${name}: ${secondsSince(started)} s)`);
}
const isComplete = flags.only === undefined && (!flags.quick || flags.report);
const shares = isComplete || flags.profile ? await profile(plan) : undefined;
if (flags.profile) console.log(shares);
else if (isComplete) await writeReport({ tables, shares, plan, seconds: secondsSince(begin) });
console.log(`\n${secondsSince(begin)} s`);
process.exit(0);

function secondsSince(moment) {
  return Math.round((performance.now() - moment) / 1000);
}
