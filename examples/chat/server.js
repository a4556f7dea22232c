'use strict';

/** A chat behind a login: `npm start`, then http://localhost:3000. What a browser gets is in public/. */
const { randomBytes } = require('node:crypto');
const events = require('node:events');
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { createWeb } = require('./web');

const MAX_TEXT = 500;

/**
 * Starts the chat.
 *
 * @param {number} port 0 for any
 * @param {{ secret?: string | Buffer, tokenSeconds?: number, timeout?: number }} [options] `secret` signs the tokens,
 * `tokenSeconds` is how long each lives, `timeout` how many ms a connection may stay without one
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
async function start(port, { secret = randomBytes(32), tokenSeconds = 60, timeout = 15_000 } = {}) {
  // A visitor who says something before the login is told so at once, instead of being heard after it.
  const authorizer = authorize({ secret, timeout, holdEvents: 0 });
  // After a logout no token of that login is good any more, and every socket that it opened is disconnected.
  // By `sid`: no fresh token brings this login back.
  const onLogout = (id) => void authorizer.revoke({ sid: id }).catch(console.error);
  const web = createWeb({ secret, tokenSeconds, onLogout });
  const http = createServer(web.answer);
  const io = new Server(http);

  io.sockets
    .on('connection', authorizer)
    .on('authenticated', tellWhoIsHere)
    .on('deauthenticated', tellWhoIsHere)
    .on('connection', (socket) => {
      // No event of a socket that is not logged in comes here, nor does `io.emit` reach one.
      socket.on('message', (text) => {
        if (typeof text !== 'string' || text.trim() === '') return;
        const { sub, name } = socket.decoded_token;
        io.emit('message', { from: sub, name, text: text.trim().slice(0, MAX_TEXT), at: Date.now() });
      });
      socket.on('log_out', (id) => {
        if (socket.decoded_token.admin === true && typeof id === 'string') web.logOut(id);
      });
      socket.on('disconnect', tellWhoIsHere);
    });

  function tellWhoIsHere() {
    const people = new Map();
    for (const { data } of io.sockets.sockets.values()) {
      if (data.auth === undefined) continue;
      const { sub, name, admin } = data.auth.claims;
      people.set(sub, { id: sub, name, admin: admin === true });
    }
    io.emit('people', [...people.values()]);
  }

  http.listen(port, '127.0.0.1');
  await events.once(http, 'listening');
  return {
    url: `http://localhost:${http.address().port}`,
    close() {
      authorizer.close();
      http.closeAllConnections();
      return io.close();
    },
  };
}

module.exports = { start };

if (require.main === module) {
  // Set JWT_SECRET to take tokens of another issuer, too.
  start(Number(process.env.PORT ?? 3000), { secret: process.env.JWT_SECRET })
    .then(({ url }) => console.log(`The chat is at ${url}`))
    .catch((error) => {
      console.error(`The chat did not start: ${error.message}`);
      process.exitCode = 1;
    });
}
