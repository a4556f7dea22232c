import { dropAll, openAll, WAYS } from '../support/clients.mjs';
import { inProcess, ServerProcess } from '../support/processes.mjs';
import { interleaveGenerations } from '../support/rounds.mjs';
import { makeToken, makeTokens } from '../support/tokens.mjs';

const CONTENDERS = [
  { kind: 'plain', way: WAYS.guest },
  { kind: 'plain', way: WAYS.guest },
  { kind: 'authorized', way: WAYS.connect },
];
const MAX_HEAP = 900;
/** Code that is compiled in the first connections is not what is asked for. */
const WARMUP = 1000;

/** What an idle session keeps in memory, without its token and claims. */
export async function heap(plan) {
  const own = await inProcess('sizes', { what: 'token' });
  const rows = [];
  const samples = {};
  for (const { sockets, rounds } of plan.heap) {
    const [plain, again, authorized] = await holding(sockets, rounds, ({ heap: bytes }) => bytes);
    const above = (figures, less) => figures.map((figure, round) => figure - plain[round] - less);
    const noiseRow = `noise-${sockets}`;
    const id = `session-${sockets}`;
    samples[noiseRow] = above(again, 0);
    samples[id] = above(authorized, own.token + own.claims);
    const count = `${sockets.toLocaleString('en')} sockets`;
    rows.push({ id: noiseRow, name: `A/A: plain once more, ${count}`, isFigure: true });
    rows.push({ id, name: `session, ${count}`, targetFigure: MAX_HEAP, noiseRow });
  }
  return {
    id: 'heap',
    title: 'Heap per authenticated idle session above plain Socket.IO',
    note: `Token (${own.token} bytes on the heap) and claims (${own.claims} bytes) are taken off.`,
    unit: 'bytes',
    samples,
    rows,
  };
}

/** What a node pays for sessions that last: `docs/capacity.md` is worked out from it. */
export async function node(plan) {
  const memory = await holding(plan.audience, plan.memoryRounds, ({ resident }) => resident);
  const [plain, noise, authorized] = memory;
  const [renewal, renewalNoise] = await interleaveGenerations(
    () => Promise.all([renewing(plan.shown), renewing(plan.shown)]),
    plan.servers,
  );
  const [rule, ruleNoise] = await inProcess('sizes', { what: 'rule', rounds: plan.rounds });
  return {
    id: 'node',
    title: 'What a node pays for sessions that last',
    note: `Resident memory with ${plan.audience} connections, the heap and all else of the process; the kernel's buffers are not in it.`,
    unit: 'bytes',
    samples: { plain, noise, authorized, renewal, renewalNoise, rule, ruleNoise },
    rows: [
      { id: 'plain', name: 'resident memory, plain connection' },
      { id: 'noise', name: 'A/A: plain connection once more' },
      { id: 'authorized', name: 'resident memory, authenticated connection' },
      { id: 'rule', name: 'a revocation rule' },
      { id: 'ruleNoise', name: 'A/A: a rule once more' },
      { id: 'renewal', name: 'CPU of a renewal, the network in it', unit: 'µs' },
      { id: 'renewalNoise', name: 'A/A: a renewal once more', unit: 'µs' },
    ].map((row) => Object.assign(row, { isFigure: true })),
  };
}

/** Bytes a connection, in a process each time: what a process once had it does not give back. */
function holding(count, rounds, choose) {
  const open = async ({ kind, way }) => {
    const server = await ServerProcess.start(kind);
    await dropAll(server, await openAll(server.port, way, makeTokens(WARMUP)));
    const tokens = makeTokens(count);
    const memory = async () => ({ heap: await server.ask('heap'), resident: await server.ask('resident') });
    return {
      async measure() {
        const before = choose(await memory());
        const sockets = await openAll(server.port, way, tokens);
        const after = choose(await memory());
        await dropAll(server, sockets);
        return (after - before) / count;
      },
      close: () => server.close(),
    };
  };
  const generations = { generations: rounds, warmups: 0, rounds: 1 };
  return interleaveGenerations(() => Promise.all(CONTENDERS.map((one) => open(one))), generations);
}

async function renewing(count) {
  const server = await ServerProcess.start('authorized');
  const users = Array.from({ length: count }, (_, index) => `user-${index}`);
  const tokens = () => users.map((sub) => makeToken({ sub, jti: `${sub}-${performance.now()}` }));
  const sockets = await openAll(server.port, WAYS.connect, tokens());
  return {
    async measure() {
      const fresh = tokens();
      const renew = (socket, index) =>
        new Promise((done) => {
          socket.once('message', done);
          socket.send(`42["authenticate",{"token":"${fresh[index]}"}]`);
        });
      return (await server.cpuOf(() => Promise.all(sockets.map(renew)))) / count;
    },
    async close() {
      await dropAll(server, sockets);
      await server.close();
    },
  };
}
