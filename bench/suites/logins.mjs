import { dropAll, openAll, WAYS } from '../support/clients.mjs';
import { ServerProcess } from '../support/processes.mjs';
import { compare } from '../support/rounds.mjs';
import { makeForgedTokens, makeTokens } from '../support/tokens.mjs';

/** What a login costs by each way, and by what others offer. */
const CONTENDERS = {
  plain: { name: 'plain Socket.IO, no authentication', kind: 'plain', way: WAYS.guest },
  noise: { name: 'A/A: plain once more', kind: 'plain', way: WAYS.guest },
  connect: {
    name: 'socketio-authorize, token in the CONNECT packet',
    kind: 'authorized',
    way: WAYS.connect,
  },
  event: { name: 'socketio-authorize, `authenticate` event', kind: 'authorized', way: WAYS.event },
  middleware: {
    name: "`io.use(jwt.verify(token, 'SECRET'))`",
    kind: 'middleware',
    way: WAYS.handshake,
  },
  postConnect: {
    name: "post-connect handler, `jwt.verify(token, 'SECRET')`",
    kind: 'postConnect',
    way: WAYS.event,
  },
  thream: { name: '`@thream/socketio-jwt` 3.1.4', kind: 'thream', way: WAYS.bearer },
  middlewareWithKey: {
    name: '`io.use` with a `KeyObject`',
    kind: 'middlewareWithKey',
    way: WAYS.handshake,
  },
  postConnectWithKey: {
    name: 'post-connect handler with a `KeyObject`',
    kind: 'postConnectWithKey',
    way: WAYS.event,
  },
  plain2: { name: 'plain Socket.IO 2', kind: 'plain2', way: WAYS.guest2 },
  socketioJwt: {
    name: '`socketio-jwt` 4.6.2, against plain Socket.IO 2',
    kind: 'socketioJwt',
    way: WAYS.event2,
    reference: 'plain2',
  },
};

/** Our two ways of logging in, each with the best that one can write by hand with `jsonwebtoken`. */
const BY_HAND = {
  connect: { reference: 'middlewareWithKey', target: 1.12, what: '`io.use` with a `KeyObject`' },
  event: {
    reference: 'postConnectWithKey',
    target: 1.03,
    what: 'the post-connect handler with a `KeyObject`',
  },
};
/** What people use: the usual lines, and the published package. Ours are to be that many times cheaper. */
const PEERS = ['middleware', 'postConnect', 'thream'];
const GAIN = 1.6;

/** @param targets goals of ratios to plain Socket.IO, by contender */
const choose = (ids, targets = {}) =>
  ids.map((id) => Object.assign({ id }, CONTENDERS[id], { target: targets[id] }));

/** Server CPU per authenticated connection, of a server that has been up for a while. */
export function connections({ residents, connections: { count, ...rounds } }) {
  const contenders = choose(Object.keys(CONTENDERS));
  return compare(contenders, (one) => connecting(one, count, residents), rounds, {
    id: 'connections',
    title: 'Server CPU per authenticated connection',
    note: `HS256, a string as secret; ${count} new WebSocket connections a round, each with a token of its own.`,
    rows: withGoals(contenders),
  });
}

/** The same for the first clients of a process: much is code that is not compiled yet. */
export function start({ start: { count, rounds } }) {
  const ids = Object.keys(CONTENDERS).filter(
    (id) => CONTENDERS[id].reference === undefined && id !== 'plain2',
  );
  const contenders = choose(ids);
  const generations = { generations: rounds, warmups: 0, rounds: 1 };
  return compare(contenders, (one) => connecting(one, count, 0), generations, {
    id: 'start',
    title: 'The same for the first connections of a process',
    note: `A new process each round, and its first ${count} connections: most of the code is not compiled yet.`,
    rows: withGoals(contenders),
  });
}

/** Every client is dropped at once, and comes back at once with its token. */
export function storm({ storm: rounds, stormClients: count }) {
  const ids = ['plain', 'noise', 'connect', 'event', 'postConnect', 'postConnectWithKey'];
  return compare(
    choose(ids, { connect: 1.08, event: 1.18 }),
    (contender) => storming(contender, count),
    rounds,
    {
      id: 'storm',
      title: 'Reconnect storm: server CPU per client',
      note: `${count} clients dropped at once, and back at once; from the drop until the last one is usable.`,
    },
  );
}

/** What it costs to refuse a token, compared with accepting one. */
export function forged({ shown: count, servers }) {
  const contenders = [
    { id: 'good', name: 'good token', make: makeTokens, way: WAYS.event },
    { id: 'noise', name: 'A/A: good token once more', make: makeTokens, way: WAYS.event },
    { id: 'forged', name: 'forged token', make: makeForgedTokens, way: WAYS.refusedEvent, target: 1.2 },
  ];
  return compare(contenders, (one) => showing(one, count), servers, {
    id: 'forged',
    title: 'Server CPU for a forged token, by `authenticate` event',
    note: `${count} connected clients show one token each; the connection itself is not counted.`,
    reference: 'good',
  });
}

/** The contenders, then what the goals are about: each of our ways by the best by hand, and the peers by ours. */
function withGoals(contenders) {
  const ways = Object.entries(BY_HAND);
  return [
    ...contenders.map(({ id, name, target, reference }) => ({ id, name, target, reference })),
    ...ways.map(([id, { what, ...goal }]) => ({
      id: `${id}-by-hand`,
      name: `${CONTENDERS[id].name}, against ${what}`,
      figures: id,
      ...goal,
    })),
    ...ways.flatMap(([way]) =>
      PEERS.map((id) => ({
        id: `${id}-by-${way}`,
        name: `${CONTENDERS[id].name}, against ${CONTENDERS[way].name}`,
        figures: id,
        reference: way,
        atLeast: GAIN,
      })),
    ),
  ];
}

async function connecting({ kind, way }, count, residents) {
  const server = await ServerProcess.start(kind);
  const others = await openAll(server.port, way, makeTokens(residents));
  return {
    async measure() {
      const tokens = makeTokens(count);
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

async function showing({ make, way }, count) {
  const server = await ServerProcess.start('authorized');
  const isAnswer = (text) => (way.usable && text.startsWith(way.usable)) || way.usableWithId?.test(text);
  return {
    async measure() {
      const tokens = make(count);
      const sockets = await openAll(server.port, WAYS.guest, tokens);
      const show = (socket, index) =>
        new Promise((done) => {
          socket.on('message', (data) => isAnswer(data.toString('latin1')) && done());
          socket.send(way.onConnect(tokens[index]));
        });
      const cpu = await server.cpuOf(() => Promise.all(sockets.map(show)));
      await dropAll(server, sockets);
      return cpu / count;
    },
    close: () => server.close(),
  };
}
