import { expect } from 'chai';
import type { AnySocket } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { cutOff, giveOffset, recoveryIdOf, returning, wireOf } from '../support/recovery';
import { refusal, refusedAtConnect, settled, show } from '../support/refusals';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import { until } from '../support/until';
import type { TestClient } from '../support/world';

describe('an authorizer that is closed', () => {
  const { world } = freshWorld({ connectionStateRecovery: {} });

  for (const handshake of [false, true]) {
    it(`restores no session, and sends no missed packet, in ${handshake ? 'handshake' : 'event'} mode`, async () => {
      const auth = world.authorize({ handshake });
      auth.attach(world.io);
      const client = world.client('/', { auth: { token: createToken() } });
      await client.until('authenticated');
      await giveOffset(client, world.io);
      const id = recoveryIdOf(client);
      await cutOff(client, world);
      world.io.emit('missed');
      auth.close();
      const back = returning(world, id);
      const wire = wireOf(back);
      const { code } = handshake ? await refusedOrDropped(back) : await refusal(back);
      expect(code).to.equal('server_busy');
      expect(wire.filter((packet) => packet.includes('missed'))).to.deep.equal([]);
    });
  }

  async function loggedIn(token: string): Promise<TestClient> {
    const client = world.client('/', { auth: { token } });
    await client.until('authenticated');
    return client;
  }

  /** A namespace whose middleware is skipped for a restored socket answers by event. */
  async function refusedOrDropped(client: Parameters<typeof refusal>[0]): Promise<{ code: string }> {
    return refusedAtConnect(client);
  }

  it('takes no token of a socket that waits: nobody would end the session', async () => {
    const auth = world.authorize();
    auth.attach(world.io);
    const client = await world.connected();
    auth.close();
    expect(await show(client, createToken()))
      .to.deep.include({ ok: false })
      .and.have.nested.property('error.code', 'server_busy');
    expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
  });

  for (const [what, first] of [
    ['a login', undefined],
    ['a renewal', createToken()],
  ] as const) {
    it(`takes no token, of ${what}, whose verification it interrupts: nobody would end the session`, async () => {
      const slow = new SlowCheck();
      const auth = world.authorize({ validate: ({ slowly }) => (slowly ? slow.check() : undefined) });
      auth.attach(world.io);
      const client = first === undefined ? await world.connected() : await loggedIn(first);
      const answer = show(client, createToken({ sub: 'bob', name: 'Bob', slowly: true }));
      await slow.untilAsked();
      const before = auth.stats();
      auth.close();
      slow.answer();
      expect(await answer)
        .to.deep.include({ ok: false })
        .and.have.nested.property('error.code', 'server_busy');
      const { pending, authenticated } = auth.stats();
      expect({ pending, authenticated }).to.deep.equal({
        pending: before.pending,
        authenticated: before.authenticated,
      });
    });
  }

  it('takes no token whose rooms close it: nobody would end the session', async () => {
    const auth = world.authorize({
      rooms: () => {
        auth.close();
        return [];
      },
    });
    auth.attach(world.io);
    const client = await world.connected();
    expect(await show(client, createToken())).to.have.nested.property('error.code', 'server_busy');
    expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
  });

  it('that was never attached turns strangers away before they hear a broadcast, from the second on', async () => {
    world.io.on('connection', () => world.io.emit('hello'));
    const auth = world.authorize();
    world.io.on('connection', auth);
    auth.close();
    const first = world.client();
    await first.until('disconnect');
    const second = world.client();
    await second.until('disconnect');
    expect(second.received('hello')).to.deep.equal([]);
  });

  it('listens to no cluster for the children of a dynamic namespace that are made afterwards', async () => {
    const auth = world.authorize();
    auth.attach(world.io.of(/^\/room-\d+$/));
    auth.close();
    const before = world.io.of('/').listenerCount('socketio-authorize:revoke');
    const client = world.client('/room-1');
    await client.until('disconnect');
    expect(world.io.of('/').listenerCount('socketio-authorize:revoke')).to.equal(before);
  });

  it('leaves the sockets of `on(connection)` alone that a later authorizer has taken in', async () => {
    const former = world.authorize();
    world.io.on('connection', former);
    former.close();
    world.authorize().attach(world.io);
    const client = world.client('/', { auth: { token: createToken() } });
    await client.until('authenticated');
    await settled(client);
    expect(client.socket.connected).to.equal(true);
  });

  describe('and is followed by another one', () => {
    it('hands its sockets over: they are pending, in the time of the new one', async () => {
      const time = world.stopTime();
      const heard: unknown[] = [];
      world.io.on('connection', (socket: AnySocket) => {
        void socket.join('room');
        socket.on('news', (text: unknown) => heard.push(text));
      });
      const former = world.authorize();
      former.attach(world.io);
      const client = world.client('/', { auth: { token: createToken({ sub: 'alice' }) } });
      await client.until('authenticated');
      const guest = await world.connected();
      former.close();
      const auth = world.authorize({ timeout: 1_000 });
      auth.attach(world.io);
      expect(former.stats()).to.include({ authenticated: 0, pending: 0 });
      expect(auth.stats()).to.include({ authenticated: 0, pending: 2 });
      const [socket] = [...world.io.of('/').sockets.values()] as AnySocket[];
      expect([socket?.data, [...(socket?.rooms ?? [])]]).to.deep.equal([{}, [socket?.id]]);
      world.io.emit('secret');
      client.socket.emit('news', 'too early');
      await settled(client);
      expect(heard).to.deep.equal([]);
      expect(await show(client, createToken({ sub: 'bob' }))).to.include({ ok: true });
      client.socket.emit('news', 'in time');
      await until('it is heard', () => heard.length > 0);
      await auth.revoke({ sub: 'bob', issuedBefore: Date.now() / 1000 + 60 });
      await client.until('disconnect');
      time.pass(1_001);
      expect(await refusal(guest)).to.include({ code: 'authentication_timeout' });
      expect(client.received('secret')).to.deep.equal([]);
    });

    for (const handshake of [true, false]) {
      const mode = handshake ? 'handshake' : 'event';
      for (const [what, of] of [
        ['a namespace', '/room-1'],
        ['a dynamic namespace', /^\/room-\d$/],
      ] as const) {
        it(`leaves ${what} to it, from handshake to ${mode} mode`, async () => {
          const namespace = world.io.of(of);
          const former = world.authorize({ handshake: true });
          former.attach(namespace);
          former.close();
          const auth = world.authorize({ handshake });
          auth.attach(namespace);
          const stranger = world.client('/room-1', { auth: { token: 'no token' } });
          const { code } = handshake ? await refusedAtConnect(stranger) : await refusal(stranger);
          expect(code).to.equal('invalid_token');
          const client = world.client('/room-1', { auth: { token: createToken() } });
          await client.until('authenticated');
          expect([former.stats().refused, auth.stats().authenticated]).to.deep.equal([0, 1]);
        });
      }
    }

    it('refuses, as it does, once both are closed', async () => {
      for (let count = 0; count < 2; count += 1) {
        const auth = world.authorize({ handshake: true });
        auth.attach(world.io);
        auth.close();
      }
      const client = world.client('/', { auth: { token: createToken() } });
      expect(await refusedAtConnect(client)).to.include({ code: 'server_busy' });
    });

    it('hands none over while it is open', async () => {
      const former = world.authorize();
      former.attach(world.io);
      const client = world.client('/', { auth: { token: createToken() } });
      await client.until('authenticated');
      const auth = world.authorize();
      auth.attach(world.io);
      expect(former.stats()).to.include({ authenticated: 1 });
      expect(auth.stats()).to.include({ pending: 0 });
    });
  });
});
