'use strict';

/** The chat's files, and tokens for those who log in. Any name will do here; yours asks for a password, too. */
const { randomBytes, randomUUID, timingSafeEqual } = require('node:crypto');
const { createReadStream } = require('node:fs');
const path = require('node:path');
const { sign } = require('jsonwebtoken');

const FILES = {
  '/': ['text/html', path.join(__dirname, 'public/index.html')],
  '/chat.css': ['text/css', path.join(__dirname, 'public/chat.css')],
  '/chat.js': ['text/javascript', path.join(__dirname, 'public/chat.js')],
  '/icon.svg': ['image/svg+xml', path.join(__dirname, 'public/icon.svg')],
  '/client.mjs': [
    'text/javascript',
    path.join(require.resolve('socketio-authorize/client'), '../client.mjs'),
  ],
};
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};
const MAX_BODY = 1_000;
const MAX_NAME = 40;
const MAX_LOGINS = 10_000;

/**
 * @param {{ secret: string | Buffer, tokenSeconds: number, onLogout: (id: string) => void }} options
 * @returns {{ answer: import('node:http').RequestListener, logOut: (id: string) => void }}
 */
function createWeb({ secret, tokenSeconds, onLogout }) {
  /** Who has logged in, by id: as long as it is here, the browser that has its key gets new tokens. */
  const logins = new Map();

  async function route(request, response) {
    const { method } = request;
    const [url] = request.url.split('?');
    const [, id, isToken] = /^\/logins\/([\w-]+)(\/token)?$/.exec(url) ?? [];
    if (method === 'GET' && Object.hasOwn(FILES, url)) return sendFile(response, FILES[url]);
    if (method === 'POST' && url === '/login') return logIn(response, await readForm(request));
    if (method === 'POST' && isToken) return reply(response, 200, { token: newToken(id, find(id, request)) });
    if (method !== 'DELETE' || !id || isToken) throw new HttpError(404, 'not found');
    find(id, request);
    logOut(id);
    return reply(response, 200, {});
  }

  function logIn(response, form) {
    const name = (form.get('name') ?? '').trim().slice(0, MAX_NAME);
    if (name === '') throw new HttpError(400, 'a name is missing');
    const id = randomUUID();
    const login = { name, admin: form.has('admin'), key: randomBytes(32).toString('base64url') };
    logins.set(id, login);
    if (logins.size > MAX_LOGINS) logins.delete(logins.keys().next().value);
    // A cookie for this login alone, so that two tabs can be two people. Over HTTPS, add `Secure`.
    response.setHeader('Set-Cookie', `key=${login.key}; Path=/logins/${id}; HttpOnly; SameSite=Strict`);
    reply(response, 200, { id, name, admin: login.admin, token: newToken(id, login) });
  }

  function newToken(id, { name, admin }) {
    // Each is another one, also within a second: a renewal by the same token would be none.
    return sign({ name, admin, sid: id }, secret, {
      subject: id,
      jwtid: randomUUID(),
      expiresIn: tokenSeconds,
    });
  }

  function find(id, request) {
    const login = logins.get(id);
    const [, key = ''] = /(?:^|; )key=([\w-]+)/.exec(request.headers.cookie ?? '') ?? [];
    if (!login || !isSame(key, login.key)) throw new HttpError(401, 'not logged in');
    return login;
  }

  function logOut(id) {
    logins.delete(id);
    onLogout(id);
  }

  return {
    answer: (request, response) => void route(request, response).catch((error) => sendError(response, error)),
    logOut,
  };
}

class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function readForm(request) {
  let body = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    body += chunk;
    if (body.length > MAX_BODY) throw new HttpError(413, 'too long');
  }
  return new URLSearchParams(body);
}

function reply(response, status, body) {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sendFile(response, [type, file]) {
  response.writeHead(200, { ...HEADERS, 'Content-Type': `${type}; charset=utf-8` });
  createReadStream(file)
    .on('error', (error) => response.destroy(error))
    .pipe(response);
}

function sendError(response, error) {
  if (error instanceof HttpError) return reply(response, error.status, { error: error.message });
  // An aborted request is the browser's affair.
  if (!response.destroyed) console.error(error);
  return reply(response, 500, { error: 'something went wrong' });
}

function isSame(a, b) {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

module.exports = { createWeb };
