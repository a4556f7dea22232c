// Sessions of Auth.js 5 (NextAuth): its cookie holds an encrypted token (JWE, RFC 7516).
const { hkdfSync } = require('node:crypto');
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { listen } = require('../shared');

/** As Auth.js derives it: the cookie's name is in it. */
function keyOf(secret, cookie) {
  const info = `Auth.js Generated Encryption Key (${cookie})`;
  return new Uint8Array(hkdfSync('sha256', secret, cookie, info, 64));
}

/**
 * @param secret `AUTH_SECRET`
 * @param cookie over HTTPS it is `__Secure-authjs.session-token`
 * @param origins the pages that may log in, unless Next.js has the same host: `['https://app.example.com']`
 */
async function start({ port, secret, cookie = 'authjs.session-token', origins = [] }) {
  // `jose` has no CommonJS form.
  const { jwtDecrypt } = await import('jose');
  const key = keyOf(secret, cookie);
  const expected = {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256CBC-HS512'],
    requiredClaims: ['sub', 'exp'],
  };

  const server = createServer();
  const io = new Server(server, { cors: { origin: origins, credentials: true } });
  authorize({
    handshake: true,
    cookie,
    origins,
    verify: async (token) => (await jwtDecrypt(token, key, expected)).payload,
  })
    .attach(io)
    .on('authenticated', (socket) => socket.emit('welcome', socket.decoded_token.name));
  return listen(server, port);
}

module.exports = { start, keyOf };
if (require.main === module) require('../shared/run').run('encrypted');
