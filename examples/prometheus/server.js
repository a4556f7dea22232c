// The figures of `stats()` for Prometheus, at /metrics.
const { createServer } = require('node:http');
const { Counter, Gauge, Registry } = require('prom-client');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');

const secret = process.env.JWT_SECRET ?? 'change me: 32 random bytes or more';

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

function start(port = 3000) {
  const registry = new Registry();
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    response.setHeader('content-type', registry.contentType);
    registry.metrics().then((text) => response.end(text));
  });
  const auth = authorize({ secret });
  auth.attach(new Server(server));
  register(registry, auth);
  return new Promise((resolve) => server.listen(port, () => resolve(server)));
}

module.exports = { start, register };
if (require.main === module) start();
