// One node of a cluster. Start as many as you like, on ports of their own, behind a load balancer.
const { createServer } = require('node:http');
const { createAdapter } = require('@socket.io/redis-adapter');
const { createClient } = require('redis');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { redisRevocationStore } = require('socketio-authorize/redis');

// One secret for every node and for whoever signs the tokens: a random one here would be another on each node.
const secret = process.env.JWT_SECRET;
if (!secret) throw new Error('Set JWT_SECRET to the secret that your tokens are signed with.');

async function start(port = 3000, url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379') {
  const client = createClient({ url });
  const [pubClient, subClient] = [client.duplicate(), client.duplicate()];
  for (const one of [client, pubClient, subClient]) {
    one.on('error', (error) => console.error('Redis:', error.message));
    await one.connect();
  }
  // The adapter drops the promises of `publish`: while Redis is gone, their rejections would end the process.
  const { publish } = pubClient;
  pubClient.publish = (...message) => publish.apply(pubClient, message).catch(() => 0);

  const server = createServer();
  const io = new Server(server, { adapter: createAdapter(pubClient, subClient) });
  const auth = authorize({ secret, maxAge: '1h', revocation: redisRevocationStore(client) });
  auth.attach(io);
  io.on('connection', (socket) => {
    socket.on('message', (text) => io.emit('message', socket.decoded_token.sub, text));
    // Ends the user's sessions on every node, and refuses the tokens from then on.
    socket.on('log out everywhere', () => {
      auth
        .revoke({ sub: socket.decoded_token.sub })
        .catch((error) => console.error('revoke:', error.message));
    });
  });
  await new Promise((resolve) => server.listen(port, process.env.HOST ?? '127.0.0.1', resolve));
  return { server, io, auth, clients: [client, pubClient, subClient] };
}

module.exports = { start };
if (require.main === module) start(Number(process.env.PORT ?? 3000));
