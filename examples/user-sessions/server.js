// A user's sessions: a message to all devices, a list, one device a user, log out all others.
const { randomBytes, randomUUID } = require('node:crypto');
const { once } = require('node:events');
const { createServer } = require('node:http');
const express = require('express');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { urlOf } = require('../shared');
const { handleSessions } = require('./events.js');
const { memoryLogins } = require('./logins.js');
const { options } = require('./recipes.js');

function start({ port = 3000, host = '127.0.0.1', secret = secretOf(process.env), oneDevice = false } = {}) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server);
  const auth = authorize({ ...options, secret, maxAge: '5m' });
  const logins = memoryLogins();
  auth.attach(io);
  handleSessions(io, auth, logins, oneDevice);

  const sign = (claims) => jwt.sign(claims, secret, { expiresIn: '5m', jwtid: randomUUID() });
  app.use(express.json());
  app.post('/login', (request, response, next) => {
    const { name } = request.body ?? {};
    // Yours: check a password here.
    if (typeof name !== 'string' || name === '') {
      response.status(400).json({ code: 'no_name', message: 'Send a name: {"name":"bob"}' });
      return;
    }
    const sid = randomUUID();
    // A NumericDate may have a fraction (RFC 7519 §2), which orders logins of one second.
    const token = sign({ sub: name, sid, auth_time: Date.now() / 1000 });
    logins.add(name, sid).then(() => response.json({ token }), next);
  });
  // A fresh token of the same login, for a token that has not expired.
  app.post('/refresh', (request, response, next) => {
    const claims = verified(request.headers.authorization, secret) ?? {};
    const answer = (sids) => {
      const { sid, auth_time } = claims;
      if (sids.includes(sid)) response.json({ token: sign({ sub: claims.sub, sid, auth_time }) });
      else response.status(401).json({ code: 'logged_out', message: 'Log in again.' });
    };
    logins.of(claims.sub).then(answer, next);
  });
  app.use((error, request, response, _next) => {
    const { status = 500 } = error;
    if (status === 500) console.error(error);
    response.status(status).json({ code: 'failed', message: status === 500 ? 'Try again.' : 'Send JSON.' });
  });
  return once(server.listen(port, host), 'listening').then(() => server);
}

function verified(header = '', secret) {
  try {
    return jwt.verify(header.replace(/^Bearer /i, ''), secret, { algorithms: ['HS256'] });
  } catch {
    return undefined;
  }
}

function secretOf({ JWT_SECRET }) {
  if (JWT_SECRET) return JWT_SECRET;
  console.log('JWT_SECRET is not set: tokens are signed with a random secret, until this process ends.');
  return randomBytes(32).toString('hex');
}

module.exports = { start };
if (require.main === module) {
  const { PORT = 3000, HOST = '127.0.0.1', ONE_DEVICE } = process.env;
  const { reasonOf } = require('../shared/run');
  const started = (server) => {
    const url = urlOf(server);
    console.log(`Listening on ${url}`);
    console.log(`In other terminals: node examples/user-sessions/client.mjs bob ${url}`);
  };
  start({ port: Number(PORT), host: HOST, oneDevice: Boolean(ONE_DEVICE) }).then(started, (error) => {
    console.error(`The example user-sessions did not start. ${reasonOf(error)}`);
    process.exitCode = 1;
  });
}
