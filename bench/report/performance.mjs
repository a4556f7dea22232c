/** Writes `docs/performance.md`. */
import { resolve } from 'node:path';
import { DOCS, writeDocument } from './document.mjs';
import { format, toMarkdown, toRows } from './tables.mjs';

/** Why a figure may miss its goal, by table, or by table and row. Shown only where it does. */
const VERIFIED =
  "Above plain Socket.IO stand the verification, one packet more (`authenticated`), and the library's own code; the profile below says how much each. The row `io.use` with a `KeyObject` shows what the verification by `jsonwebtoken` costs alone: the goal leaves less than that on this machine.";
const ASKED =
  'Besides what a login by the CONNECT packet pays, the server reads one more packet, writes once more, and takes one more turn of the event loop. The hand-written handler with a `KeyObject`, in the same table, shows what that costs alone.';
const COLD =
  'Code that has run a few hundred times is still interpreted, the verification and the library as much as Socket.IO: what there is more of it costs as much more.';
const USABLE =
  'One connection at a time finds nothing in the caches of the processor, so the same work takes several times as long as under load. The client counts as usable when it has heard `authenticated`, one packet later than `connect`.';

const REASONS = {
  'connections/connect': VERIFIED,
  'connections/event': ASKED,
  start: COLD,
  'storm/connect':
    "Above plain Socket.IO stand the verification, the `authenticated` packet, and the library's own code.",
  'storm/event':
    'As with a single connection, there is one more packet of each client; compare the hand-written handler with a `KeyObject`.',
  'latency/connect': USABLE,
};

/**
 * @param tables what was measured
 * @param shares what `profile()` gives
 * @param seconds that all suites took
 * @param machine where
 * @param chart the chart's file
 */
export async function writePerformance({ tables, shares, seconds, machine, chart, plan }) {
  const parts = [
    head({ seconds, machine, chart }),
    summary(tables),
    ...tables.map(section),
    whereTimeGoes(shares),
    howMeasured(plan),
  ];
  await writeDocument(resolve(DOCS, 'performance.md'), `${parts.join('\n\n')}\n`);
}

function head({ seconds, machine, chart }) {
  return `# Performance

What authentication costs on top of Socket.IO, with every protection on: gate, isolation, expiry, limits, revocation.

\`npm run bench\` measures all of this and writes this page. \`npm run bench -- storm\` measures one suite and keeps the
others' figures; \`npm run bench -- --quick\` measures everything in small and writes nothing. These suites took
${(seconds / 60).toFixed(1)} minutes (${machine}). Only ratios within one suite mean anything: absolute figures are
this machine's.

![Server CPU per authenticated connection, by how it is authenticated](${chart})`;
}

function summary(tables) {
  const withGoal = tables.flatMap(toRows).filter(({ isKept }) => isKept !== undefined);
  const kept = withGoal.filter(({ isKept }) => isKept).length;
  return `Of ${withGoal.length} goals, ${kept} are kept and ${withGoal.length - kept} are missed. The median decides. _Noise_ is how far the A/A row,
the same server measured twice, strays from itself in that run: a median that misses its goal by less than that may be
chance.`;
}

function section(table) {
  const missed = toRows(table).filter(({ isKept }) => isKept === false);
  const reasons = missed
    .map((row) => REASONS[`${table.id}/${row.id}`] ?? REASONS[table.id])
    .filter((one) => one !== undefined);
  return [`## ${table.title}`, table.note, toMarkdown(table), ...new Set(reasons)].join('\n\n');
}

function whereTimeGoes(shares) {
  const spenders = [...new Set(Object.values(shares).flatMap(Object.keys))].toSorted(
    (a, b) => (shares.plain[b] ?? 0) - (shares.plain[a] ?? 0),
  );
  const columns = ['plain', 'connect', 'event'];
  const total = (name) => Object.values(shares[name]).reduce((sum, one) => sum + one, 0);
  const share = (name, ...some) =>
    ((some.reduce((sum, one) => sum + (shares[name][one] ?? 0), 0) / total(name)) * 100).toFixed(1);
  const more = (spender) => format((shares.connect[spender] ?? 0) - (shares.plain[spender] ?? 0));
  const lines = spenders.map(
    (spender) => `| ${spender} | ${columns.map((name) => format(shares[name][spender] ?? 0)).join(' | ')} |`,
  );
  return `## Where the time goes

A CPU profile of the server's process while clients connect, log in and leave, in µs a connection
(\`npm run bench -- profile\`):

| | plain Socket.IO | token in the CONNECT packet | \`authenticate\` event |
| --- | --: | --: | --: |
${lines.join('\n')}
| together | ${columns.map((name) => format(total(name))).join(' | ')} |

Most of a connection is the upgrade to WebSocket and the kernel's part in it, which no authentication can save. Of a
login by the CONNECT packet, ${share('connect', 'socketio-authorize')} % is this library's own code, and ${share('connect', 'jsonwebtoken', "Node's crypto")} % is the verification: \`jsonwebtoken\`, its
dependencies, and the HMAC. The \`authenticated\` packet goes through Socket.IO and onto the network as any other:
${more('Socket.IO and ws')} µs and ${more('writes to the network')} µs above plain. By event the server also reads the client's own packet. What the
hand-written servers lose is in none of these rows: given a string as secret, \`jsonwebtoken\` first tries to read it as
a public key, for every token, and throws inside. The library makes the key ready once.`;
}

function howMeasured({ residents, servers: { generations, warmups, rounds } }) {
  return `## What was given up

An earlier version corked the answer to every upgrade, held the transport while a socket connected, and kept a cache of
verified tokens. Two vulnerabilities were in the cache, and a reviewer had to stop at each of the three. They are gone.
Measured on that version, with and without, in 24 rounds: together they saved 0.16 of plain Socket.IO's cost of a
connection with the token in the CONNECT packet, and 0.02 by event.

## How it is measured

- Each server is a process of its own; what counts is that process's CPU time, all threads, asked over IPC. Clients are
  bare WebSockets in another process, the same for every server.
- All contenders take turns within a round, each round begins with another one, and a ratio is formed within the round.
  The tables show medians; _95 %_ is the confidence interval of the median, by order statistics.
- Generations of processes, each with its warm-up rounds, then its measured ones: ${generations} × (${warmups} + ${rounds}) as a rule. What a process was dealt at its start would otherwise pass for a property of the code.
- Servers are measured as they are after a while, with compiled code: the garbage collector comes when it will, and
  ${residents} clients stay connected while others come and go. Full collections on an empty server make V8 throw away, again
  and again, what it has learned. How a server does that has just started has a table of its own.
- Verification, scheduler and growth need no network; they run in a process of their own, on one thread.

What a node and a cluster can hold is in [capacity](capacity.md). What a flood costs is in [security](security.md).`;
}
