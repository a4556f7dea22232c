import { io } from 'socket.io-client';
import { dropAll, openAll, WAYS } from '../support/clients.mjs';
import { ServerProcess } from '../support/processes.mjs';
import { interleave, takeTurns } from '../support/rounds.mjs';
import { makeToken, makeTokens } from '../support/tokens.mjs';
import { median } from '../support/statistics.mjs';

const CONTENDERS = [
  { id: 'plain', name: 'plain `connect()`', kind: 'plain', way: WAYS.guest, usable: 'connect' },
  { id: 'noise', name: 'A/A: plain once more', kind: 'plain', way: WAYS.guest, usable: 'connect' },
  {
    id: 'connect',
    name: 'socketio-authorize, token in the CONNECT packet',
    kind: 'authorized',
    way: WAYS.connect,
    usable: 'authenticated',
    auth: () => ({ token: freshToken() }),
    target: 1.05,
  },
  {
    id: 'event',
    name: 'socketio-authorize, `authenticate` event',
    kind: 'authorized',
    way: WAYS.event,
    usable: 'authenticated',
    authenticate: () => ({ token: freshToken() }),
  },
];

/** A user's wait, with the real client, one connection at a time. */
export async function latency(plan) {
  const servers = await Promise.all(CONTENDERS.map(({ kind, way }) => warmServer(kind, way, plan)));
  const connecting = CONTENDERS.map((contender, index) => () => connectOnce(servers[index].port, contender));
  const waits = CONTENDERS.map(() => []);
  // A round is made of single connections in turn: a disturbance of a few ms hits one of each.
  const measure = async (round) => {
    const singles = connecting.map((connect) => ({ measure: connect }));
    const counts = { warmups: round < 0 ? 50 : 0, rounds: plan.latencyConnections };
    const figures = await takeTurns(singles, counts, () => {});
    if (round >= 0) for (const [index, some] of figures.entries()) waits[index].push(median(some));
  };
  await interleave([{ measure }], { warmups: 1, rounds: plan.rounds });
  await Promise.all(servers.map((server) => server.close()));
  return {
    id: 'latency',
    title: "Client's time from `connect()` to usable",
    note: `socket.io-client over WebSocket, one connection at a time, the median of ${plan.latencyConnections} a round.`,
    unit: 'ms',
    reference: 'plain',
    samples: Object.fromEntries(CONTENDERS.map(({ id }, index) => [id, waits[index]])),
    rows: CONTENDERS.map(({ id, name, target }) => ({ id, name, target })),
  };
}

/** One that has seen clients before, and has some: the compiler has done its work. */
async function warmServer(kind, way, { latencyWarmup, residents }) {
  const server = await ServerProcess.start(kind);
  await openAll(server.port, way, makeTokens(residents));
  for (let done = 0; done < latencyWarmup; done += 500) {
    await dropAll(server, await openAll(server.port, way, makeTokens(500)), residents);
  }
  return server;
}

async function connectOnce(port, { usable, auth, authenticate }) {
  const options = { transports: ['websocket'], forceNew: true, reconnection: false, autoConnect: false };
  const socket = io(`http://127.0.0.1:${port}`, { ...options, ...(auth && { auth: auth() }) });
  const shown = authenticate?.();
  if (shown) socket.on('connect', () => socket.emit('authenticate', shown));
  const wait = await new Promise((done) => {
    const begin = performance.now();
    socket.on(usable, () => done(performance.now() - begin));
    socket.connect();
  });
  const closed = new Promise((done) => socket.io.engine.on('close', done));
  socket.disconnect();
  await closed;
  return wait;
}

let made = 0;

/** One that the server has not seen. */
function freshToken() {
  made += 1;
  return makeToken({ sub: 'bob', jti: `token-${made}` });
}
