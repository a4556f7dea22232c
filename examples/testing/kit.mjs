// What the tests of an application need: tokens, a real server on a free port, clients, and their events.
import { once } from 'node:events';
import { createServer } from 'node:http';
import jwt from 'jsonwebtoken';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';

export const SECRET = 'a secret for tests, of 32 bytes or more';

/** A token as your issuer makes them. `exp` may have a fraction, so a token may live for 200 ms. */
export function createToken(claims = {}, seconds = 3600) {
  return jwt.sign({ sub: 'bob', exp: Date.now() / 1000 + seconds, ...claims }, SECRET);
}

/** @param application a function that sets up your application on a Socket.IO server, and gives the authorizer */
export async function startServer(application, options = {}) {
  const http = createServer();
  const io = new Server(http, options);
  const auth = application(io, SECRET);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const clients = [];
  return {
    io,
    auth,
    client(token) {
      const socket = connect(`http://127.0.0.1:${http.address().port}`, {
        auth: { token },
        // Long polling does not work with fake timers.
        transports: ['websocket'],
        forceNew: true,
        reconnection: false,
      });
      clients.push(socket);
      return socket;
    },
    async close() {
      for (const socket of clients) socket.disconnect();
      auth.close();
      await io.close();
    },
  };
}

/** The arguments of the next such event. Call it before you cause the event. */
export function heard(emitter, event) {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
}
