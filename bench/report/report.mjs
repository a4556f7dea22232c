/** Writes `docs/performance.md` and its chart. */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { versionOf } from '../support/build.mjs';
import { writeCapacity } from './capacity.mjs';
import { writeDocument } from './document.mjs';
import { toChart } from './chart.mjs';
import { REASONS } from './reasons.mjs';
import { toRows } from './rows.mjs';
import { format, toMarkdown } from './text.mjs';

const DOCS = resolve(import.meta.dirname, '../../docs');
const CHART = 'performance.svg';

/**
 * @param tables what was measured
 * @param shares what `profile()` gives
 * @param seconds that the run took
 */
export async function writeReport({ tables, shares, seconds, plan }) {
  const connections = tables.find(({ id }) => id === 'connections');
  writeFileSync(
    resolve(DOCS, CHART),
    toChart(connections, 'Server CPU per authenticated connection, plain Socket.IO = 1'),
  );
  await writeCapacity(tables, DOCS);
  const parts = [
    head(seconds),
    summary(tables),
    ...tables.map(section),
    whereTimeGoes(shares),
    howMeasured(plan),
  ];
  await writeDocument(resolve(DOCS, 'performance.md'), `${parts.join('\n\n')}\n`);
}

function head(seconds) {
  const [{ model }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `# Performance

What authentication costs on top of Socket.IO, with every protection on: gate, isolation, expiry, limits, revocation.

\`npm run bench\` measures all of this and writes this page; \`npm run bench -- --quick\` measures the same in small and
writes nothing. This run took ${(seconds / 60).toFixed(1)} minutes on ${cpus().length} cores (${model.trim()}, ${memory} GiB), Node
${process.versions.node}, Socket.IO ${versionOf('socket.io')}, jsonwebtoken ${versionOf('jsonwebtoken')}. Only ratios within one run mean anything; absolute
figures are this machine's.

![Server CPU per authenticated connection, by how it is authenticated](${CHART})`;
}

function summary(tables) {
  const promised = tables.flatMap(toRows).filter(({ verdict }) => verdict !== undefined);
  const count = (verdict) => promised.filter((row) => row.verdict === verdict).length;
  return `Of ${promised.length} promises, ${count('met')} are met beyond the noise of the run, ${count('within noise')} cannot be told from it, and ${count('missed')} are
missed. *Kept* says which: a promise is *met* if it holds even when the noise, as the A/A row has it (the same server
measured twice), is added to the figure; *missed* if it does not hold even when the noise is taken off.`;
}

function section(table) {
  const fallen = toRows(table).filter(({ verdict }) => verdict === 'missed' || verdict === 'within noise');
  const reasons = fallen.map((row) => reasonOf(table, row)).filter((one) => one !== undefined);
  return [`## ${table.title}`, table.note, toMarkdown(table), ...new Set(reasons)].join('\n\n');
}

function reasonOf({ id }, row) {
  return REASONS[`${id}/${row.id}`] ?? REASONS[id];
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
(\`npm run bench -- --profile\` makes it alone):

| | plain Socket.IO | token in the CONNECT packet | \`authenticate\` event |
| --- | --: | --: | --: |
${lines.join('\n')}
| together | ${columns.map((name) => format(total(name))).join(' | ')} |

Most of a connection is the upgrade to WebSocket and the kernel's part in it, which no authentication can save. Of a
login by the CONNECT packet, ${share('connect', 'socketio-authorize')} % is this library's own code, and ${share('connect', 'jsonwebtoken', "Node's crypto")} % is the verification: \`jsonwebtoken\`, what it
stands on, and the HMAC. The \`authenticated\` packet goes once more through Socket.IO, ${more('Socket.IO and ws')} µs above plain. It leaves
in one write with CONNECT, and when clients come in crowds, the answer to the upgrade in one with the open packet; those
writes are longer, and all of them together take ${more('writes to the network')} µs above plain. By event the client's own packet is to be read as well, and there is
a write more. What the hand-written servers lose is in none of these rows: given a string as secret, \`jsonwebtoken\`
first tries to read it as a public key, for every token, and throws inside. The library makes the key ready once. A token
that it has seen before, and that is still good, it does not verify again: see [security](security.md).`;
}

function howMeasured({ residents, servers: { generations, warmups, rounds } }) {
  return `## How it is measured

- Each server is a process of its own; what counts is that process's CPU time, all threads, asked over IPC. Clients are
  bare WebSockets in another process, the same for every server.
- All contenders take turns within a round, each round begins with another one, and a ratio is formed within the round.
  The tables show medians; *95 %* is the confidence interval of the median, by order statistics.
- Generations of processes, each with its warm-up rounds, then its measured ones: ${generations} × (${warmups} + ${rounds}) as a rule. What a process was dealt at its start would otherwise pass for a property of the code.
- Servers are measured as they are after a while, with compiled code: the garbage collector comes when it will, and
  ${residents} clients stay connected while others come and go. Full collections on an empty server make V8 throw away, again
  and again, what it has learned. How a server does that has just started has a table of its own.
- Verification, scheduler and growth need no network; they run in a process of their own, on one thread.

What a node and a cluster can hold is in [capacity](capacity.md).`;
}
