// Fastify gives out tokens, Socket.IO takes them, on one port.
const Fastify = require('fastify');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { defaultPort, host, secretFrom } = require('../shared');

const secret = secretFrom('JWT_SECRET');

async function start(port = defaultPort) {
  // A name that is a number is an error, and not turned into text.
  const app = Fastify({ ajv: { customOptions: { coerceTypes: false } } });
  const aName = { type: 'string', minLength: 1, maxLength: 40 };
  const schema = { body: { type: 'object', required: ['name'], properties: { name: aName } } };
  app.post('/login', { schema }, async ({ body: { name } }) => {
    // Yours: check a password here.
    return { token: jwt.sign({ sub: name, name }, secret, { expiresIn: '5m' }) };
  });

  const io = new Server(app.server);
  authorize({ secret }).attach(io);
  io.on('connection', (socket) => {
    // Called only for a socket that has logged in.
    socket.on('say', (text) => io.emit('said', socket.decoded_token.name, text));
  });
  // Fastify closes its server itself, and waits for every connection.
  app.addHook('preClose', (done) => {
    io.local.disconnectSockets(true);
    io.engine.close();
    done();
  });
  await app.listen({ port, host });
  return app.server;
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('fastify');
