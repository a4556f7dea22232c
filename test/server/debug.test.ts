import { execFile } from 'node:child_process';
import { expect } from 'chai';
import { ROOT } from '../support/repository';
import { createToken } from '../support/tokens';

const SCRIPT = `
  const { Server } = require('socket.io');
  const { io: connect } = require('socket.io-client');
  const { authorize } = require('socketio-authorize');
  const [good, bad] = process.argv.slice(1);
  const io = new Server(0, { connectionStateRecovery: {} });
  const auth = authorize({ secret: process.env.SECRET, validate: (claims) => { if (claims.sub === 'eve') throw new Error('hunter2'); } });
  auth.attach(io);
  const socket = connect('http://127.0.0.1:' + io.httpServer.address().port, { auth: { token: bad } });
  socket.once('unauthorized', async () => {
    socket.emit('news\\n', good);
    await socket.emitWithAck('authenticate', { token: bad });
    await socket.emitWithAck('authenticate', { token: good });
    await auth.revoke({ sub: 'bob' });
    socket.once('disconnect', () => process.exit());
  });
`;

describe('DEBUG=socketio-authorize:*', () => {
  it('logs what happens, without tokens, claims and texts of exceptions', async () => {
    const secret = 'the secret of this test';
    const [good, bad] = [
      createToken({ sub: 'bob', email: 'bob@example.com' }, {}, secret),
      createToken({ sub: 'eve' }, {}, secret),
    ];
    const env = { ...process.env, DEBUG: 'socketio-authorize:*', SECRET: secret };
    const output = await new Promise<string>((done) => {
      execFile(
        process.execPath,
        ['-e', SCRIPT, good, bad],
        { cwd: ROOT, env, timeout: 100_000 },
        (_error, _stdout, stderr) => done(stderr),
      );
    });
    for (const told of [
      ': verifying',
      ': authenticated',
      ': unknown',
      'event "news\\n" dropped',
      'ends 1 sessions',
    ]) {
      expect(output).to.include(told);
    }
    for (const name of ['session', 'refusal', 'revocation'])
      expect(output).to.match(new RegExp(` socketio-authorize:${name} `));
    for (const hidden of [good, bad, 'bob@example.com', 'hunter2', secret])
      expect(output).not.to.include(hidden);
  });
});
