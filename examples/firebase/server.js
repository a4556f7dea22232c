// ID tokens of Firebase Authentication, by `verify`. In the browser: authenticate(socket, { token: () => user.getIdToken() }).
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { firebaseVerifier } = require('./firebase');

/** @param options those of `firebaseVerifier` */
function start({ port = 3000, ...options }) {
  const server = createServer();
  const io = new Server(server);
  authorize({ verify: firebaseVerifier(options), clockTolerance: 5 })
    .attach(io)
    .on('authenticated', (socket) => socket.emit('welcome', socket.decoded_token.sub));
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

module.exports = { start };
if (require.main === module) {
  start({ port: process.env.PORT ?? 3000, projectId: process.env.FIREBASE_PROJECT });
}
