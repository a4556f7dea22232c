// How each example is tried: what starts it, and lines to copy with what one then sees. A test does all of them.
const { randomBytes } = require('node:crypto');
const jwt = require('jsonwebtoken');
const { createPosts, listen, urlOf } = require('./index');
const { startOpaqueProvider, startProvider } = require('./provider');

/** Posts a name: `POST /login` gives a token for it. */
const post = (url, path = '/login', name = 'Ada', flags = '-sS') =>
  `curl ${flags} ${url}${path} -H 'content-type: application/json' -d '{"name":"${name}"}'`;
const client = (url, rest = '') => `node examples/client.js ${url}${rest && ` ${rest}`}`;
const logIn = (url, from = url) => `${post(from)} | ${client(url)}`;

const talk = (url) => [
  {
    say: 'Get a token, log in with it, and say hello:',
    line: `${post(url)} | ${client(url, 'say hello')}`,
    see: ['authenticated: 5 minutes left', 'said: Ada hello'],
  },
  {
    say: 'Try it with something that is no token:',
    line: `echo nonsense | ${client(url)}`,
    see: ['refused: invalid_token (malformed): jwt malformed'],
  },
];

const welcome =
  (word) =>
  (url, { provider }) => [
    {
      say: 'Get a token from the provider, and log in with it:',
      line: logIn(url, provider.url),
      see: ['authenticated: 5 minutes left', `welcome: ${word}`],
    },
    {
      say: 'Try it with something that is no token:',
      line: `echo nonsense | ${client(url)}`,
      see: ['refused: invalid_token'],
    },
  ];

const own = (name) => require(`../${name}/server.js`);
const simple = (name) => async (port) => ({ server: await own(name).start(port) });

/** Takes the settings of a real provider from the environment, or starts a small one for trying. */
async function providerOf(names, options) {
  const given = Object.fromEntries(Object.entries(names).map(([key, name]) => [key, process.env[name]]));
  const missing = Object.values(names).filter((name) => !process.env[name]);
  if (missing.length === 0) return { ...given, isReal: true };
  if (missing.length < Object.keys(names).length) throw new Error(`Set ${missing.join(' and ')} too.`);
  const provider = await startProvider(options);
  console.log(`${missing.join(', ')}: not set. A small identity provider for trying is at ${provider.url}`);
  return provider;
}

const demos = {
  'admin-ui': {
    start: simple('admin-ui'),
    steps(url) {
      const { username, password } = own('admin-ui');
      return [
        {
          say: `Open ${url}/admin/ in a browser. Server URL: ${url}, user name: ${username}, password: ${password}`,
          line: `curl -sS ${url}/admin/`,
          see: ['Socket.IO Admin UI'],
        },
        {
          say: 'Log in as Ada, and look at the admin UI:',
          line: `${post(url)} | ${client(url, 'say hello')}`,
          see: ['authenticated: 5 minutes left', 'said: Ada hello'],
        },
        {
          say: 'The namespace of the admin UI refuses a wrong password:',
          line: client(`${url}/admin`, `--auth '{"username":"admin","password":"guess"}'`),
          see: ['not connected: invalid credentials'],
        },
      ];
    },
  },
  'audit-log': {
    start: simple('audit-log'),
    steps: (url) => [
      {
        say: 'Get a token, and log in with it:',
        line: logIn(url),
        see: ['authenticated: 5 minutes left'],
        here: ['"event":"authenticated"'],
      },
      {
        say: 'Be refused:',
        line: `echo nonsense | ${client(url)}`,
        see: ['refused: invalid_token (malformed)'],
        here: ['"event":"refused"'],
      },
    ],
  },
  cluster: {
    async start(port) {
      process.env.JWT_SECRET ||= randomBytes(32).toString('hex');
      await redisIsThere(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
      const { start } = own('cluster');
      const { server } = await start(port);
      const { server: there } = await start(0);
      const secret = process.env.JWT_SECRET;
      const tokens = createPosts({
        '/login': (name) => ({ token: jwt.sign({ sub: name }, secret, { expiresIn: '1h' }) }),
      });
      return { server, there: urlOf(there), login: urlOf(await listen(tokens, 0)) };
    },
    steps: (url, { there, login }) => [
      {
        say: `A second node is at ${there}. Log in there:`,
        line: logIn(there, login),
        see: ['authenticated: 60 minutes left'],
      },
      {
        say: 'Log in at the first node, and say hello:',
        line: `${post(login)} | ${client(url, 'message hello')}`,
        see: ['message: Ada hello'],
        before: ['message: Ada hello'],
      },
      {
        say: 'Log out everywhere:',
        line: `${post(login)} | ${client(url, "'log out everywhere'")}`,
        see: ['refused: invalid_token (revoked)'],
        before: ['refused: invalid_token (revoked)', 'disconnected'],
      },
    ],
  },
  eddsa: {
    async start(port) {
      const provider = await providerOf(
        { issuer: 'ISSUER', jwksUri: 'JWKS_URI', audience: 'AUDIENCE' },
        { alg: 'EdDSA' },
      );
      const { issuer, audience, jwksUri = `${provider.url}/jwks` } = provider;
      return { server: await own('eddsa').start({ port, jwksUri, issuer, audience }), provider };
    },
    steps: welcome('Ada'),
  },
  encrypted: {
    async start(port) {
      const secret = process.env.AUTH_SECRET;
      if (secret) return { server: await own('encrypted').start({ port, secret }), isReal: true };
      const { cookie, encrypt } = await trialOfAuthJs();
      const provider = {
        url: urlOf(
          await listen(createPosts({ '/login': async (name) => ({ token: await encrypt(name) }) }), 0),
        ),
      };
      console.log(`AUTH_SECRET: not set. What stands for Auth.js here is at ${provider.url}`);
      return { server: await own('encrypted').start({ port, secret: cookie.secret }), provider };
    },
    steps: (url, { provider }) => [
      {
        say: 'Get an encrypted token, and show it in the cookie of Auth.js:',
        line: `${post(provider.url)} | ${client(url, '--cookie authjs.session-token')}`,
        see: ['authenticated: 5 minutes left', 'welcome: Ada'],
      },
      {
        say: 'Try it with something else in the cookie:',
        line: `echo nonsense | ${client(url, '--cookie authjs.session-token')}`,
        see: ['refused: invalid_token (rejected)'],
      },
    ],
  },
  express: { start: simple('express'), steps: talk },
  'express-session': {
    start: simple('express-session'),
    steps: (url) => [
      {
        say: 'Log in as on a page, and show the session in its cookie:',
        line: `${post(url, '/login', 'Ada', '-sSi')} | ${client(url, '--cookie connect.sid say hello')}`,
        see: ['authenticated: 60 minutes left', 'welcome: Ada', 'said: Ada hello'],
      },
      {
        say: 'Try it with a session that nobody signed:',
        line: `echo guessed | ${client(url, '--cookie connect.sid')}`,
        see: ['refused: invalid_token (rejected)'],
      },
    ],
  },
  fastify: { start: simple('fastify'), steps: talk },
  firebase: {
    async start(port) {
      const projectId = process.env.FIREBASE_PROJECT;
      if (projectId) return { server: await own('firebase').start({ port, projectId }), isReal: true };
      const issuer = 'https://securetoken.google.com/chat';
      const provider = await startProvider({ issuer, audience: 'chat' });
      console.log(`FIREBASE_PROJECT: not set. What stands for Google here is at ${provider.url}`);
      const url = `${provider.url}/certificates`;
      return { server: await own('firebase').start({ port, projectId: 'chat', url }), provider };
    },
    steps: welcome('Ada'),
  },
  'identity-provider': {
    async start(port) {
      const provider = await providerOf({ issuer: 'ISSUER', audience: 'AUDIENCE' });
      const { issuer, audience } = provider;
      const jwksUri = process.env.JWKS_URI;
      return { server: await own('identity-provider').start({ port, issuer, jwksUri, audience }), provider };
    },
    steps: welcome('Ada'),
  },
  introspection: {
    async start(port) {
      const {
        INTROSPECTION_ENDPOINT: endpoint,
        CLIENT_ID: clientId,
        CLIENT_SECRET: clientSecret,
      } = process.env;
      if (endpoint)
        return {
          server: await own('introspection').start({ port, endpoint, clientId, clientSecret }),
          isReal: true,
        };
      const provider = await startOpaqueProvider();
      console.log(
        `INTROSPECTION_ENDPOINT: not set. An authorization server for trying is at ${provider.url}`,
      );
      return { server: await own('introspection').start({ port, ...provider }), provider };
    },
    steps: welcome('chat'),
  },
  'openid-logout': {
    async start(port) {
      const provider = await providerOf({ issuer: 'ISSUER', audience: 'AUDIENCE', clientId: 'CLIENT_ID' });
      const { issuer, audience, clientId } = provider;
      const server = await own('openid-logout').start({
        port,
        issuer,
        audience,
        clientId,
        endBy: process.env.END_BY,
      });
      provider.logoutUri = `${urlOf(server)}/backchannel-logout`;
      return { server, provider };
    },
    steps: (url, { provider }) => [
      {
        say: 'Get a token from the provider, and log in with it:',
        line: logIn(url, provider.url),
        see: ['authenticated: 5 minutes left'],
      },
      {
        say: 'Log out at the provider:',
        line: post(provider.url, '/logout'),
        see: ['{"ended":1}'],
        before: ['refused: invalid_token (revoked)', 'disconnected'],
      },
    ],
  },
  'password-change': {
    start: simple('password-change'),
    steps: (url) => [
      {
        say: 'Two browsers are logged in, and one of them changes the password:',
        line: `node examples/password-change/demo.mjs ${url}`,
        see: [
          'second browser: refused: invalid_token (revoked)',
          'first browser: authenticated again, with the fresh token',
        ],
      },
    ],
  },
  prometheus: {
    start: simple('prometheus'),
    steps: (url) => [
      { say: 'Get a token, and log in with it:', line: logIn(url), see: ['authenticated: 5 minutes left'] },
      {
        say: 'Read the figures:',
        line: `curl -sS ${url}/metrics`,
        see: ['socketio_authorize_authenticated 1', 'socketio_authorize_verified_total 1'],
      },
    ],
  },
  'sql-store': {
    async start(port) {
      const { start, path } = own('sql-store');
      const server = await start(port);
      const there = urlOf(await start(0));
      console.log(`Both servers keep their rules in ${path}`);
      return { server, there };
    },
    steps: (url, { there }) => [
      { say: 'Get a token, and log in with it:', line: logIn(url), see: ['authenticated: 60 minutes left'] },
      {
        say: `Log out at the other server, ${there}:`,
        line: post(there, '/logout'),
        see: ['issuedBefore'],
        before: ['refused: invalid_token (revoked)', 'disconnected'],
      },
    ],
  },
};

/** What makes the cookies of Auth.js, for trying. */
async function trialOfAuthJs() {
  const { EncryptJWT } = await import('jose');
  const secret = randomBytes(32).toString('hex');
  const key = own('encrypted').keyOf(secret, 'authjs.session-token');
  const encrypt = (name) =>
    new EncryptJWT({ name, sub: name })
      .setProtectedHeader({ alg: 'dir', enc: 'A256CBC-HS512' })
      .setExpirationTime('5m')
      .encrypt(key);
  return { cookie: { secret }, encrypt };
}

/** Redis clients try again and again: a missing server is told at once. */
async function redisIsThere(url) {
  const { createClient } = require('redis');
  const trial = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 3000 } });
  trial.on('error', () => undefined);
  try {
    await trial.connect();
  } catch {
    throw new Error(`No Redis answers at ${url}. Start one with "redis-server", or set REDIS_URL.`);
  }
  trial.destroy();
}

module.exports = { demos };
