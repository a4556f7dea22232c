import { dropAll, openAll, WAYS } from '../support/clients.mjs';
import { interleaveGenerations } from '../support/rounds.mjs';
import { ServerProcess } from '../support/server.mjs';
import { makeTokens } from '../support/tokens.mjs';

const CONTENDERS = [
  { id: 'plain', name: 'plain Socket.IO, no authentication', kind: 'plain', way: WAYS.guest },
  { id: 'noise', name: 'A/A: plain once more', kind: 'plain', way: WAYS.guest },
  {
    id: 'connect',
    name: 'socketio-authorize, token in the CONNECT packet',
    kind: 'authorized',
    way: WAYS.connect,
    target: 1.1,
  },
  {
    id: 'event',
    name: 'socketio-authorize, `authenticate` event',
    kind: 'authorized',
    way: WAYS.event,
    target: 1.22,
  },
  {
    id: 'connectAgain',
    name: 'socketio-authorize, CONNECT packet, a token shown before',
    kind: 'authorized',
    way: WAYS.connect,
    isAgain: true,
    target: 1.1,
  },
  {
    id: 'eventAgain',
    name: 'socketio-authorize, `authenticate` event, a token shown before',
    kind: 'authorized',
    way: WAYS.event,
    isAgain: true,
    target: 1.22,
  },
  {
    id: 'middleware',
    name: "`io.use(jwt.verify(token, 'SECRET'))`",
    kind: 'middleware',
    way: WAYS.handshake,
  },
  {
    id: 'postConnect',
    name: "post-connect handler, `jwt.verify(token, 'SECRET')`",
    kind: 'postConnect',
    way: WAYS.event,
  },
  { id: 'thream', name: '`@thream/socketio-jwt` 3.1.4', kind: 'thream', way: WAYS.bearer },
  {
    id: 'middlewareWithKey',
    name: '`io.use` with a `KeyObject`',
    kind: 'middlewareWithKey',
    way: WAYS.handshake,
  },
  {
    id: 'postConnectWithKey',
    name: 'post-connect handler with a `KeyObject`',
    kind: 'postConnectWithKey',
    way: WAYS.event,
  },
  { id: 'plain2', name: 'plain Socket.IO 2', kind: 'plain2', way: WAYS.guest2 },
  {
    id: 'socketioJwt',
    name: '`socketio-jwt` 4.6.2, against plain Socket.IO 2',
    kind: 'socketioJwt',
    way: WAYS.event2,
    reference: 'plain2',
  },
];

/** The peers that the promise "1.8 times cheaper" is about. */
const PEERS = ['middleware', 'postConnect', 'thream'];
/** Those that are asked how a server does that has just started. */
const AT_START = new Set(['plain', 'noise', 'connect', 'event', 'middleware', 'postConnect']);
/** Point 1: server CPU per authenticated connection, of a server that has been up for a while. */
export async function connections({ residents, connections: { count, ...rounds } }) {
  const open = () => Promise.all(CONTENDERS.map((contender) => connecting(contender, count, residents)));
  return tableOf(CONTENDERS, await interleaveGenerations(open, rounds), {
    id: 'connections',
    title: 'Server CPU per authenticated connection',
    note: `HS256, a string as secret; ${count} new WebSocket connections a round, each with a token that the server has not seen, except where a row says otherwise.`,
  });
}

/** The same for the first clients of a process: much is code that is not compiled yet. */
export async function start({ start: { count, rounds } }) {
  const contenders = CONTENDERS.filter(({ id }) => AT_START.has(id));
  const open = () => Promise.all(contenders.map((contender) => connecting(contender, count, 0)));
  const figures = await interleaveGenerations(open, { generations: rounds, warmups: 0, rounds: 1 });
  return tableOf(contenders, figures, {
    id: 'start',
    title: 'The same for the first connections of a process',
    note: `A new process each round, and its first ${count} connections: most of the code is not compiled yet.`,
  });
}

function tableOf(contenders, figures, table) {
  const peers = PEERS.filter((peer) => contenders.some(({ id }) => id === peer));
  return {
    ...table,
    unit: 'µs',
    reference: 'plain',
    samples: Object.fromEntries(contenders.map(({ id }, index) => [id, figures[index]])),
    rows: [
      ...contenders,
      ...peers.map((peer) => ({
        id: `${peer}-gain`,
        name: `${contenders.find(({ id }) => id === peer).name}, against our dearer way`,
        figures: peer,
        reference: 'event',
        atLeast: 1.8,
      })),
    ],
  };
}

async function connecting({ kind, way, isAgain = false }, count, residents) {
  const server = await ServerProcess.start(kind);
  const others = await openAll(server.port, way, makeTokens(residents));
  let tokens = makeTokens(count);
  return {
    async measure() {
      if (!isAgain) tokens = makeTokens(count);
      let sockets;
      const cpu = await server.cpuOf(async () => {
        sockets = await openAll(server.port, way, tokens);
      });
      await dropAll(server, sockets, residents);
      return cpu / count;
    },
    async close() {
      await dropAll(server, others);
      await server.close();
    },
  };
}
