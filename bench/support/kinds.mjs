/** The servers that are compared. Each has the same application: two listeners for each socket. */
import jwt from 'jsonwebtoken';
import { Server } from 'socket.io';
import { load } from './build.mjs';
import { KEY, SECRET } from './tokens.mjs';

/** No pings while something is measured. */
const ENGINE = { pingInterval: 3_600_000, pingTimeout: 3_600_000 };
const TIMEOUT = 3_600_000;

function application(socket) {
  socket.on('message', () => {});
  socket.on('done', (reply) => reply());
}

function plain(http) {
  const io = new Server(http, ENGINE);
  io.on('connection', application);
  return io;
}

/** Everything at its default, but time to show a token. */
function authorized(http, options) {
  const { authorize } = load('index');
  const io = new Server(http, ENGINE);
  authorize({ secret: SECRET, timeout: TIMEOUT, allow: ['done'], ...options })
    .attach(io)
    .on('authenticated', () => {});
  io.on('connection', application);
  return io;
}

const waiting = [];
/** A check that takes its time: it ends when the benchmark says so. */
const slowCheck = () => new Promise((done) => void waiting.push(done));

/** Ends every check that waits. */
export function answerChecks() {
  for (const done of waiting.splice(0)) done();
}

/** Where the flooded application is: also in namespaces that a client makes by naming them. */
const PLACES = (io) => [io.of('/'), io.of(/^\/[a-z0-9]{4}$/)];

/**
 * A server that is flooded, with the library or without, the application being the same.
 *
 * @param options of the library, what can be handed over as JSON, and `isGuarded`, `engine` (options of Socket.IO),
 *   `isSlow` (a token's verification does not end by itself), `isSlowMiddleware` (the application has a middleware that
 *   takes as long), `isGuestAllowed` (handshake mode lets in as pending whoever has no good token), `isLimited` (every
 *   token is past the limit)
 */
function flooded(http, { isGuarded, engine, isSlowMiddleware, ...options }) {
  const io = new Server(http, { ...ENGINE, ...engine });
  const auth = isGuarded ? load('index').authorize(toFloodOptions(options)) : undefined;
  for (const place of PLACES(io)) {
    auth?.attach(place);
    if (isSlowMiddleware && !isGuarded) place.use((_socket, next) => void waiting.push(next));
    place.on('connection', application);
  }
  return io;
}

function toFloodOptions({ isSlow, isGuestAllowed, isLimited, ...options }) {
  return {
    secret: SECRET,
    timeout: TIMEOUT,
    keyTimeout: TIMEOUT,
    allow: ['done'],
    ...(isSlow && { validate: slowCheck }),
    ...(isGuestAllowed && { fail: (_error, _socket, accept) => accept() }),
    ...(isLimited && { limiter: { consume: () => Promise.reject(new Error('past the limit')) } }),
    ...options,
  };
}

/** As it stands in many a tutorial. */
const middleware = (key) => (http) => {
  const io = new Server(http, ENGINE);
  io.use((socket, next) => {
    try {
      socket.user = jwt.verify(socket.handshake.auth.token, key);
      next();
    } catch (error) {
      next(error);
    }
  });
  io.on('connection', application);
  return io;
};

const postConnect = (key) => (http) => {
  const io = new Server(http, ENGINE);
  io.on('connection', (socket) => {
    const timer = setTimeout(() => socket.disconnect(true), TIMEOUT);
    socket.on('authenticate', ({ token }) => {
      try {
        socket.user = jwt.verify(token, key);
        clearTimeout(timer);
        socket.emit('authenticated');
      } catch {
        socket.emit('unauthorized');
      }
    });
    socket.on('disconnect', () => clearTimeout(timer));
    application(socket);
  });
  return io;
};

async function thream(http) {
  const { authorize } = await import('@thream/socketio-jwt');
  const io = new Server(http, ENGINE);
  io.use(authorize({ secret: SECRET }));
  io.on('connection', application);
  return io;
}

async function plain2(http) {
  const { default: Server2 } = await import('socket.io-2');
  const io = new Server2(http, ENGINE);
  io.on('connection', application);
  return io;
}

async function classic(http) {
  const { default: Server2 } = await import('socket.io-2');
  const { default: socketioJwt } = await import('socketio-jwt');
  const io = new Server2(http, ENGINE);
  io.on('connection', socketioJwt.authorize({ secret: SECRET, timeout: TIMEOUT }));
  io.on('connection', application);
  return io;
}

export const KINDS = {
  plain,
  authorized,
  flooded,
  middleware: middleware(SECRET),
  middlewareWithKey: middleware(KEY),
  postConnect: postConnect(SECRET),
  postConnectWithKey: postConnect(KEY),
  thream,
  plain2,
  socketioJwt: classic,
};
