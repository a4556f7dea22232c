import { expect } from 'chai';
import { UnauthorizedError } from '../../lib/client';
import { endlessToken, fetcher, gate, Kit } from './kit';
import type { ScriptedServer } from './scripted-server';

describe("the application's own messages", () => {
  const kit = new Kit();

  afterEach(() => kit.close());

  describe('that the server drops are reported by `dropped`', () => {
    it('while the socket is not logged in', async () => {
      await kit.start();
      const key = gate<string>();
      kit.world.authorize({ secret: () => key.promise, required: false }).attach(kit.world.io);
      const client = kit.watch(kit.socket(), () => endlessToken());
      await client.auth.logout();
      client.socket.connect();
      await client.until('connect');
      client.socket.emit('chat', 'too early');
      const error = await client.until('dropped');
      expect(error).to.be.instanceOf(UnauthorizedError);
      expect((error as UnauthorizedError).data).to.include({ code: 'not_authenticated', event: 'chat' });
      expect(client.auth.state).to.equal('unauthorized');
    });

    it('while the session may not send them: that is no refusal of the login', async () => {
      const server = await kit.startScripted();
      const clock = kit.stopTimers();
      const client = kit.client(() => 'alice');
      await client.auth.ready;
      server.refuse(server.io, { code: 'insufficient_scope', retryable: false, event: 'ban' });
      const error = await client.until<UnauthorizedError>('dropped');
      expect(error).to.be.instanceOf(UnauthorizedError).and.include({ code: 'insufficient_scope' });
      expect(error.data.event).to.equal('ban');
      expect([client.auth.state, client.count('unauthorized'), client.count('error')]).to.deep.equal([
        'authenticated',
        0,
        0,
      ]);
      expect(clock.countTimers()).to.equal(0);
    });

    it('but not a refusal whose server writes null for what there is not', async () => {
      const server = await kit.startScripted();
      const client = kit.client(() => 'alice');
      await client.auth.ready;
      server.refuse(server.io, { code: 'account_locked', retryable: false, event: null });
      expect(await client.until<UnauthorizedError>('unauthorized')).to.include({ code: 'account_locked' });
      expect(client.count('dropped')).to.equal(0);
    });

    it('and a listener is optional', async () => {
      const server = await kit.startScripted();
      const client = kit.client(() => 'alice');
      await client.auth.ready;
      client.auth.off('dropped', () => undefined);
      server.refuse(server.io, { code: 'not_authenticated', event: 'chat' });
      await client.until('came unauthorized');
      expect(client.auth.state).to.equal('authenticated');
    });
  });

  describe('that wait in the queue of `retries` do not delay', () => {
    const options = { retries: 3, ackTimeout: 60_000 };
    let server: ScriptedServer;

    beforeEach(async () => {
      server = await kit.startScripted();
    });

    it('a login by event', async () => {
      const socket = kit.socket(options).connect();
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      socket.emit('never acknowledged', () => undefined);
      const client = kit.watch(socket, () => 'alice');
      await client.auth.ready;
      expect(server.users).to.deep.equal(['alice']);
    });

    it('a renewal', async () => {
      const clock = kit.stopTimers();
      server.session = { expiresAt: 1, expiresIn: 100_000 };
      server.userOf = () => 'alice';
      const client = kit.client(
        fetcher((call) => `token ${call}`),
        options,
      );
      await client.until('authenticated');
      client.socket.emit('never acknowledged', () => undefined);
      clock.tick(80_000);
      await client.until('authenticated');
      expect(server.inbox.all('authenticate').map(([, token]) => token)).to.deep.equal(['token 2']);
    });

    it('a logout and the next login', async () => {
      let user = 'alice';
      const client = kit.client(() => user, options);
      await client.auth.ready;
      client.socket.emit('never acknowledged', () => undefined);
      await client.auth.logout();
      expect(server.users).to.deep.equal([undefined]);
      user = 'bob';
      await client.auth.login();
      expect(server.users).to.deep.equal(['bob']);
    });

    it('and still arrive in order, each once', async () => {
      const client = kit.client(() => 'alice', options);
      client.socket.emit('say', 'one');
      client.socket.emit('say', 'two');
      await client.auth.ready;
      await client.socket.emitWithAck('say', 'three');
      expect(server.inbox.all('say')).to.deep.equal([
        ['alice', 'one'],
        ['alice', 'two'],
        ['alice', 'three'],
      ]);
    });
  });

  it('with a short `ackTimeout` do not shorten the time for a logout', async () => {
    const server = await kit.startScripted();
    server.acknowledges = false;
    const client = kit.client(() => 'alice', { ackTimeout: 1 });
    await client.auth.ready;
    let isOver = false;
    void client.auth.logout().then(() => (isOver = true));
    const [socket] = server.io.sockets.sockets.values();
    await server.inbox.take('deauthenticate');
    // As long as it takes Socket.IO to give up on a message of the application.
    await client.socket.emitWithAck('never acknowledged').catch(() => undefined);
    await client.socket.timeout(5_000).emitWithAck('say', 'still here');
    expect([isOver, socket?.connected]).to.deep.equal([false, true]);
  });
});
