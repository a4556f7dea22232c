// A user logs out at the identity provider (Keycloak, Auth0, Entra, …): the sockets of that session end, on every node.
const { createServer } = require('node:http');
const express = require('express');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { jwksVerifier } = require('socketio-authorize/jwks');
const { backchannelLogout } = require('socketio-authorize/oidc');
const { listen } = require('../shared');

/**
 * @param issuer the provider, to the letter as its tokens name it
 * @param audience the name of your API there: what access tokens are for
 * @param clientId your client's id there: what logout tokens are for
 * @param endBy `'sub'` if access tokens carry no `sid`
 */
function start({ port, issuer, audience, clientId, endBy }) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server);
  // `maxAge`: no access token lives longer, so a rule can be forgotten after that time.
  const auth = authorize({ verify: jwksVerifier({ issuer, audience }), maxAge: '1h' });
  auth.attach(io);
  // Register this URL at the provider as the back-channel logout URI of the client.
  app.post('/backchannel-logout', backchannelLogout(auth, { issuer, audience: clientId, endBy }));
  return listen(server, port);
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('openid-logout');
