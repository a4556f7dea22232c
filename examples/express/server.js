// Express gives out tokens, Socket.IO takes them, on one port.
const { createServer } = require('node:http');
const express = require('express');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');

const secret = process.env.JWT_SECRET ?? 'change me: 32 random bytes or more';

function start(port = 3000) {
  const app = express();
  app.use(express.json());
  app.post('/login', (request, response) => {
    // Yours: check a password here.
    const { name } = request.body;
    response.json({ token: jwt.sign({ sub: name, name }, secret, { expiresIn: '5m' }) });
  });

  const server = createServer(app);
  const io = new Server(server);
  authorize({ secret })
    .attach(io)
    .on('authenticated', (socket) => {
      socket.on('say', (text) => io.emit('said', socket.decoded_token.name, text));
    });
  return new Promise((resolve) => server.listen(port, () => resolve(server)));
}

module.exports = { start };
if (require.main === module) start();
