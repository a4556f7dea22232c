'use strict';

/** A chat behind a login: `npm start`, then http://localhost:3000. What a browser gets is in public/. */
const { randomBytes } = require('node:crypto');
const events = require('node:events');
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { createDemoTokens } = require('./demo-tokens');
const { createLogins } = require('./logins');
const { createWeb } = require('./web');

const MAX_TEXT = 500;
/** Bytes of one packet: a token of 8 KiB fits in, and little more. */
const MAX_PACKET = 16_384;

/**
 * Starts the chat.
 *
 * @param {number} port 0 for any
 * @param {{ secret?: string | Buffer, host?: string, tokenSeconds?: number, timeout?: number, loginsPerMinute?: number }}
 * [options] `secret` signs the tokens, `tokenSeconds` is how long each lives, `timeout` how many ms a connection may
 * stay without one, `loginsPerMinute` bounds what one address may ask for
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
async function start(
  port,
  {
    secret = randomBytes(32),
    host = '127.0.0.1',
    tokenSeconds = 60,
    timeout = 15_000,
    loginsPerMinute = 60,
  } = {},
) {
  const authorizer = authorize({
    secret,
    timeout,
    // A visitor who says something before the login is told so at once, instead of being heard after it.
    holdEvents: 0,
    permissions: { message: 'chat:write', clear: 'chat:moderate', log_out: 'chat:moderate' },
  });
  const logins = createLogins({ secret, tokenSeconds, revoke: (rule) => authorizer.revoke(rule) });
  const http = createServer(createWeb({ logins, demoTokens: createDemoTokens(secret), loginsPerMinute }));
  const io = new Server(http, { maxHttpBufferSize: MAX_PACKET });
  authorizer
    .attach(io)
    .on('authenticated', () => tellWhoIsHere())
    // A socket that is disconnected next keeps its claims until then.
    .on('deauthenticated', (socket) => tellWhoIsHere(socket))
    .on('connection', (socket) => {
      // For the countdown of a visitor who does not log in.
      socket.emit('hello', { logInWithin: timeout });
      serve(socket);
    });

  /** No event of a socket that is not logged in comes here, and none that its token does not permit. */
  function serve(socket) {
    socket.on('message', (text) => {
      if (typeof text !== 'string' || text.trim() === '' || text.length > MAX_TEXT) return;
      const { sub, name } = socket.decoded_token;
      io.emit('message', { from: sub, name, text: text.trim(), at: Date.now() });
    });
    socket.on('clear', () => io.emit('cleared'));
    socket.on('log_out', (user) => {
      // Only of people who are here: each rule takes memory, and a client may send any number of names.
      if (whoIsHere().has(user)) logins.endAll(user).catch(console.error);
    });
    // The list goes to everybody: a visitor who comes and goes without a login must not cause it.
    socket.on('disconnect', () => socket.data.auth && tellWhoIsHere());
  }

  /** @param {import('socket.io').Socket} [gone] is here no more */
  function whoIsHere(gone) {
    const people = new Map();
    for (const socket of io.sockets.sockets.values()) {
      if (socket === gone || socket.data.auth === undefined) continue;
      const { sub, name, scope } = socket.data.auth.claims;
      people.set(sub, { user: sub, name, admin: String(scope).split(' ').includes('chat:moderate') });
    }
    return people;
  }

  /** @param {import('socket.io').Socket} [gone] is here no more */
  function tellWhoIsHere(gone) {
    io.emit('people', [...whoIsHere(gone).values()]);
  }

  http.listen(port, host);
  await events.once(http, 'listening');
  return {
    url: `http://${nameOf(host)}:${http.address().port}`,
    close() {
      authorizer.close();
      http.closeAllConnections();
      return io.close();
    },
  };
}

/** The host as a browser on this machine calls it. */
function nameOf(host) {
  if (host === '127.0.0.1') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function main({ JWT_SECRET, HOST, PORT = '3000' }) {
  // Without a secret of your own, every start has another one. No secret belongs in the source.
  if (!JWT_SECRET) console.log('JWT_SECRET is not set: this run signs its tokens with a random secret.');
  start(Number(PORT), { secret: JWT_SECRET || undefined, host: HOST || undefined })
    .then(({ url }) => console.log(`The chat is at ${url}`))
    .catch((error) => {
      const hint = error.code === 'EADDRINUSE' ? ' (set PORT to another port)' : '';
      console.error(`The chat did not start: ${error.message}${hint}`);
      process.exitCode = 1;
    });
}

module.exports = { start };

if (require.main === module) main(process.env);
