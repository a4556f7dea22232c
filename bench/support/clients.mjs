/**
 * Clients that speak just enough of the protocol over a bare WebSocket: cheap, so that it is the server that works, and
 * the same for every server.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const WebSocket = createRequire(require.resolve('engine.io'))('ws');

const AUTHENTICATED = '42["authenticated"';
const CONNECTED = '40';

/**
 * How a client comes in: what it says when the transport is open, what it says when the namespace is, and what tells it
 * that it is usable.
 */
export const WAYS = {
  /** Connects, and shows no token. */
  guest: { onOpen: () => '40', usable: CONNECTED },
  /** Shows its token with the CONNECT packet, and is told that it was good. */
  connect: { onOpen: (token) => `40{"token":"${token}"}`, usable: AUTHENTICATED },
  /** Shows its token with the CONNECT packet, and is not connected if it was bad. */
  handshake: { onOpen: (token) => `40{"token":"${token}"}`, usable: CONNECTED },
  bearer: { onOpen: (token) => `40{"token":"Bearer ${token}"}`, usable: CONNECTED },
  /** Connects first, then shows its token by event. */
  event: {
    onOpen: () => '40',
    onConnect: (token) => `42["authenticate",{"token":"${token}"}]`,
    usable: AUTHENTICATED,
  },
  /** The same, and is refused. */
  refusedEvent: {
    onOpen: () => '40',
    onConnect: (token) => `42["authenticate",{"token":"${token}"}]`,
    usable: '42["unauthorized"',
    usableWithId: /^42\d+\["unauthorized"/,
  },
  refusedConnect: {
    onOpen: (token) => `40{"token":"${token}"}`,
    usableWithId: /^42\d+\["unauthorized"/,
  },
  /** Socket.IO 2 opens the main namespace by itself. */
  guest2: { protocol: 3, usable: CONNECTED },
  event2: {
    protocol: 3,
    onConnect: (token) => `42["authenticate",{"token":"${token}"}]`,
    usable: AUTHENTICATED,
  },
};

/** One client, once it is usable. */
function open(port, { protocol = 4, onOpen, onConnect, usable, usableWithId }, token) {
  return new Promise((done, fail) => {
    const url = `ws://127.0.0.1:${port}/socket.io/?EIO=${protocol}&transport=websocket`;
    const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
    socket.on('error', fail);
    const onMessage = (data) => {
      const text = data.toString('latin1');
      if (text[0] === '0' && onOpen) socket.send(onOpen(token));
      else if (text.startsWith(CONNECTED) && onConnect) socket.send(onConnect(token));
      if ((usable && text.startsWith(usable)) || usableWithId?.test(text)) {
        socket.off('message', onMessage);
        done(socket);
      } else if (text.startsWith('44')) fail(new Error(`refused: ${text}`));
    };
    socket.on('message', onMessage);
  });
}

/**
 * Many clients, each once it is usable.
 *
 * @param tokens one a client
 * @param atOnce how many may be on their way at a time
 */
export async function openAll(port, way, tokens, atOnce = 64) {
  const sockets = [];
  let next = 0;
  const work = async () => {
    while (next < tokens.length) {
      const index = next;
      next += 1;
      sockets[index] = await open(port, way, tokens[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, tokens.length) }, work));
  return sockets;
}

/**
 * Drops them as a network does, and waits until the server has noticed.
 *
 * @param others how many stay connected
 */
export async function dropAll(server, sockets, others = 0) {
  for (const socket of sockets) socket.terminate();
  while ((await server.ask('connections')) > others) await new Promise((done) => setTimeout(done, 5));
}

/** Counts what clients receive. */
export class Receipts {
  #count = 0;
  #wanted = Infinity;
  #done;

  constructor(sockets) {
    for (const socket of sockets) socket.on('message', this.#onMessage);
  }

  /** Resolves when so many messages have come. */
  expect(count) {
    this.#count = 0;
    this.#wanted = count;
    return new Promise((done) => {
      this.#done = done;
    });
  }

  #onMessage = () => {
    this.#count += 1;
    if (this.#count === this.#wanted) this.#done();
  };
}

/** Asks `done`, which is answered behind everything that was sent before. */
export function askDone(socket) {
  return new Promise((done) => {
    const onMessage = (data) => {
      if (!data.toString('latin1').startsWith('43')) return;
      socket.off('message', onMessage);
      done();
    };
    socket.on('message', onMessage);
    socket.send('420["done"]');
  });
}
