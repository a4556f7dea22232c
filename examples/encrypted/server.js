// Sessions of Auth.js 5 (NextAuth): its cookie holds an encrypted token (JWE, RFC 7516).
const { hkdfSync } = require('node:crypto');
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');

/**
 * @param secret `AUTH_SECRET`
 * @param cookie over HTTPS it is `__Secure-authjs.session-token`
 * @param origins the pages that may log in, unless Next.js has the same host: `['https://app.example.com']`
 */
async function start({ port = 3001, secret, cookie = 'authjs.session-token', origins = [] }) {
  // `jose` has no CommonJS form.
  const { jwtDecrypt } = await import('jose');
  // As Auth.js derives it: the cookie's name is in it.
  const key = new Uint8Array(
    hkdfSync('sha256', secret, cookie, `Auth.js Generated Encryption Key (${cookie})`, 64),
  );
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
  return new Promise((resolve) => server.listen(port, () => resolve(server)));
}

module.exports = { start };
if (require.main === module) start({ secret: process.env.AUTH_SECRET });
