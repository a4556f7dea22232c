import { askDone, dropAll, openAll, WAYS } from '../support/clients.mjs';
import { interleaveGenerations } from '../support/rounds.mjs';
import { ServerProcess } from '../support/server.mjs';
import { inProcess } from '../support/task.mjs';
import { makeForgedTokens, makeTokens } from '../support/tokens.mjs';

/** Dropped events that a socket is told of. */
const ANSWERED = 16;
const EVENT = '42["message","a message of forty characters or thereabouts"]';

/** Point 12: what it costs to say no. */
export async function refusals(plan) {
  const forged = await forgedTokens(plan);
  const events = await pendingEvents(plan);
  const long = await inProcess('long-token', { rounds: plan.rounds });
  return [forged, events, long];
}

async function forgedTokens(plan) {
  const count = plan.refusals;
  const contenders = [
    { id: 'good', name: 'good token', make: makeTokens, way: WAYS.event },
    { id: 'noise', name: 'A/A: good token once more', make: makeTokens, way: WAYS.event },
    { id: 'forged', name: 'forged token', make: makeForgedTokens, way: WAYS.refusedEvent, target: 1.2 },
  ];
  const open = () => Promise.all(contenders.map((one) => attempting(one, count)));
  const figures = await interleaveGenerations(open, plan.servers);
  return {
    id: 'forged',
    title: 'Server CPU for a forged token, by `authenticate` event',
    note: `${count} connected clients show one token each; the connection itself is not counted.`,
    unit: 'µs',
    reference: 'good',
    samples: Object.fromEntries(contenders.map(({ id }, index) => [id, figures[index]])),
    rows: contenders,
  };
}

async function attempting({ make, way }, count) {
  const server = await ServerProcess.start('authorized');
  const usable = (text) => (way.usable && text.startsWith(way.usable)) || way.usableWithId?.test(text);
  return {
    async measure() {
      // New ones each round, or the good ones would be recognised.
      const tokens = make(count);
      const sockets = await openAll(server.port, WAYS.guest, tokens);
      const cpu = await server.cpuOf(() =>
        Promise.all(
          sockets.map(
            (socket, index) =>
              new Promise((done) => {
                socket.on('message', (data) => usable(data.toString('latin1')) && done());
                socket.send(way.onConnect(tokens[index]));
              }),
          ),
        ),
      );
      await dropAll(server, sockets);
      return cpu / count;
    },
    close: () => server.close(),
  };
}

/** A flood from few sockets, and the first events of many: those are answered, see `not_authenticated`. */
async function pendingEvents(plan) {
  const flood = { sockets: plan.talkers, each: plan.flood };
  const contenders = [
    { id: 'accepted', name: 'event of an authenticated socket', way: WAYS.connect, ...flood },
    { id: 'noise', name: 'A/A: accepted once more', way: WAYS.connect, ...flood },
    { id: 'pending', name: 'event of a pending socket', way: WAYS.guest, ...flood, target: 1.05 },
    {
      id: 'answered',
      name: `its first ${ANSWERED}, which are answered`,
      way: WAYS.guest,
      sockets: (plan.talkers * plan.flood) / ANSWERED / 4,
      each: ANSWERED,
    },
  ];
  const open = () => Promise.all(contenders.map(talking));
  const figures = await interleaveGenerations(open, plan.servers);
  return {
    id: 'pending-events',
    title: 'Server CPU for an event of a pending socket',
    note: `${plan.talkers} new sockets a round, ${plan.flood} events each.`,
    unit: 'µs',
    reference: 'accepted',
    samples: Object.fromEntries(contenders.map(({ id }, index) => [id, figures[index]])),
    rows: contenders,
  };
}

async function talking({ way, sockets: count, each }) {
  const server = await ServerProcess.start('authorized');
  const tokens = makeTokens(count);
  return {
    async measure() {
      // New ones each round: a socket's first dropped events are answered.
      const sockets = await openAll(server.port, way, tokens);
      const cpu = await server.cpuOf(async () => {
        for (let turn = 0; turn < each; turn += 1) {
          for (const socket of sockets) socket.send(EVENT);
          if (turn % 4 === 0) await askDone(sockets[0]);
        }
        await Promise.all(sockets.map(askDone));
      });
      await dropAll(server, sockets);
      return cpu / (count * each);
    },
    close: () => server.close(),
  };
}
