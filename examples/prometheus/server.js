// The figures of `stats()` for Prometheus, at /metrics.
const { createServer } = require('node:http');
const { Counter, Gauge, Registry } = require('prom-client');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { createLogin, listen, secretFrom } = require('../shared');

const secret = secretFrom('JWT_SECRET');

/** The two gauges and five counters of an authorizer, read when Prometheus asks. */
function register(registry, auth) {
  for (const name of ['pending', 'authenticated']) {
    new Gauge({
      name: `socketio_authorize_${name}`,
      help: `Sockets that are ${name}`,
      registers: [registry],
      collect() {
        this.set(auth.stats()[name]);
      },
    });
  }
  for (const name of ['verified', 'refused', 'expired', 'revoked', 'timedOut']) {
    new Counter({
      name: `socketio_authorize_${name.toLowerCase()}_total`,
      help: `Sockets or tokens ${name} since the start`,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(auth.stats()[name]);
      },
    });
  }
}

function start(port) {
  const registry = new Registry();
  const login = createLogin(secret);
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void login.emit('request', request, response);
    response.setHeader('content-type', registry.contentType);
    registry.metrics().then((text) => response.end(text));
  });
  const auth = authorize({ secret });
  auth.attach(new Server(server));
  register(registry, auth);
  return listen(server, port);
}

module.exports = { start, register };
if (require.main === module) require('../shared/run').run('prometheus');
