// Sessions of express-session: who is logged in on the pages is logged in on the socket, and logged out with them.
const { createHash } = require('node:crypto');
const { createServer } = require('node:http');
const { unsign } = require('cookie-signature');
const express = require('express');
const session = require('express-session');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { answerErrors, listen, nameFault, secretFrom } = require('../shared');

const secret = secretFrom('SESSION_SECRET');
const name = 'connect.sid';
/** Ms that a session lives after its last request. */
const MAX_AGE = 3_600_000;

/** Claims are seen on other nodes, and a session's id must not be. */
const idOf = (sessionId) => createHash('sha256').update(sessionId).digest('base64url');

function start(port) {
  // Yours: connect-redis, or another store that outlives the process.
  const store = new session.MemoryStore();

  const auth = authorize({
    handshake: true,
    // Counts only from pages of this server's own origin, and of `origins`.
    cookie: name,
    async verify(cookie) {
      // express-session writes `s:ID.SIGNATURE`.
      const sessionId = cookie.startsWith('s:') && unsign(cookie.slice(2), secret);
      if (!sessionId) throw new Error('not signed here');
      const found = await new Promise((resolve, reject) => {
        store.get(sessionId, (error, data) => (error ? reject(error) : resolve(data)));
      });
      if (!found?.user) throw new Error('nobody is logged in');
      return { sub: found.user, jti: idOf(sessionId), exp: Date.parse(found.cookie.expires) / 1000 };
    },
  });

  const app = express();
  app.use(express.json());
  app.use(
    session({
      store,
      secret,
      name,
      resave: false,
      saveUninitialized: false,
      cookie: { sameSite: 'lax', maxAge: MAX_AGE },
    }),
  );
  app.post('/login', (request, response, next) => {
    // Yours: check a password here.
    const { name: user } = request.body ?? {};
    const message = nameFault(user);
    if (message !== undefined) return response.status(400).json({ error: 'bad_name', message });
    // A new id, so that nobody knows it from before the login.
    return request.session.regenerate((error) => {
      if (error) return next(error);
      request.session.user = user;
      return response.json({ user });
    });
  });
  app.post('/logout', (request, response, next) => {
    // Each rule takes memory, and anybody can send this.
    if (!request.session.user) return response.end();
    const rule = { jti: idOf(request.sessionID), exp: new Date(Date.now() + MAX_AGE) };
    return request.session.destroy((error) => {
      if (error) return next(error);
      return auth.revoke(rule).then(() => response.end(), next);
    });
  });
  app.use(answerErrors);

  const server = createServer(app);
  const io = new Server(server);
  auth.attach(io).on('connection', (socket) => {
    socket.emit('welcome', socket.decoded_token.sub);
    socket.on('say', (text) => io.emit('said', socket.decoded_token.sub, text));
  });
  return listen(server, port);
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('express-session');
