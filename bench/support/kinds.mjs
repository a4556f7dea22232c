/** The servers that are measured beside each other. Each has the same application: two listeners a socket. */
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
  middleware: middleware(SECRET),
  middlewareWithKey: middleware(KEY),
  postConnect: postConnect(SECRET),
  postConnectWithKey: postConnect(KEY),
  thream,
  plain2,
  socketioJwt: classic,
};
