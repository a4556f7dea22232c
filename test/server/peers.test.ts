import { execFile } from 'node:child_process';
import { expect } from 'chai';
import { verify } from 'jsonwebtoken';
import { ROOT } from '../support/repository';
import { SECRET, tokenEndingIn } from '../support/tokens';
import { World } from '../support/world';

/** What the comparison in the README says of others, shown on the real things. */
describe('comparison with other packages:', () => {
  let world: World | undefined;

  afterEach(() => world?.close());

  /** Runs a server of a peer in a process of its own, has a client connect with a token of 123, and says how it ended. */
  function withToken123(install: string): Promise<string> {
    const script = `
      const { Server } = require('socket.io');
      const { io: connect } = require('socket.io-client');
      (async () => {
        const io = new Server(0);
        ${install}
        const socket = connect('http://127.0.0.1:' + io.httpServer.address().port, { auth: { token: 123 } });
        for (const event of ['connect_error', 'unauthorized']) {
          socket.on(event, () => { console.log('refused'); process.exit(); });
        }
      })();
    `;
    return new Promise((done) => {
      const options = { cwd: ROOT, timeout: 100_000 };
      execFile(process.execPath, ['-e', script], options, (_error, stdout, stderr) => done(stdout + stderr));
    });
  }

  it('@thream/socketio-jwt ends the process at auth: { token: 123 }', async () => {
    const install = `const { authorize } = await import('@thream/socketio-jwt'); io.use(authorize({ secret: 'x' }));`;
    expect(await withToken123(install)).to.match(/TypeError: token\.split is not a function/);
  });

  for (const mode of ['', '.use(auth)', ".on('connection', auth)"]) {
    const how = mode === '' ? 'attached' : mode;
    it(`socketio-authorize refuses it, ${how}`, async () => {
      const handshake = mode.startsWith('.use');
      const install = `const auth = require('socketio-authorize').authorize({ secret: 'x'.repeat(32), handshake: ${handshake} });
        ${mode === '' ? 'auth.attach(io)' : `io${mode}`};`;
      expect(await withToken123(install)).to.equal('refused\n');
    });
  }

  it('a hand-written middleware lets sessions outlive their tokens', async () => {
    world = await new World().listen();
    const time = world.stopTime();
    world.io.use((socket, next) => {
      const { token } = socket.handshake.auth as { token: string };
      verify(token, SECRET, (error) => next(error ?? undefined));
    });
    const client = await world.connected('/', { auth: { token: tokenEndingIn(400) } });
    time.pass(10_000);
    world.io.emit('still here');
    await client.until('still here');
  });
});
