// The Socket.IO admin UI beside guarded namespaces: it has a namespace and a login of its own.
const { randomBytes } = require('node:crypto');
const { dirname, join } = require('node:path');
const { instrument } = require('@socket.io/admin-ui');
const { hashSync } = require('bcryptjs');
const express = require('express');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { createLogin, listen, secretFrom } = require('../shared');

const secret = secretFrom('JWT_SECRET');
const username = 'admin';
const password = process.env.ADMIN_PASSWORD || randomBytes(12).toString('base64url');

function start(port) {
  const server = createLogin(secret);
  const [login] = server.listeners('request');
  server.off('request', login);
  // The page of the admin UI; what it shows comes through the namespace /admin, which asks for the password.
  const page = join(dirname(require.resolve('@socket.io/admin-ui/package.json')), 'ui/dist');
  server.on('request', express().use('/admin', express.static(page)).use(login));
  const io = new Server(server);
  // First the gate, then the instruments: they watch what passes it.
  authorize({ secret }).attach(io);
  io.on('connection', (socket) => {
    // Called only for a socket that has logged in.
    socket.on('say', (text) => io.emit('said', socket.decoded_token.name, text));
  });
  instrument(io, { auth: { type: 'basic', username, password: hashSync(password, 10) }, readonly: true });
  return listen(server, port);
}

module.exports = { start, username, password };
if (require.main === module) require('../shared/run').run('admin-ui');
