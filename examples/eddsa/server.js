// Tokens signed with EdDSA, which `jsonwebtoken` does not know; better-auth's JWT plugin makes them by default.
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { listen } = require('../shared');

/** @param jwksUri where the issuer shows its keys; better-auth: `https://HOST/api/auth/jwks` */
async function start({ port, jwksUri, issuer, audience }) {
  // `jose` has no CommonJS form.
  const { createRemoteJWKSet, jwtVerify } = await import('jose');
  const keys = createRemoteJWKSet(new URL(jwksUri));
  const expected = { issuer, audience, algorithms: ['EdDSA'], requiredClaims: ['sub', 'exp'] };

  const server = createServer();
  const io = new Server(server);
  authorize({ verify: async (token) => (await jwtVerify(token, keys, expected)).payload })
    .attach(io)
    .on('authenticated', (socket) => socket.emit('welcome', socket.decoded_token.sub));
  return listen(server, port);
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('eddsa');
