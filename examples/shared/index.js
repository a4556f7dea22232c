// What every example needs, and your project has in another form: a secret, an address, tokens to try with.
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');
const jwt = require('jsonwebtoken');

const secrets = new Map();

/** A secret from the environment; without one, a random one that ends with the process. */
function secretFrom(name) {
  if (process.env[name]) return process.env[name];
  if (!secrets.has(name)) {
    secrets.set(name, randomBytes(32).toString('hex'));
    console.log(`${name} is not set: this run uses a random secret.`);
  }
  return secrets.get(name);
}

/** Where an example listens. Only this machine reaches it, unless HOST says otherwise. */
const host = process.env.HOST || '127.0.0.1';
const defaultPort = Number(process.env.PORT ?? 3000);

/** Resolves once the server listens, and rejects if it cannot. */
async function listen(server, port = defaultPort) {
  await once(server.listen(port, host), 'listening');
  return server;
}

/** The address of a server that listens. */
function urlOf(server) {
  const { address, port, family } = server.address();
  const name = address === '0.0.0.0' || address === '::' ? 'localhost' : address;
  return `http://${family === 'IPv6' && name !== 'localhost' ? `[${name}]` : name}:${port}`;
}

/** Says in one sentence what is wrong with a name, or `undefined`. */
function nameFault(name) {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= 40) return undefined;
  return 'Send a JSON object with a name of 1 to 40 characters, such as {"name":"Ada"}.';
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

const MAX_BODY = 1000;

/** The name in the body of a request, or `undefined`. */
async function readName(request) {
  if (Number(request.headers['content-length'] ?? Infinity) > MAX_BODY) return undefined;
  try {
    return JSON.parse(await text(request)).name;
  } catch {
    return undefined;
  }
}

/**
 * A server for examples that need no framework: each route is called with the name in the body, and gives an object.
 *
 * @param routes such as `{ '/login': (name) => ({ token: … }) }`
 */
function createPosts(routes) {
  async function answerPost(request, response) {
    const route = Object.hasOwn(routes, request.url) ? routes[request.url] : undefined;
    if (route === undefined || request.method !== 'POST') {
      const message = `There is only ${Object.keys(routes)
        .map((path) => `POST ${path}`)
        .join(' and ')}.`;
      return answer(response, 404, { error: 'not_found', message });
    }
    const name = await readName(request);
    const message = nameFault(name);
    if (message !== undefined) return answer(response, 400, { error: 'bad_name', message });
    try {
      return answer(response, 200, await route(name));
    } catch (error) {
      console.error(`${request.url}: ${error.message}`);
      return answer(response, 503, { error: 'unavailable', message: 'It failed here. Try again.' });
    }
  }
  return createServer((request, response) => void answerPost(request, response));
}

/** A server that gives a token for any name, without a password. Yours checks one. */
function createLogin(secret) {
  return createPosts({
    '/login': (name) => ({ token: jwt.sign({ sub: name, name }, secret, { expiresIn: '5m' }) }),
  });
}

/** For Express: an error is answered with a code and a sentence, and not with a stack. */
// Express knows it by its four parameters.
function answerErrors(error, _request, response, _next) {
  const { status = 500, type = 'internal' } = error;
  if (status >= 500) console.error(error.message);
  const message = status < 500 ? 'The request cannot be read: send JSON.' : 'It failed here. Try again.';
  response.status(status).json({ error: type.replaceAll('.', '_'), message });
}

module.exports = {
  answerErrors,
  secretFrom,
  defaultPort,
  host,
  listen,
  urlOf,
  nameFault,
  createPosts,
  createLogin,
};
