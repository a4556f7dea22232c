/** Writes `docs/performance.md`. */
import { resolve } from 'node:path';
import { DOCS, writeDocument } from './document.mjs';
import { REASONS } from './reasons.mjs';
import { format, toMarkdown, toRows } from './tables.mjs';

/**
 * @param tables what was measured
 * @param shares what `profile()` gives
 * @param seconds that all suites took
 * @param machine where
 * @param chart the chart's file
 */
export async function writePerformance({ tables, shares, seconds, machine, chart, plan }) {
  const parts = [
    head({ tables, chart }),
    summary(tables),
    ...tables.map(section),
    whereTimeGoes(shares),
    howMeasured({ plan, seconds, machine }),
  ];
  await writeDocument(resolve(DOCS, 'performance.md'), `${parts.join('\n\n')}\n`);
}

/** What most readers want to know: three sentences and a chart. */
function head({ tables, chart }) {
  const row = (table, id) => toRows(tables.find((one) => one.id === table)).find((one) => one.id === id);
  const ratio = (table, id) => row(table, id).ratio.toFixed(2);
  const connection = (id) => row('connections', id).figure.toFixed(0);
  return `# Performance

A connection with its login costs ${ratio('connections', 'connect')} times as much CPU on the server as a connection of plain Socket.IO without any
(${connection('connect')} µs instead of ${connection('plain')} µs on this machine); the usual \`io.use(jwt.verify(token, 'SECRET'))\` costs ${ratio('connections', 'middleware')} times
as much. After that, an event costs ${ratio('events', 'none')} times as much as with plain Socket.IO, and a delivery of a broadcast ${ratio('broadcasts', 'none')}
times. An idle session holds ${row('heap', 'session-8000').figure.toFixed(0)} bytes besides its token and its claims.

![Server CPU as a ratio to plain Socket.IO: a connection with its login, an event, a delivery of a broadcast](${chart})

All protections are on in every figure: gate, isolation, expiry, limits, revocation.`;
}

function summary(tables) {
  const withGoal = tables.flatMap(toRows).filter(({ isMet }) => isMet !== undefined);
  const met = withGoal.filter(({ isMet }) => isMet).length;
  return `## How to read the tables

_Ratio_ is the median of the ratios of all rounds, _95 %_ its confidence interval. The median alone decides whether a
goal is met. _Noise_ is how far the A/A row, the same server measured twice, is from itself in that run: a median that
misses its goal by less than the noise may be chance. Of ${withGoal.length} goals, ${met} are met and ${withGoal.length - met} are missed; below a table with
a missed goal stands what would have to change.`;
}

function section(table) {
  const missed = toRows(table).filter(({ isMet }) => isMet === false);
  const reasons = missed
    .map((row) => REASONS[`${table.id}/${row.id}`] ?? REASONS[table.id])
    .filter((one) => one !== undefined);
  return [`## ${table.title}`, table.note, toMarkdown(table), ...new Set(reasons)].join('\n\n');
}

function whereTimeGoes(shares) {
  const spenders = [...new Set(Object.values(shares).flatMap(Object.keys))].toSorted(
    (a, b) => (shares.plain[b] ?? 0) - (shares.plain[a] ?? 0),
  );
  const columns = ['plain', 'middlewareWithKey', 'connect', 'postConnectWithKey', 'event'];
  const total = (name) => Object.values(shares[name]).reduce((sum, one) => sum + one, 0);
  const share = (name, ...some) =>
    ((some.reduce((sum, one) => sum + (shares[name][one] ?? 0), 0) / total(name)) * 100).toFixed(1);
  const lines = spenders.map(
    (spender) => `| ${spender} | ${columns.map((name) => format(shares[name][spender] ?? 0)).join(' | ')} |`,
  );
  return `## Where the time goes

A CPU profile of the server's process while clients connect, log in and leave, in µs a connection
(\`npm run bench -- profile\`):

| | plain Socket.IO | \`io.use\` with a \`KeyObject\` | token in the CONNECT packet | post-connect handler with a \`KeyObject\` | \`authenticate\` event |
| --- | --: | --: | --: | --: | --: |
${lines.join('\n')}
| together | ${columns.map((name) => format(total(name))).join(' | ')} |

Most of a connection is the upgrade to WebSocket and the kernel's part in it. Of a login by the CONNECT packet,
${share('connect', 'socketio-authorize')} % is this library's own code, and ${share('connect', 'jsonwebtoken', "Node's crypto")} % is the verification: \`jsonwebtoken\`, its dependencies, and the HMAC.
The library sends one packet more than \`io.use\`: \`authenticated\`, which tells the client when its session ends. By
event the server also reads the client's own packet. Given a string as secret, as in most examples, \`jsonwebtoken\` first
tries to read it as a public key, for every token, and throws inside; the library prepares the key once.`;
}

function howMeasured({ plan: { residents, servers }, seconds, machine }) {
  const { generations, warmups, rounds } = servers;
  return `## What was given up

An earlier version corked the answer to every upgrade, held the transport while a socket connected, and kept a cache of
verified tokens. Two vulnerabilities were in the cache, and a reviewer had to stop at each of the three. They are gone.
Measured on that version, with and without, in 24 rounds: together they saved 0.16 of plain Socket.IO's cost of a
connection with the token in the CONNECT packet, and 0.02 by event.

## How it is measured

\`npm run bench\` measures all of this and writes this page. \`npm run bench -- storm\` measures one suite and keeps the
others' figures; \`npm run bench -- --quick\` measures everything in small and writes nothing. These suites took
${(seconds / 60).toFixed(0)} minutes (${machine}). Absolute figures are this machine's; only ratios within one suite mean anything
elsewhere.

- Each server is a process of its own; what counts is that process's CPU time, all threads, asked over IPC. Clients are
  bare WebSockets in another process, the same for every server.
- All contenders take turns within a round, each round begins with another one, and a ratio is formed within the round.
  The tables show medians; _95 %_ is the confidence interval of the median, by order statistics.
- Generations of processes, each with its warm-up rounds, then its measured ones: ${generations} × (${warmups} + ${rounds}) as a rule. What a process was dealt at its start would otherwise pass for a property of the code.
- Servers are measured as they are after a while, with compiled code: the garbage collector comes when it will, and
  ${residents} clients stay connected while others come and go. Full collections on an empty server make V8 throw away, again
  and again, what it has learned. How a server does that has just started has a table of its own.
- Verification, scheduler, gate and growth need no network; they run in a process of their own, on one thread.

What a node and a cluster can hold is in [capacity](capacity.md). What a flood costs is in [security](security.md).`;
}
