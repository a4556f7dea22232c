import { expect } from 'chai';
import { restore, stub } from 'sinon';
import type { Socket } from 'socket.io-client';
import { forgetRecovery, sendNow } from '../../lib/client/socket-internals';
import { gate, Kit } from './kit';
import { ScriptedServer } from './scripted-server';

/** Each point has a counter-check, which shows whether the client's workaround is still needed. */
describe("what the client relies on in Socket.IO's client:", () => {
  const kit = new Kit();
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await new ScriptedServer().listen();
    kit.server = server;
  });
  afterEach(async () => {
    restore();
    await kit.close();
  });

  /** A socket that is connected and has been sent an offset. */
  async function connected(options = {}): Promise<Socket> {
    const socket = kit.socket({ auth: { token: 'alice' }, ...options });
    const greeted = new Promise<void>((resolve) => socket.once('hello', () => resolve()));
    socket.connect();
    await greeted;
    await server.inbox.take('CONNECT');
    return socket;
  }

  for (const forgets of [false, true]) {
    it(`a session whose recovery id was ${forgets ? 'forgotten' : 'not forgotten'} is ${forgets ? 'not ' : ''}requested again`, async () => {
      const socket = await connected();
      if (forgets) forgetRecovery(socket);
      const back = new Promise<void>((resolve) => socket.once('connect', resolve));
      server.cut();
      await back;
      const [auth] = await server.inbox.take('CONNECT');
      expect(Object.keys(auth as object)).to.have.members(forgets ? ['token'] : ['token', 'pid', 'offset']);
      expect(socket.recovered).to.equal(!forgets);
    });
  }

  it('a session whose recovery id was forgotten leaves no offset for the next one', async () => {
    const socket = await connected();
    forgetRecovery(socket);
    let back = new Promise<void>((resolve) => socket.once('connect', resolve));
    // Nothing with an offset comes on the connection in between.
    server.isSilent = true;
    server.cut();
    await back;
    await server.inbox.take('CONNECT');
    back = new Promise<void>((resolve) => socket.once('connect', resolve));
    server.cut();
    await back;
    const [auth] = await server.inbox.take('CONNECT');
    expect(Object.keys(auth as object)).to.have.members(['token', 'pid']);
  });

  for (const [how, send] of [
    ['plainly', (socket: Socket) => void socket.emit('say', 'now')],
    ['at once', (socket: Socket) => sendNow(socket, 'say', 'now')],
  ] as const) {
    const isNow = how === 'at once';

    it(`an event that is sent ${how} ${isNow ? 'skips' : 'waits in'} the queue of \`retries\``, async () => {
      const socket = await connected({ retries: 3, ackTimeout: 60_000 });
      // Never acknowledged, so that the queue stands still.
      socket.emit('unheard of', () => undefined);
      send(socket);
      await new Promise<void>((resolve) => sendNow(socket, 'say', () => resolve()));
      expect(server.inbox.all('say').filter(([, text]) => text === 'now')).to.have.length(isNow ? 1 : 0);
    });

    it(`an event that is sent ${how} after the heartbeats have stopped is ${isNow ? 'lost' : 'kept for later'}`, async () => {
      const socket = await connected();
      const back = new Promise<void>((resolve) => socket.once('connect', resolve));
      const anHourLater = Date.now() + 3_600_000;
      const clock = stub(Date, 'now').returns(anHourLater);
      expect(socket.connected).to.equal(true);
      send(socket);
      clock.restore();
      await back;
      await socket.emitWithAck('say', 'later');
      expect(server.inbox.all('say').map(([, text]) => text)).to.deep.equal(
        isNow ? ['later'] : ['now', 'later'],
      );
    });
  }

  it("the application's buffered events stay in the buffer", async () => {
    const socket = kit.socket();
    socket.emit('say', 'buffered');
    sendNow(socket, 'say', 'at once');
    socket.connect();
    await socket.emitWithAck('say', 'later');
    expect(server.inbox.all('say').map(([, text]) => text)).to.deep.equal(['buffered', 'later']);
  });

  describe('an acknowledgement that is waited for', () => {
    it('comes with an answer', async () => {
      const socket = await connected();
      const answers = await new Promise<unknown[]>((resolve) => {
        sendNow(socket, 'deauthenticate', (...args: unknown[]) => resolve(args), 1_000);
      });
      expect(answers).to.deep.equal([null, { ok: true }]);
    });

    it('comes as an error after its timeout, whatever `ackTimeout` says', async () => {
      const socket = await connected({ ackTimeout: 60_000 });
      server.acknowledges = false;
      const [error] = await new Promise<unknown[]>((resolve) => {
        sendNow(socket, 'deauthenticate', (...args: unknown[]) => resolve(args), 20);
      });
      expect(error).to.be.instanceOf(Error);
      expect(socket.connected).to.equal(true);
    });

    it('comes as an error when the connection is lost', async () => {
      const socket = await connected();
      server.acknowledges = false;
      const lost = gate<unknown>();
      sendNow(socket, 'deauthenticate', lost.open, 60_000);
      server.cut();
      expect(await lost.promise).to.be.instanceOf(Error);
    });

    it("comes without an error for the application's next event: the timeout applied to one event only", async () => {
      const socket = await connected();
      sendNow(socket, 'deauthenticate', () => undefined, 1_000);
      const answers = await new Promise<unknown[]>((resolve) => {
        socket.emit('say', 'next', (...args: unknown[]) => resolve(args));
      });
      expect(answers).to.deep.equal([{}]);
    });
  });
});
