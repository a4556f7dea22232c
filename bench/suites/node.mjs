import { dropAll, openAll, WAYS } from '../support/clients.mjs';
import { interleaveGenerations } from '../support/rounds.mjs';
import { ServerProcess } from '../support/server.mjs';
import { inProcess } from '../support/task.mjs';
import { makeToken, makeTokens } from '../support/tokens.mjs';

/** What a node pays for sessions that last: the ground that `docs/capacity.md` stands on. */
export async function node(plan) {
  const [plain, noise, authorized] = await memory(plan);
  const renewals = await interleaveGenerations(
    () => Promise.all([renewing(plan.refusals), renewing(plan.refusals)]),
    plan.servers,
  );
  const rules = await inProcess('rule-size', { rounds: plan.rounds });
  return {
    id: 'node',
    title: 'What a node pays for sessions that last',
    note: `Resident memory with ${plan.audience} connections, the heap and all else of the process; the kernel's buffers are not in it.`,
    unit: 'bytes',
    samples: { plain, noise, authorized, ...toSamples(renewals, rules) },
    rows: [
      { id: 'plain', name: 'resident memory, plain connection', isFigure: true },
      { id: 'noise', name: 'A/A: plain connection once more', isFigure: true },
      { id: 'authorized', name: 'resident memory, authenticated connection', isFigure: true },
      { id: 'rule', name: 'a revocation rule', isFigure: true },
      { id: 'ruleNoise', name: 'A/A: a rule once more', isFigure: true },
      { id: 'renewal', name: 'CPU of a renewal, the network in it', unit: 'µs', isFigure: true },
      { id: 'renewalNoise', name: 'A/A: a renewal once more', unit: 'µs', isFigure: true },
    ],
  };
}

function toSamples([renewal, renewalNoise], [rule, ruleNoise]) {
  return { renewal, renewalNoise, rule, ruleNoise };
}

/** A process each time: what a process once had it does not give back. */
async function memory({ audience, memoryRounds }) {
  const kinds = [
    ['plain', WAYS.guest],
    ['plain', WAYS.guest],
    ['authorized', WAYS.connect],
  ];
  const open = () => Promise.all(kinds.map(([kind, way]) => holding(kind, way, audience)));
  return interleaveGenerations(open, { generations: memoryRounds, warmups: 0, rounds: 1 });
}

async function holding(kind, way, count) {
  const server = await ServerProcess.start(kind);
  const tokens = makeTokens(count);
  return {
    async measure() {
      // Code that is compiled now is not what is asked for.
      await dropAll(server, await openAll(server.port, way, tokens.slice(0, 500)));
      await server.ask('heap');
      const before = await server.ask('resident');
      const sockets = await openAll(server.port, way, tokens);
      await server.ask('heap');
      const after = await server.ask('resident');
      await dropAll(server, sockets);
      return (after - before) / count;
    },
    close: () => server.close(),
  };
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
