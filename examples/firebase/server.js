// ID tokens of Firebase Authentication, by `verify`. In the browser: authenticate(socket, { token: () => user.getIdToken() }).
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { listen } = require('../shared');
const { firebaseVerifier } = require('./firebase');

/** @param options those of `firebaseVerifier` */
function start({ port, ...options }) {
  const server = createServer();
  const io = new Server(server);
  authorize({ verify: firebaseVerifier(options), clockTolerance: 5 })
    .attach(io)
    .on('authenticated', (socket) => socket.emit('welcome', socket.decoded_token.sub));
  return listen(server, port);
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('firebase');
