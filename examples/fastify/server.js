// Fastify gives out tokens, Socket.IO takes them, on one port.
const Fastify = require('fastify');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');

const secret = process.env.JWT_SECRET ?? 'change me: 32 random bytes or more';

async function start(port = 3000) {
  const app = Fastify();
  app.post('/login', async ({ body: { name } }) => {
    // Yours: check a password here.
    return { token: jwt.sign({ sub: name, name }, secret, { expiresIn: '5m' }) };
  });

  const io = new Server(app.server);
  authorize({ secret })
    .attach(io)
    .on('authenticated', (socket) => {
      socket.on('say', (text) => io.emit('said', socket.decoded_token.name, text));
    });
  // Fastify closes its server itself, and waits for every connection.
  app.addHook('preClose', (done) => {
    io.local.disconnectSockets(true);
    io.engine.close();
    done();
  });
  await app.listen({ port, host: '127.0.0.1' });
  return app.server;
}

module.exports = { start };
if (require.main === module) start();
