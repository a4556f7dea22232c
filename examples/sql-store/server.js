// Two servers that share a revocation store on SQL: a logout at one ends the sessions at the other.
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { createPosts, listen, secretFrom } = require('../shared');
const { sqlRevocationStore } = require('./store');

const secret = secretFrom('JWT_SECRET');
const path = process.env.RULES_DB || join(tmpdir(), `socketio-authorize-rules-${process.pid}.db`);

function start(port) {
  // Each server asks the store every second what the other has revoked.
  const auth = authorize({
    secret,
    maxAge: '1h',
    revocation: sqlRevocationStore(path),
    recheckInterval: 1000,
  });
  const server = createPosts({
    // Yours: check a password here.
    '/login': (name) => ({ token: jwt.sign({ sub: name }, secret, { expiresIn: '1h' }) }),
    '/logout': (name) => auth.revoke({ sub: name }),
  });
  auth.attach(new Server(server));
  return listen(server, port);
}

module.exports = { start, path };
if (require.main === module) require('../shared/run').run('sql-store');
