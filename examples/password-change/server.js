// A user changes the password: every session of the account ends, and the browser that did it stays logged in.
const { createServer } = require('node:http');
const express = require('express');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');
const { answerErrors, listen, nameFault, secretFrom } = require('../shared');

const secret = secretFrom('JWT_SECRET');

function start(port) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server);
  const auth = authorize({ secret, maxAge: '1h' });
  auth.attach(io);
  app.use(express.json());
  app.post('/login', (request, response) => {
    // Yours: check the password here.
    const { name } = request.body ?? {};
    const message = nameFault(name);
    if (message !== undefined) return response.status(400).json({ error: 'bad_name', message });
    return response.json({ token: jwt.sign({ sub: name }, secret, { expiresIn: '1h' }) });
  });
  app.post('/password', (request, response) => {
    const [, token] = (request.headers.authorization ?? '').split(' ');
    let user;
    try {
      user = jwt.verify(token, secret).sub;
    } catch {
      response.status(401).json({ error: 'bad_token', message: 'Log in again.' });
      return;
    }
    // Yours: check the old password, and store the new one.
    const answer = ({ issuedBefore }) => {
      // `iat` is in whole seconds, so all tokens of this second are refused: date the fresh one to the next second.
      response.json({ token: jwt.sign({ sub: user, iat: issuedBefore }, secret, { expiresIn: '1h' }) });
    };
    // If the store fails, the local sessions are ended, and the browser has to try again.
    const refuse = () => response.status(503).json({ error: 'unavailable', message: 'Try again.' });
    auth.revoke({ sub: user }).then(answer, refuse);
  });
  app.use(answerErrors);
  return listen(server, port);
}

module.exports = { start };
if (require.main === module) require('../shared/run').run('password-change');
