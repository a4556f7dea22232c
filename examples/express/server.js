// Express gives out tokens, Socket.IO takes them, on one port.
const { createServer } = require('node:http');
const express = require('express');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { answerErrors, listen, nameFault, secretFrom } = require('../shared');

const secret = secretFrom('JWT_SECRET');

function start(port) {
  const app = express();
  app.use(express.json());
  app.post('/login', (request, response) => {
    // Yours: check a password here.
    const { name } = request.body ?? {};
    const message = nameFault(name);
    if (message !== undefined) return response.status(400).json({ error: 'bad_name', message });
    return response.json({ token: jwt.sign({ sub: name, name }, secret, { expiresIn: '5m' }) });
  });
  app.use(answerErrors);

  const server = createServer(app);
  const io = new Server(server);
  authorize({ secret }).attach(io);
  io.on('connection', (socket) => {
    // Called only for a socket that has logged in.
    socket.on('say', (text) => io.emit('said', socket.decoded_token.name, text));
  });
  return listen(server, port);
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('express');
