import { dropAll, openAll, WAYS } from '../support/clients.mjs';
import { interleaveGenerations } from '../support/rounds.mjs';
import { ServerProcess } from '../support/server.mjs';
import { makeTokens } from '../support/tokens.mjs';

const CONTENDERS = [
  { id: 'plain', name: 'plain Socket.IO', kind: 'plain', way: WAYS.guest },
  { id: 'noise', name: 'A/A: plain once more', kind: 'plain', way: WAYS.guest },
  {
    id: 'connect',
    name: 'socketio-authorize, token in the CONNECT packet',
    kind: 'authorized',
    way: WAYS.connect,
    target: 1.08,
  },
  {
    id: 'event',
    name: 'socketio-authorize, `authenticate` event',
    kind: 'authorized',
    way: WAYS.event,
    target: 1.18,
  },
  {
    id: 'postConnect',
    name: "post-connect handler, `jwt.verify(token, 'SECRET')`",
    kind: 'postConnect',
    way: WAYS.event,
  },
  {
    id: 'postConnectWithKey',
    name: 'post-connect handler with a `KeyObject`',
    kind: 'postConnectWithKey',
    way: WAYS.event,
  },
];

/** Point 7: every client is dropped at once, and comes back at once with its token. */
export async function storm(plan) {
  const count = plan.stormClients;
  const open = () => Promise.all(CONTENDERS.map((contender) => storming(contender, count)));
  const figures = await interleaveGenerations(open, plan.storm);
  return {
    id: 'storm',
    title: 'Reconnect storm: server CPU per client',
    note: `${count} clients dropped at once, and back at once; from the drop until the last one is usable. They show the token that they had.`,
    unit: 'µs',
    reference: 'plain',
    samples: Object.fromEntries(CONTENDERS.map(({ id }, index) => [id, figures[index]])),
    rows: CONTENDERS,
  };
}

async function storming({ kind, way }, count) {
  const server = await ServerProcess.start(kind);
  const tokens = makeTokens(count);
  let sockets = await openAll(server.port, way, tokens);
  return {
    async measure() {
      const cpu = await server.cpuOf(async () => {
        await dropAll(server, sockets);
        sockets = await openAll(server.port, way, tokens, Infinity);
      });
      return cpu / count;
    },
    async close() {
      await dropAll(server, sockets);
      await server.close();
    },
  };
}
