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

/** Point 1: server CPU per authenticated connection. */
export async function connections(plan) {
  const open = () => Promise.all(CONTENDERS.map((contender) => connecting(contender, plan.connections)));
  const figures = await interleaveGenerations(open, plan.servers);
  const samples = Object.fromEntries(CONTENDERS.map(({ id }, index) => [id, figures[index]]));
  return {
    id: 'connections',
    title: 'Server CPU per authenticated connection',
    note: `HS256, a string as secret, ${plan.connections} WebSocket connections a round.`,
    unit: 'µs',
    reference: 'plain',
    samples,
    rows: [
      ...CONTENDERS,
      ...PEERS.map((peer) => ({
        id: `${peer}-gain`,
        name: `${CONTENDERS.find(({ id }) => id === peer).name}, against our dearer way`,
        figures: peer,
        reference: 'event',
        atLeast: 1.8,
      })),
    ],
  };
}

async function connecting({ kind, way }, count) {
  const server = await ServerProcess.start(kind);
  const tokens = makeTokens(count);
  return {
    async measure() {
      let sockets;
      const cpu = await server.cpuOf(async () => {
        sockets = await openAll(server.port, way, tokens);
      });
      await dropAll(server, sockets);
      return cpu / count;
    },
    close: () => server.close(),
  };
}
