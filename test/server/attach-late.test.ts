import { expect } from 'chai';
import type { AnyNamespace, AnySocket, Authorizer } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { Inbox } from '../support/inbox';
import { NamespaceInbox } from '../support/namespace-inbox';
import { RawClient } from '../support/raw-client';
import { cutOff, giveOffset, recoveryIdOf, returning } from '../support/recovery';
import { connectError, refusal, settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import type { TestClient, TestOptions } from '../support/world';

/** Sends what a socket that may not hear must not hear, in every way there is. */
function broadcast(world: World, namespace: string, text: string): void {
  world.io.of(namespace).emit('all', text);
  world.io.of(namespace).to('room').emit('room', text);
}

describe('attach, after sockets have connected', () => {
  const { world } = freshWorld();
  let auth: Authorizer;
  let heard: Inbox;

  beforeEach(() => {
    heard = new Inbox();
  });

  /** The application: it listens to everything, and joins everybody to a room. */
  function listen(namespace: {
    on(event: 'connection', listener: (socket: AnySocket) => void): unknown;
  }): void {
    namespace.on('connection', (socket) => {
      void socket.join('room');
      heard.push('connection', []);
      socket.onAny((event: string) => heard.push('any', [event]));
      socket.on('news', (text: unknown) => heard.push('news', [text]));
    });
  }

  async function expectPending(client: TestClient, namespace = '/'): Promise<void> {
    broadcast(world, namespace, 'secret');
    client.socket.emit('news', 'too early');
    await settled(client);
    expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'news' });
    expect(heard.all('any')).to.deep.equal([]);
    expect(client.inbox.events).to.not.include.members(['all']).and.not.include.members(['room']);
  }

  async function expectLogin(client: TestClient, namespace = '/'): Promise<void> {
    expect(await show(client, createToken({ sub: 'bob' }))).to.include({ ok: true });
    const socket = world.io.of(namespace).sockets.get(String(client.socket.id));
    expect(socket).to.have.nested.property('decoded_token.sub', 'bob');
    client.socket.emit('news', 'in time');
    expect(await heard.take('news')).to.deep.equal(['in time']);
    broadcast(world, namespace, 'public');
    expect(await client.until('room')).to.include('public');
    expect(client.received('all').map(([text]) => text)).to.deep.equal(['public']);
  }

  const targets: [what: string, name: string, target: (world: World) => World['io'] | AnyNamespace][] = [
    ['the server', '/', ({ io }) => io],
    ['a namespace', '/chat', ({ io }) => io.of('/chat')],
    ['a dynamic namespace', '/room-1', ({ io }) => io.of(/^\/room-\d$/)],
  ];
  for (const [what, name, find] of targets) {
    for (const handshake of [false, true]) {
      it(`makes them pending, and they log in by event: ${what}, handshake: ${handshake}`, async () => {
        const target = find(world);
        listen(target);
        const client = await world.connected(name);
        auth = world.authorize({ handshake });
        const namespace = auth.attach(target);
        const told = new NamespaceInbox(namespace);
        expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
        await expectPending(client, name);
        await expectLogin(client, name);
        expect(auth.stats()).to.include({ pending: 0, authenticated: 1 });
        expect(told.all('authenticated')).to.have.length(1);
        // They have not connected a second time.
        expect(heard.all('connection')).to.have.length(1);
      });
    }
  }

  it('makes them pending in every child of a dynamic namespace, and in one that comes later', async () => {
    const parent = world.io.of(/^\/room-\d$/);
    listen(parent);
    const clients = [await world.connected('/room-1'), await world.connected('/room-2')];
    auth = world.authorize();
    auth.attach(parent);
    clients.push(await world.connected('/room-3'));
    expect(auth.stats()).to.include({ pending: 3 });
    for (const [index, client] of clients.entries()) await expectPending(client, `/room-${index + 1}`);
  });

  it('gives them the full timeout', async () => {
    const time = world.stopTime();
    const client = await world.connected();
    time.pass(80);
    auth = world.authorize({ timeout: 100 });
    auth.attach(world.io);
    time.pass(99);
    expect(auth.stats()).to.include({ timedOut: 0, pending: 1 });
    time.pass(1);
    expect(await refusal(client)).to.include({ code: 'authentication_timeout' });
    expect(await client.until('disconnect')).to.include('io server disconnect');
    expect(auth.stats()).to.include({ timedOut: 1, pending: 0 });
  });

  it('lets guests stay with required: false, behind the gate', async () => {
    const time = world.stopTime();
    listen(world.io);
    const client = await world.connected();
    auth = world.authorize({ required: false, timeout: 1 });
    auth.attach(world.io);
    time.pass(10_000);
    client.socket.emit('news');
    expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'news' });
    await expectLogin(client);
  });

  it('does not change sockets of other namespaces', async () => {
    listen(world.io);
    const client = await world.connected();
    auth = world.authorize();
    auth.attach(world.io.of('/chat'));
    client.socket.emit('news', 'free');
    expect(await heard.take('news')).to.deep.equal(['free']);
    broadcast(world, '/', 'public');
    await client.until('room');
  });

  it("logs them in together, under scope: 'connection'", async () => {
    listen(world.io);
    listen(world.io.of('/chat'));
    const client = await world.connected();
    const chat = client.socket.io.socket('/chat', {});
    await new Promise<void>((resolve) => {
      chat.once('connect', resolve);
    });
    auth = world.authorize({ scope: 'connection' });
    for (const name of ['/', '/chat']) auth.attach(world.io.of(name));
    const inChat = new Promise<void>((resolve) => {
      chat.once('authenticated', () => resolve());
    });
    await expectPending(client);
    await expectLogin(client);
    await inChat;
    expect(auth.stats()).to.include({ authenticated: 2, pending: 0, verified: 1 });
  });

  it('refuses later clients at the handshake', async () => {
    const early = await world.connected();
    auth = world.authorize({ handshake: true });
    auth.attach(world.io);
    expect(await connectError(world.client())).to.include({ code: 'credentials_required' });
    await world.client('/', { auth: { token: createToken() } }).until('authenticated');
    expect(await show(early, createToken())).to.include({ ok: true });
  });

  for (const handshake of [false, true]) {
    it(`makes a socket pending that is still in another middleware, handshake: ${handshake}`, async () => {
      let pass = (): void => undefined;
      const waiting = new Promise<void>((resolve) => {
        world.io.use((_socket, next) => {
          pass = next;
          resolve();
        });
      });
      listen(world.io);
      const client = world.client();
      await waiting;
      auth = world.authorize({ handshake });
      auth.attach(world.io);
      pass();
      await client.until('connect');
      await expectPending(client);
    });
  }

  it('keeps a library that has already assigned socket.onevent behind the gate', async () => {
    const seen: unknown[] = [];
    world.io.on('connection', (socket) => {
      const { onevent } = socket as unknown as { onevent: (packet: { data: unknown[] }) => void };
      Object.assign(socket, {
        onevent(packet: { data: unknown[] }) {
          seen.push(packet.data[0]);
          onevent.call(this, packet);
        },
      });
    });
    listen(world.io);
    const client = await world.connected();
    auth = world.authorize();
    auth.attach(world.io);
    await expectPending(client);
    expect(seen).to.deep.equal([]);
    await expectLogin(client);
    expect(seen).to.deep.equal(['news']);
  });

  it('removes the token from their handshake, which other nodes can see', async () => {
    const token = createToken();
    const client = await world.connected('/', { auth: { token }, query: { token } });
    auth = world.authorize();
    auth.attach(world.io);
    const [remote] = await world.io.in(String(client.socket.id)).fetchSockets();
    expect(JSON.stringify(remote?.handshake)).to.not.include(token);
  });

  it('leaves authenticated sockets as they are, if it is called again', async () => {
    listen(world.io);
    auth = world.authorize();
    auth.attach(world.io);
    const client = await world.connected();
    expect(await show(client, createToken({ sub: 'bob' }))).to.include({ ok: true });
    auth.attach(world.io);
    expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
    client.socket.emit('news', 'still here');
    expect(await heard.take('news')).to.deep.equal(['still here']);
  });

  it('restores no session that was kept before, nor one of a socket that was pending', async () => {
    await world.restart({ connectionStateRecovery: {} });
    listen(world.io);
    const [dropped, staying] = [await world.connected(), await world.connected()];
    await giveOffset(dropped, world.io);
    await staying.until('offset');
    const known = [recoveryIdOf(dropped), recoveryIdOf(staying)] as const;
    await cutOff(dropped, world);
    auth = world.authorize();
    auth.attach(world.io);
    await cutOff(staying, world);
    broadcast(world, '/', 'missed');
    for (const one of known) {
      const client = returning(world, one);
      await client.until('connect');
      expect(client.socket.recovered).to.equal(false);
      await settled(client);
      expect(client.received('room')).to.deep.equal([]);
    }
    expect(auth.stats()).to.include({ authenticated: 0, pending: 2 });
  });
});

describe('an adapter that is set later', () => {
  const { world } = freshWorld();
  let auth: Authorizer;
  let clients: Record<'alice' | 'bob' | 'guest', TestClient>;
  let former: AnyNamespace['adapter'];

  beforeEach(async () => {
    auth = world.authorize();
    auth.attach(world.io);
    world.io.on('connection', (socket) => socket.join('room'));
    const [alice, bob, guest] = [await world.connected(), await world.connected(), await world.connected()];
    await show(alice, createToken({ sub: 'alice' }));
    await show(bob, createToken({ sub: 'bob' }));
    clients = { alice, bob, guest };
    former = world.io.of('/').adapter;
    world.io.adapter(former.constructor as never);
  });

  function serverSide(client: TestClient): AnySocket {
    return world.io.of('/').sockets.get(String(client.socket.id)) as AnySocket;
  }

  /** What the sockets that were there before say to each other, through the adapter that they have. */
  function bobSays(text: string): void {
    const bob = serverSide(clients.bob);
    bob.broadcast.emit('all', text);
    bob.to('room').emit('room', text);
  }

  it('keeps broadcasts from pending sockets', async () => {
    bobSays('secret');
    await clients.alice.until('room');
    await settled(clients.guest);
    expect(clients.guest.inbox.events).to.deep.equal(['connect']);
  });

  it('keeps broadcasts from a socket that has logged out', async () => {
    auth.deauthenticate(serverSide(clients.alice));
    bobSays('secret');
    await settled(clients.alice);
    expect(clients.alice.received('all')).to.deep.equal([]);
    expect(clients.alice.received('room')).to.deep.equal([]);
  });

  it('delivers broadcasts and room messages to a socket once it logs in', async () => {
    await show(clients.guest, createToken({ sub: 'guest' }));
    bobSays('public');
    expect(await clients.guest.until('room')).to.deep.equal(['public']);
    expect(clients.guest.received('all')).to.deep.equal([['public']]);
  });

  it('keeps nothing of sockets that have left, nor does the former adapter', async () => {
    auth.deauthenticate(serverSide(clients.alice));
    await show(clients.guest, createToken({ sub: 'guest' }));
    for (const { socket } of Object.values(clients)) socket.disconnect();
    while (world.io.of('/').sockets.size > 0) await new Promise(setImmediate);
    for (const { rooms, sids } of [former, world.io.of('/').adapter]) {
      expect([...rooms.keys()]).to.deep.equal([]);
      expect([...sids.keys()]).to.deep.equal([]);
    }
    expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
  });
});

describe('after close()', () => {
  const { world } = freshWorld();
  let heard: Inbox;

  beforeEach(() => {
    heard = new Inbox();
  });

  /** An application that greets everybody at once, and a client who may hear it. */
  function greet(namespace: string): void {
    world.io.of(namespace).on('connection', (socket) => {
      void socket.join('room');
      socket.onAny((event: string) => heard.push(event, []));
      const say = (): void => broadcast(world, namespace, 'secret');
      say();
      process.nextTick(say);
      void Promise.resolve().then(say);
      setImmediate(say);
    });
  }

  for (const order of ['before', 'after'] as const) {
    for (const transport of ['websocket', 'polling'] as const) {
      it(`an unauthenticated client receives nothing and is not heard before it is refused: listener ${order} attach, ${transport}`, async () => {
        if (order === 'before') greet('/');
        const auth = world.authorize();
        auth.attach(world.io);
        if (order === 'after') greet('/');
        auth.close();
        const raw = await RawClient.open(world.url, transport);
        raw.send(RawClient.connect());
        // An event ahead of the answer would make Socket.IO itself close the connection.
        await raw.next('CONNECT');
        raw.send(RawClient.event('news'), RawClient.event('authenticate', { token: createToken() }));
        await raw.next('close');
        const events = raw.inbox.all('EVENT').map(([data]) => (data as unknown[])[0]);
        expect(events).to.deep.equal(['unauthorized']);
        expect(heard.events).to.deep.equal([]);
      });
    }
  }

  it('an unauthenticated client on a dynamic namespace receives nothing either', async () => {
    const parent = world.io.of(/^\/room-\d$/);
    const auth = world.authorize();
    auth.attach(parent);
    parent.on('connection', () => broadcast(world, '/room-1', 'secret'));
    auth.close();
    const client = world.client('/room-1');
    expect(await refusal(client)).to.include({ code: 'server_busy' });
    await client.until('disconnect');
    expect(client.inbox.events).to.deep.equal(['connect', 'unauthorized', 'disconnect']);
  });

  it('authenticated sockets still receive every broadcast', async () => {
    const auth = world.authorize();
    auth.attach(world.io);
    greet('/');
    const client = await world.connected();
    await show(client, createToken());
    auth.close();
    client.socket.emit('news');
    await heard.take('news');
    broadcast(world, '/', 'public');
    while (!client.received('room').some(([text]) => text === 'public')) await client.until('room');
  });

  for (const handshake of [false, true]) {
    it(`another authorizer may take over, and its pending sockets receive nothing, handshake: ${handshake}`, async () => {
      const first = world.authorize();
      first.attach(world.io);
      greet('/');
      first.close();
      const options: TestOptions = {
        handshake,
        ...(handshake && { fail: (_error, _socket, accept) => accept() }),
      };
      const second = world.authorize(options);
      second.attach(world.io);
      const client = await world.connected();
      expect(second.stats()).to.include({ pending: 1 });
      await settled(client);
      expect(client.inbox.events).to.deep.equal(['connect']);
      expect(await show(client, createToken())).to.include({ ok: true });
      broadcast(world, '/', 'public');
      expect(await client.until('room')).to.deep.equal(['public']);
    });
  }
});
