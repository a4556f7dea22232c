/** Writes the documents whose figures are all there. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeCapacity } from './capacity.mjs';
import { toChart } from './chart.mjs';
import { DOCS } from './document.mjs';
import { writeFloods } from './floods.mjs';
import { writePerformance } from './performance.mjs';

const CHART = 'performance.svg';
/** The tables of `docs/performance.md`, in their order. */
const TABLES = [
  'connections',
  'start',
  'verification',
  'latency',
  'heap',
  'scheduler',
  'broadcasts',
  'events',
  'gate',
  'storm',
  'growth',
  'forged',
  'recheck',
  'node',
];

const CHART_TITLE = 'Server CPU, plain Socket.IO = 1';
/** What the chart shows: rows of three tables. */
const CHART_GROUPS = [
  {
    title: 'A connection with its login',
    name: 'connections',
    ids: [
      'connect',
      'event',
      'middlewareWithKey',
      'postConnectWithKey',
      'middleware',
      'postConnect',
      'thream',
    ],
  },
  { title: 'An event of an authenticated socket', name: 'events', ids: ['none', 'permissions'] },
  { title: 'A delivery of a broadcast', name: 'broadcasts', ids: ['none'] },
];

/** What is written, and from which suites. */
const REPORTS = [
  {
    name: 'docs/performance.md, its chart, and docs/capacity.md',
    suites: [...TABLES, 'profile'],
    async write(figures, plan) {
      const groups = CHART_GROUPS.map(({ title, name, ids }) => ({
        title,
        ids,
        table: figures.tableOf(name),
      }));
      writeFileSync(resolve(DOCS, CHART), toChart(groups, CHART_TITLE));
      await writeCapacity((name) => figures.tableOf(name));
      await writePerformance({
        tables: TABLES.map((name) => figures.tableOf(name)),
        shares: figures.tableOf('profile').shares,
        seconds: this.suites.reduce((sum, name) => sum + figures.secondsOf(name), 0),
        machine: figures.machinesOf(this.suites),
        chart: CHART,
        plan,
      });
    },
  },
  {
    name: 'the table of floods in docs/security.md',
    suites: ['floods'],
    write: (figures) => writeFloods(figures.tableOf('floods'), figures.machinesOf(['floods'])),
  },
];

export async function writeReports(figures, plan) {
  for (const report of REPORTS) {
    const missing = figures.missing(report.suites);
    if (missing.length === 0) {
      await report.write(figures, plan);
      console.log(`written: ${report.name}`);
    } else console.log(`not written: ${report.name}; these suites have never run: ${missing.join(', ')}`);
  }
}
