// The Socket.IO admin UI (https://admin.socket.io) beside guarded namespaces: it has a namespace and a login of its own.
const { createServer } = require('node:http');
const { instrument } = require('@socket.io/admin-ui');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');

const secret = process.env.JWT_SECRET ?? 'change me: 32 random bytes or more';

function start(port = 3000) {
  const server = createServer();
  const io = new Server(server, { cors: { origin: ['https://admin.socket.io'], credentials: true } });
  // First the gate, then the instruments: they watch what passes it.
  authorize({ secret })
    .attach(io)
    .on('authenticated', (socket) => {
      socket.on('say', (text) => io.emit('said', socket.decoded_token.name, text));
    });
  instrument(io, {
    // Yours: { type: 'basic', username, password: a bcrypt hash }.
    auth: false,
    readonly: true,
  });
  return new Promise((resolve) => server.listen(port, () => resolve(server)));
}

module.exports = { start };
if (require.main === module) start();
