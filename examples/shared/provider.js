// A small identity provider to try the examples with. It asks for no password: never use it for anything else.
const { generateKeyPairSync, randomUUID } = require('node:crypto');
const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');
const { createPosts, listen, urlOf } = require('./index');

const CLIENT = 'my-client-id';
const AUDIENCE = 'https://chat.example';

/**
 * Starts the provider: `/login` gives an access token, `/logout` ends the user's session and sends a logout token to
 * `logoutUri`.
 *
 * @param alg `'RS256'` or `'EdDSA'`
 * @param issuer what tokens name, if it is not the provider's address
 */
async function startProvider({ alg = 'RS256', issuer, audience = AUDIENCE } = {}) {
  // `jose` has no CommonJS form.
  const { exportJWK, SignJWT } = await import('jose');
  const { publicKey, privateKey } = generateKeyPairSync(alg === 'EdDSA' ? 'ed25519' : 'rsa', {
    modulusLength: 2048,
  });
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg, use: 'sig' }];
  const provider = {
    audience,
    clientId: CLIENT,
    certificates: { one: publicKey.export({ type: 'spki', format: 'pem' }) },
  };
  /** The session of each user. */
  const sessions = new Map();

  const sign = (claims, aud, typ, life = '5m') =>
    new SignJWT({ jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg, kid: 'one', typ })
      .setIssuer(provider.issuer)
      .setAudience(aud)
      .setIssuedAt()
      .setExpirationTime(life)
      .sign(privateKey);

  async function logOut(name) {
    const sid = sessions.get(name);
    if (sid === undefined || provider.logoutUri === undefined) return { ended: 0 };
    sessions.delete(name);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const token = await sign({ sid, sub: name, events }, CLIENT, 'logout+jwt', '2m');
    const body = new URLSearchParams({ logout_token: token });
    const { ok, status } = await fetch(provider.logoutUri, { method: 'POST', body });
    if (!ok) throw new Error(`the logout endpoint answered ${status}`);
    return { ended: 1 };
  }

  const posts = createPosts({
    '/login': async (name) => {
      if (!sessions.has(name)) sessions.set(name, randomUUID());
      return {
        access_token: await sign(
          { sub: name, name, sid: sessions.get(name), scope: 'chat' },
          audience,
          'at+jwt',
        ),
      };
    },
    '/logout': logOut,
  });
  const documents = {
    '/.well-known/openid-configuration': () => ({
      issuer: provider.issuer,
      jwks_uri: `${provider.url}/jwks`,
    }),
    '/jwks': () => ({ keys }),
    '/certificates': () => provider.certificates,
  };
  const server = createServer((request, response) => {
    if (!Object.hasOwn(documents, request.url)) return posts.emit('request', request, response);
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify(documents[request.url]()));
  });
  await listen(server, 0);
  provider.url = urlOf(server);
  provider.issuer = issuer ?? provider.url;
  return provider;
}

/** An authorization server with opaque tokens: `/login` gives one, `/logout` ends the user's, `/introspect` tells about one. */
async function startOpaqueProvider() {
  const { clientId, clientSecret } = { clientId: 'chat', clientSecret: randomUUID() };
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const tokens = new Map();
  const posts = createPosts({
    '/login': (name) => {
      const token = randomUUID();
      tokens.set(token, { sub: name, scope: 'chat', exp: Math.floor(Date.now() / 1000) + 300 });
      return { access_token: token };
    },
    '/logout': (name) => {
      for (const [token, { sub }] of tokens) if (sub === name) tokens.delete(token);
      return {};
    },
  });
  async function introspect(request, response) {
    if (request.headers.authorization !== authorization) return response.writeHead(401).end();
    const claims = tokens.get(new URLSearchParams(await text(request)).get('token'));
    return response.end(JSON.stringify(claims ? { active: true, ...claims } : { active: false }));
  }
  const server = createServer((request, response) => {
    if (request.url !== '/introspect') posts.emit('request', request, response);
    else introspect(request, response).catch(() => response.destroy());
  });
  await listen(server, 0);
  const url = urlOf(server);
  return { url, endpoint: `${url}/introspect`, clientId, clientSecret };
}

module.exports = { startProvider, startOpaqueProvider };
