import { dropAll, openAll, WAYS } from '../support/clients.mjs';
import { interleaveGenerations } from '../support/rounds.mjs';
import { ServerProcess } from '../support/server.mjs';
import { inProcess } from '../support/task.mjs';
import { makeTokens } from '../support/tokens.mjs';

const CONTENDERS = [
  { id: 'plain', kind: 'plain', way: WAYS.guest },
  { id: 'noise', kind: 'plain', way: WAYS.guest },
  { id: 'authorized', kind: 'authorized', way: WAYS.connect },
];
const TARGET = 900;
const WARMUP = 1000;

/** Point 4: what an idle session holds, besides the token and the claims that it is about. */
export async function heap(plan) {
  const own = await inProcess('token-size');
  const suites = [];
  for (const { sockets, rounds } of plan.heap) suites.push(await heapAt(sockets, rounds, own));
  const [first, ...others] = suites;
  return {
    id: 'heap',
    title: 'Heap per authenticated idle session above plain Socket.IO',
    note: `Token (${own.token} bytes on the heap) and claims (${own.claims} bytes) are taken off.`,
    unit: 'bytes',
    samples: Object.assign({}, first.samples, ...others.map(({ samples }) => samples)),
    rows: suites.flatMap(({ rows }) => rows),
  };
}

async function heapAt(sockets, rounds, own) {
  const open = () => Promise.all(CONTENDERS.map((contender) => holding(contender, sockets)));
  // A process each time, since each remembers tokens that others have shown.
  const [plain, again, authorized] = await interleaveGenerations(open, {
    generations: rounds,
    warmups: 0,
    rounds: 1,
  });
  const differences = (figures, less) => figures.map((figure, round) => figure - plain[round] - less);
  const count = sockets.toLocaleString('en');
  const noise = `noise-${sockets}`;
  const session = `session-${sockets}`;
  return {
    samples: {
      [noise]: differences(again, 0),
      [session]: differences(authorized, own.token + own.claims),
    },
    rows: [
      { id: noise, name: `A/A: plain once more, ${count} sockets`, isFigure: true },
      { id: session, name: `session, ${count} sockets`, targetFigure: TARGET, noiseRow: noise },
    ],
  };
}

async function holding({ kind, way }, count) {
  const server = await ServerProcess.start(kind);
  // Code that is compiled now is not what is asked for.
  await dropAll(server, await openAll(server.port, way, makeTokens(WARMUP)));
  const tokens = makeTokens(count);
  return {
    async measure() {
      const before = await server.ask('heap');
      const sockets = await openAll(server.port, way, tokens);
      const after = await server.ask('heap');
      await dropAll(server, sockets);
      return (after - before) / count;
    },
    close: () => server.close(),
  };
}
