// Opaque access tokens: the authorization server is asked about each of them (token introspection, RFC 7662).
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize, UnauthorizedError } = require('socketio-authorize');
const { listen } = require('../shared');

/**
 * @param endpoint the `introspection_endpoint` of the authorization server
 * @param clientId of this server there, with `clientSecret`
 */
function start({ port, endpoint, clientId, clientSecret }) {
  // RFC 6749 §2.3.1
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;

  async function verify(token) {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization, accept: 'application/json' },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
      // Below `keyTimeout`, which would strike first.
      signal: AbortSignal.timeout(5000),
    });
    // That it cannot tell is not the token's fault: the client tries again.
    if (!response.ok) throw new UnauthorizedError('invalid_secret', { reason: 'key_unavailable' });
    const { active, ...claims } = await response.json();
    if (active !== true) throw new Error('the token is not active');
    return claims;
  }

  const server = createServer();
  const io = new Server(server);
  authorize({ verify })
    .attach(io)
    .on('authenticated', (socket) => socket.emit('welcome', socket.decoded_token.scope));
  return listen(server, port);
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('introspection');
