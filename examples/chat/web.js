'use strict';

/** What the chat's server answers over HTTP: its files, logins, and new tokens for who has logged in. */
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { RateLimiterMemory } = require('rate-limiter-flexible');
const { HttpError, cookieOf, readForm, refuseOtherSites, reply, sendError, sendFile } = require('./http');
const { newKey } = require('./logins');

const PUBLIC = path.join(__dirname, 'public');
const TYPES = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};
/** The only files that are sent, by their path: no request names a file of the disk. */
const FILES = Object.fromEntries(
  readdirSync(PUBLIC).map((name) => [`/${name}`, [TYPES[path.extname(name)], path.join(PUBLIC, name)]]),
);
FILES['/'] = FILES['/index.html'];
FILES['/client.mjs'] = [
  'text/javascript',
  path.join(require.resolve('socketio-authorize/client'), '../client.mjs'),
];

const MAX_NAME = 40;
/** What leaves nothing to be seen, such as spaces and the fillers of some scripts. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * @param {object} options
 * @param {ReturnType<import('./logins').createLogins>} options.logins
 * @param {ReturnType<import('./demo-tokens').createDemoTokens>} options.demoTokens
 * @param {number} options.loginsPerMinute of one address
 * @returns {import('node:http').RequestListener}
 */
function createWeb({ logins, demoTokens, loginsPerMinute }) {
  const limiter = new RateLimiterMemory({ points: loginsPerMinute, duration: 60 });

  async function route(request, response) {
    const { method } = request;
    const [url] = request.url.split('?');
    if (method === 'GET' && Object.hasOwn(FILES, url)) return sendFile(response, FILES[url]);
    refuseOtherSites(request);
    const [, name] = /^\/demo\/tokens\/(\w+)$/.exec(url) ?? [];
    if (method === 'POST' && url === '/login') return logIn(request, response);
    if (method === 'POST' && Object.hasOwn(demoTokens, name)) return sendDemoToken(request, response, name);
    const [, id, action = ''] = /^\/logins\/([\w-]+)(?:\/(token|everywhere))?$/.exec(url) ?? [];
    const act = ACTIONS[`${method} ${action}`];
    if (id === undefined || act === undefined)
      throw new HttpError(404, 'not_found', 'There is nothing here.');
    return reply(response, 200, await act(findLogin(id, request)));
  }

  /** What a browser may do with its own login, and with no other. */
  const ACTIONS = {
    'POST token': (login) => ({ token: logins.newToken(login) }),
    'DELETE ': (login) => logins.end(login).then(() => ({})),
    'DELETE everywhere': ({ user }) => logins.endAll(user).then(() => ({})),
  };

  function findLogin(id, request) {
    const login = logins.find(id, cookieOf(request, 'key'));
    if (login === undefined) throw new HttpError(401, 'not_logged_in', 'This login has ended.');
    return login;
  }

  async function logIn(request, response) {
    await limit(request);
    const form = await readForm(request);
    const known = cookieOf(request, 'browser');
    const browser = /^[\w-]{43}$/.test(known) ? known : newKey();
    const login = logins.begin({ name: nameIn(form), admin: form.has('admin'), browser });
    // A cookie for this login alone, so that two tabs can be two people. Over HTTPS, add `Secure` to both.
    response.setHeader('Set-Cookie', [
      `key=${login.key}; Path=/logins/${login.id}; HttpOnly; SameSite=Strict`,
      `browser=${browser}; Path=/login; HttpOnly; SameSite=Strict`,
    ]);
    const { id, user, name, admin } = login;
    reply(response, 200, { id, user, name, admin, token: logins.newToken(login) });
  }

  async function sendDemoToken(request, response, name) {
    await limit(request);
    reply(response, 200, { token: demoTokens[name]() });
  }

  /** Bounds what one address may ask for. Behind a proxy, take the address from the header that it sets. */
  async function limit(request) {
    await limiter.consume(request.socket.remoteAddress).catch(({ msBeforeNext }) => {
      const seconds = Math.ceil(msBeforeNext / 1_000);
      const message = `Too many logins. Please try again in ${seconds} seconds.`;
      throw new HttpError(429, 'too_many_logins', message, { 'Retry-After': seconds });
    });
  }

  return (request, response) => void route(request, response).catch((error) => sendError(response, error));
}

function nameIn(form) {
  const name = (form.get('name') ?? '').replace(/\p{Cc}/gu, ' ').trim();
  if (name.replace(INVISIBLE, '') === '') {
    throw new HttpError(400, 'blank_name', 'Please give a name: this one is blank.');
  }
  if (name.length > MAX_NAME) {
    throw new HttpError(400, 'long_name', `Please give a name of at most ${MAX_NAME} characters.`);
  }
  return name;
}

module.exports = { createWeb };
