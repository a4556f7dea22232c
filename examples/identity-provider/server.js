// Access tokens of an identity provider such as Auth0, Keycloak or Entra, with the keys that it shows.
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { jwksVerifier } = require('socketio-authorize/jwks');
const { listen } = require('../shared');

/**
 * @param issuer Auth0: `https://TENANT.eu.auth0.com/`; Keycloak: `https://HOST/realms/REALM`; to the letter
 * @param jwksUri where its keys are, if it has no `/.well-known/openid-configuration` that says so
 * @param audience the name of your API there
 */
function start({ port, issuer, jwksUri, audience }) {
  const server = createServer();
  const io = new Server(server);
  authorize({
    verify: jwksVerifier({ issuer, jwksUri, audience, algorithms: ['RS256', 'ES256'] }),
    clockTolerance: 5,
  })
    .attach(io)
    .on('authenticated', (socket) => socket.emit('welcome', socket.decoded_token.sub));
  return listen(server, port);
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('identity-provider');
