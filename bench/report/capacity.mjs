/** Works out `docs/capacity.md` from measured figures and the simulation. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { DOCS, writeDocument } from './document.mjs';
import { median } from '../support/statistics.mjs';

/** What is assumed, and said so in the document. */
const LIFE = 3600;
const RETURN = 60;
const BUSY = 0.7;
const REVOKED_AN_HOUR = 0.001;
const RENEWAL_AT = 0.76;
const SIZES = [1_000_000, 10_000_000, 100_000_000];

/** @param tableOf gives what a suite measured */
export function writeCapacity(tableOf) {
  return writeDocument(resolve(DOCS, 'capacity.md'), toDocument(figuresOf(tableOf), simulation()));
}

function figuresOf(tableOf) {
  const figure = (table, row) => median(tableOf(table).samples[row]);
  const loginCpu = figure('connections', 'connect') / 1e6;
  return {
    loginCpu,
    plainCpu: figure('connections', 'plain') / 1e6,
    renewalCpu: figure('node', 'renewal') / 1e6,
    plainMemory: figure('node', 'plain'),
    memory: figure('node', 'authorized'),
    rule: figure('node', 'rule'),
    // What a process can take back in time, rounded down.
    held: Math.floor((RETURN * BUSY) / loginCpu / 5000) * 5000,
  };
}

function simulation() {
  const script = resolve(import.meta.dirname, '../simulate.mjs');
  return execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim();
}

const whole = (value) => Math.round(value).toLocaleString('en');
const rough = (value) => (value < 10 ? value.toPrecision(2) : whole(value));
const inBytes = (bytes) => {
  const [unit, size] = [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 1],
  ].find(([, least]) => bytes >= least);
  return `${rough(bytes / (unit === 'KiB' ? 2 ** 10 : size))} ${unit}`;
};

function cluster(sessions, { held, memory, renewalCpu, rule }) {
  const processes = Math.ceil(sessions / held);
  const renewals = sessions / (RENEWAL_AT * LIFE);
  const revocations = (sessions * REVOKED_AN_HOUR) / 3600;
  const rules = revocations * LIFE;
  return [
    ['processes of one core each', whole(processes)],
    ['memory, all together', inBytes(sessions * memory)],
    ['memory, each', inBytes(Math.min(held, sessions) * memory)],
    [`logins a second while all come back in ${RETURN} s`, whole(sessions / RETURN)],
    ['renewals a second', whole(renewals)],
    ['CPU that they take of each core', `${((renewals / processes) * renewalCpu * 100).toFixed(2)} %`],
    ['revocations a second', rough(revocations)],
    ['rules that hold at a time', whole(rules)],
    ['memory for them, each process, without a shared store', inBytes(rules * rule)],
    [
      'the same with `redisRevocationStore`: the last ten minutes',
      inBytes(Math.min(rules, revocations * 600) * rule),
    ],
    ['keys that Redis is asked for a second', whole(renewals * 2)],
    ['rules that Redis writes a second, each node writing it', rough(revocations * processes)],
    ['deliveries of the adapter a second', rough(revocations * processes)],
  ];
}

function toDocument(figures, simulated) {
  const { loginCpu, plainCpu, renewalCpu, plainMemory, memory, rule, held } = figures;
  const columns = SIZES.map((size) => cluster(size, figures));
  const lines = columns[0].map(
    ([name], row) => `| ${name} | ${columns.map((one) => one[row][1]).join(' | ')} |`,
  );
  return `# Capacity

What one node holds, and what 1, 10 and 100 million sessions take. Worked out from the figures in
[performance](performance.md), by the same command, on the machine that is named there. Your machine and, above all, your
application have other figures; the arithmetic stays.

## One node

A node is one Node process on one core. It pays:

- ${(memory / 1024).toFixed(1)} KiB of resident memory for an authenticated connection over WebSocket (${(plainMemory / 1024).toFixed(1)} KiB without the library, in the same run). The
  kernel's buffers come on top, and what the application keeps.
- ${whole(loginCpu * 1e6)} µs of CPU for a connection with its login (token in the CONNECT packet); ${whole(plainCpu * 1e6)} µs are
  the connection itself.
- ${whole(renewalCpu * 1e6)} µs for a renewal, and nothing at all for a session that waits.
- ${whole(rule)} bytes for a revocation rule.

Memory does not set the limit, and neither do renewals: it is the moment in which everyone reconnects. A process that
shall have taken in all its clients ${RETURN} s after a restart, with a core that is ${BUSY * 100} % theirs, holds
${RETURN} s × ${BUSY} ÷ ${whole(loginCpu * 1e6)} µs, **${whole(held)} sessions** (rounded down). They take ${inBytes(held * memory)} of memory.
If your clients may take longer to come back, a process holds as many more. TLS, which is not in these figures, is best
ended in front of the nodes.

\`maxPending\` is what keeps such a moment from becoming an outage: clients past it are told \`server_busy\`, and try later.

## A cluster

Tokens live an hour; one session in ${1 / REVOKED_AN_HOUR} is revoked within it.

| sessions | ${SIZES.map(whole).join(' | ')} |
| --- | ${SIZES.map(() => '--:').join(' | ')} |
${lines.join('\n')}

- Renewals: at 72 to 80 % of a token's life, ${RENEWAL_AT * 100} % in the mean. Tokens that live a quarter of an hour make four times as many.
- Rules: kept until the tokens that they refuse have expired, so give \`revoke\` the token's \`exp\`, or the authorizer a
  \`maxAge\`; otherwise they are kept permanently.
- Redis: a login and a renewal each ask for two keys, the \`jti\` and the \`sub\` (one more for a \`sid\`, and twice as many
  if the token names its issuer); all that are asked for in one tick go in one \`MGET\`. Each process also asks once in ten
  seconds for what is new. Without a shared store Redis is not asked at all.
- The adapter: a revocation is told to every process, and each writes it to Redis, in case the teller dies. That product
  is what ends the growth of a single cluster: at 100 million sessions, run several, and send a user always to the same.

## Renewals and expiries on virtual time

\`npm run simulate\` draws the moments of every renewal and every expiry as the client draws them, with a fixed seed.

${simulated}

- On any day the busiest second is near the mean, and no second is special.
- After a restart the same holds where clients show the tokens that they have, as most token libraries do while a token
  is good: each has another life left, and the renewals come as spread as they were issued.
- Where the restart makes an issuer give everyone a new token in the same minute, renewals come in a wave. The client's
  spread makes it a fifth of what it were without, and flattens it from life to life. It is also a fraction of the wave of
  logins that it follows from, and a renewal costs ${Math.round((renewalCpu / loginCpu) * 100)} % of a login. If the issuer should be spared too, let it
  draw the life of each token between a half and all of what it may be: the wave is gone within the first life.
`;
}
