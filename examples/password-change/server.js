// A user changes the password: every session of the account ends, and the browser that did it stays logged in.
const { createServer } = require('node:http');
const express = require('express');
const jwt = require('jsonwebtoken');
const { Server } = require('socket.io');
const { authorize } = require('socketio-authorize');

const secret = process.env.JWT_SECRET ?? 'change me: 32 random bytes or more';

function start(port = 3000) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server);
  const auth = authorize({ secret, maxAge: '1h' });
  auth.attach(io);
  app.use(express.json());
  app.post('/login', (request, response) => {
    // Yours: check the password here.
    response.json({ token: jwt.sign({ sub: request.body.name }, secret, { expiresIn: '1h' }) });
  });
  app.post('/password', (request, response) => {
    const [, token] = (request.headers.authorization ?? '').split(' ');
    let user;
    try {
      user = jwt.verify(token, secret).sub;
    } catch {
      response.sendStatus(401);
      return;
    }
    // Yours: check the old password, and store the new one.
    const answer = ({ issuedBefore }) => {
      // `iat` is in whole seconds, so all tokens of this second are refused: date the fresh one to the next second.
      response.json({ token: jwt.sign({ sub: user, iat: issuedBefore }, secret, { expiresIn: '1h' }) });
    };
    // If the store fails, the local sessions are ended, and the browser has to try again.
    auth.revoke({ sub: user }).then(answer, () => response.sendStatus(503));
  });
  return new Promise((resolve) => server.listen(port, () => resolve(server)));
}

module.exports = { start };
if (require.main === module) start();
