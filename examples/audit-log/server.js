// Who came, who was refused and why, who left: one line of JSON each. No token is ever in it.
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { createLogin, listen, secretFrom } = require('../shared');

const secret = secretFrom('JWT_SECRET');

/** Writes what happens on a guarded namespace. */
function audit(namespace, write) {
  /** Whose session it was: a socket that is logged out has no claims any more. */
  const subjects = new WeakMap();
  const line = (socket, event, details) =>
    write(
      JSON.stringify({
        at: new Date().toISOString(),
        event,
        socket: socket.id,
        address: socket.handshake.address,
        sub: subjects.get(socket),
        ...details,
      }),
    );
  namespace.on('authenticated', (socket) => {
    const { sub, jti } = socket.data.auth.claims;
    subjects.set(socket, sub);
    line(socket, 'authenticated', { jti, recovered: socket.recovered });
  });
  namespace.on('connection', (socket) => {
    socket.on('disconnect', (reason) => {
      if (subjects.has(socket)) line(socket, 'disconnected', { reason });
    });
  });
  namespace.on('reauthenticated', (socket) => line(socket, 'renewed', { jti: socket.data.auth.claims.jti }));
  namespace.on('unauthorized', (socket, { code, data: { reason } }) =>
    line(socket, 'refused', { code, reason }),
  );
  namespace.on('deauthenticated', (socket, reason) => line(socket, 'ended', { reason }));
}

function start(port, write = console.log) {
  const server = createLogin(secret);
  const namespace = authorize({ secret }).attach(new Server(server));
  audit(namespace, write);
  return listen(server, port);
}

module.exports = { start, audit };
if (require.main === module) require('../shared/run').run('audit-log');
