import { once } from 'node:events';
import { expect } from 'chai';
import type { Socket as ClientSocket } from 'socket.io-client';
import type { AnyNamespace, Authorizer, JwtClaims } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { connectError, refusal, show } from '../support/refusals';
import { SlowCheck } from '../support/slow-check';
import { createToken, tokenEndingIn } from '../support/tokens';
import { until } from '../support/until';
import type { TestClient } from '../support/world';

describe('namespaces', () => {
  const { world } = freshWorld();

  /** A further socket of a client's connection. */
  async function beside(client: TestClient, namespace: string, auth: object = {}): Promise<ClientSocket> {
    const socket = client.socket.io.socket(namespace, { auth });
    await once(socket as never, 'connect');
    return socket;
  }

  /** Whether Socket.IO has a namespace; `of` would make it. */
  function hasNamespace(name: string): boolean {
    return (world.io as unknown as { _nsps: Map<string, unknown> })._nsps.has(name);
  }

  it('are guarded separately', async () => {
    world.authorize().attach(world.io.of('/guarded'));
    const [guest, open] = [await world.connected('/guarded'), await world.connected()];
    world.io.of('/guarded').emit('news');
    world.io.emit('news');
    await open.until('news');
    expect(await show(guest, createToken())).to.include({ ok: true });
    expect(guest.received('news')).to.deep.equal([]);
  });

  it('get the events of their own logins only', async () => {
    const told = ['/one', '/two'].map((name) => {
      world.authorize().attach(world.io.of(name));
      return new NamespaceInbox(world.io.of(name));
    });
    await show(await world.connected('/two'), createToken());
    expect(told.map(({ events }) => events)).to.deep.equal([[], ['authenticated']]);
  });

  const installers: [how: string, install: (auth: Authorizer, parent: AnyNamespace) => void][] = [
    ['attach', (auth, parent) => void auth.attach(parent)],
    ["on('connection')", (auth, parent) => void parent.on('connection', auth)],
  ];
  for (const [how, install] of installers) {
    it(`that are dynamic are guarded by ${how}, and their parent gets the events of logins too`, async () => {
      const parent = world.io.of(/^\/dynamic-\d+$/);
      install(world.authorize({ holdEvents: 0 }), parent);
      const told = new NamespaceInbox(parent);
      const client = await world.connected('/dynamic-7');
      world.io.of('/dynamic-7').emit('news');
      client.socket.emit('news');
      expect(await refusal(client)).to.include({ code: 'not_authenticated' });
      await show(client, createToken({ sub: 'bob' }));
      const socket = await told.socket('authenticated');
      expect(socket).to.have.nested.property('decoded_token.sub', 'bob');
      expect(socket.nsp.name).to.equal('/dynamic-7');
      expect(client.received('news')).to.deep.equal([]);
    });
  }

  it('that are dynamic may be guarded at the handshake', async () => {
    const parent = world.io.of(/^\/dynamic-\d+$/);
    const told = new NamespaceInbox(parent);
    world.io.of('/dynamic-1');
    world.authorize({ handshake: true }).attach(parent);
    for (const name of ['/dynamic-1', '/dynamic-2']) {
      expect(await connectError(world.client(name))).to.include({ code: 'credentials_required' });
      await world.client(name, { auth: { token: createToken() } }).until('authenticated');
      await told.take('authenticated');
    }
  });

  for (const how of ['is refused', 'leaves'] as const) {
    it(`that Socket.IO cleans up stay for a client whose token is being verified while another one ${how}`, async () => {
      await world.restart({ cleanupEmptyChildNamespaces: true });
      const slow = new SlowCheck();
      const check = ({ sub }: JwtClaims): unknown => (sub === 'bob' ? slow.check() : undefined);
      const auth = world.authorize({ handshake: true, validate: check });
      auth.attach(world.io.of(/^\/dynamic-\d+$/));
      const token = how === 'leaves' ? createToken({ sub: 'eve' }) : 'none';
      const child = world.io.of('/dynamic-7');
      const bob = world.client('/dynamic-7', { auth: { token: createToken({ sub: 'bob' }) } });
      await slow.untilAsked();
      const other = world.client('/dynamic-7', { auth: { token } });
      await other.until(how === 'leaves' ? 'connect' : 'connect_error');
      other.socket.disconnect();
      await until('the other one is gone', () => child.sockets.size === 0);
      slow.open();
      await bob.until('authenticated');
      world.io.of('/dynamic-7').emit('news');
      await bob.until('news');
      bob.socket.disconnect();
      await until('it is cleaned up', () => !hasNamespace('/dynamic-7'));
    });
  }

  it('that are made before attach are guarded too', async () => {
    const parent = world.io.of(/^\/dynamic-\d+$/);
    world.io.of('/dynamic-1');
    world.authorize({ holdEvents: 0 }).attach(parent);
    const client = await world.connected('/dynamic-1');
    client.socket.emit('news');
    expect(await refusal(client)).to.include({ code: 'not_authenticated' });
  });

  it('keep the transport open for each other', async () => {
    const time = world.stopTime();
    const auth = world.authorize({ timeout: 50 });
    auth.attach(world.io.of('/guarded'));
    world.io.of('/open');
    const open = await world.connected('/open');
    const guarded = await beside(open, '/guarded');
    const gone = once(guarded as never, 'disconnect');
    time.pass(50);
    expect(await gone).to.include('io server disconnect');
    world.io.of('/open').emit('still here');
    await open.until('still here');
  });

  it('are returned by attach, so that listeners can be added', () => {
    const auth = world.authorize();
    const [own, parent] = [world.io.of('/own'), world.io.of(/^\/dynamic/)];
    expect(auth.attach(world.io)).to.equal(world.io.sockets);
    expect(auth.attach(own)).to.equal(own);
    expect(auth.attach(own)).to.equal(own);
    expect(auth.attach(parent)).to.equal(parent);
  });

  for (const wrong of [undefined, null, 7, {}, 'io', []]) {
    it(`attach throws a TypeError for ${JSON.stringify(wrong)}`, () => {
      expect(() => world.authorize().attach(wrong as never)).to.throw(TypeError, 'attach()');
    });
  }

  describe("under scope: 'connection'", () => {
    let auth: Authorizer;
    let told: NamespaceInbox;

    function guard(options: object = {}): void {
      auth = world.authorize({ scope: 'connection', ...options });
      auth.attach(world.io);
      auth.attach(world.io.of('/chat'));
      told = new NamespaceInbox(world.io.of('/chat'));
    }

    it('share one login, whichever is first', async () => {
      guard();
      const client = await world.connected('/chat');
      const main = await beside(client, '/');
      const loggedIn = once(client.socket as never, 'authenticated');
      expect(await main.emitWithAck('authenticate', { token: createToken() })).to.include({ ok: true });
      await loggedIn;
      expect(auth.stats()).to.include({ authenticated: 2, verified: 1, pending: 0 });
      world.io.of('/chat').emit('news');
      await client.until('news');
    });

    it('accept a later namespace without another login', async () => {
      guard();
      const client = await world.connected('/');
      await show(client, createToken({ sub: 'bob' }));
      const chat = client.socket.io.socket('/chat', {});
      await once(chat as never, 'authenticated');
      expect(await told.socket('authenticated')).to.have.nested.property('decoded_token.sub', 'bob');
    });

    it('have the same token verified once, however many of them send it', async () => {
      let asked = 0;
      guard({ validate: async () => void (asked += 1) });
      const token = createToken();
      const client = world.client('/', { auth: { token } });
      const chat = client.socket.io.socket('/chat', { auth: { token } });
      await Promise.all([client.until('authenticated'), once(chat as never, 'authenticated')]);
      expect(asked).to.equal(1);
      expect(client.received('unauthorized')).to.deep.equal([]);
    });

    it('are renewed, and end, together', async () => {
      const time = world.stopTime();
      guard();
      const client = await world.connected('/chat');
      const main = await beside(client, '/');
      await show(client, tokenEndingIn(60_000));
      const renewed = once(client.socket as never, 'authenticated');
      await main.emitWithAck('authenticate', { token: tokenEndingIn(500) });
      await renewed;
      const gone = once(main as never, 'disconnect');
      time.pass(501);
      await Promise.all([client.until('disconnect'), gone]);
      expect(auth.stats()).to.include({ authenticated: 0, pending: 0, expired: 2 });
    });

    it('log out together', async () => {
      guard();
      const client = await world.connected('/chat');
      const main = await beside(client, '/');
      await show(client, createToken());
      await main.emitWithAck('deauthenticate');
      client.socket.emit('news');
      expect(await refusal(client)).to.include({ code: 'not_authenticated' });
      expect(auth.stats()).to.include({ authenticated: 0, pending: 2 });
    });

    it('are revoked together, but not the namespace of another authorizer', async () => {
      guard();
      world.authorize().attach(world.io.of('/other'));
      const client = await world.connected('/chat');
      const other = await beside(client, '/other');
      await other.emitWithAck('authenticate', { token: createToken({ sub: 'bob' }) });
      const main = await beside(client, '/');
      await show(client, createToken({ sub: 'bob' }));
      await auth.revoke({ sub: 'bob' });
      await Promise.all([client.until('disconnect'), once(main as never, 'disconnect')]);
      world.io.of('/other').emit('still here');
      await once(other as never, 'still here');
    });

    it('keep the login while a namespace is left and joined again', async () => {
      guard();
      world.io.of('/open').on('connection', (socket) => socket.on('ping', (reply: () => void) => reply()));
      const client = await world.connected('/chat');
      const open = await beside(client, '/open');
      await show(client, createToken());
      client.socket.disconnect();
      await open.emitWithAck('ping');
      client.socket.connect();
      await client.until('authenticated');
      await client.until('authenticated');
      expect(auth.stats()).to.include({ verified: 1 });
    });

    it('lose the login when the connection closes', async () => {
      guard();
      const client = await world.connected('/chat');
      await show(client, createToken());
      const [socket] = world.io.of('/chat').sockets.values();
      const gone = once(socket as never, 'disconnect');
      client.socket.io.engine.close();
      await gone;
      await new Promise(setImmediate);
      expect(auth.stats()).to.include({ authenticated: 0, pending: 0 });
      await auth.revoke({ sub: 'bob' });
      expect(auth.stats()).to.include({ revoked: 0 });
    });

    it('require a token at the handshake if none was sent before', async () => {
      guard({ handshake: true });
      expect(await connectError(world.client('/chat'))).to.include({ code: 'credentials_required' });
    });
  });
});
