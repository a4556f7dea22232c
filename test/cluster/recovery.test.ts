import { createAdapter } from '@socket.io/redis-streams-adapter';
import { expect } from 'chai';
import type { ServerOptions } from 'socket.io';
import type { Authorizer, AuthorizeOptions, AuthorizedSocket } from '../../lib';
import { needs } from '../support/debian';
import { Inbox } from '../support/inbox';
import { RedisServer } from '../support/redis';
import { createToken, tokenEndingIn } from '../support/tokens';
import { TestClient, World } from '../support/world';

for (const place of ['memory', 'redis-streams'] as const) {
  describe(`connection state recovery, in ${place}`, () => {
    let redis: RedisServer | undefined;
    let options: Partial<ServerOptions>;
    let world: World;
    /** In a namespace that nobody guards. */
    let witness: TestClient;

    before(async function () {
      options = { connectionStateRecovery: {} };
      if (place === 'memory') return;
      needs(this, 'redis-server');
      redis = await RedisServer.start();
    });

    beforeEach(async () => {
      if (redis !== undefined)
        options.adapter = createAdapter(await redis.connected(), {
          // So that the reader ends soon after the server.
          blockTimeInMs: 100,
          streamName: `stream ${Math.random()}`,
        }) as never;
      world = await new World(options).listen();
      world.io.of('/witness');
      witness = await world.connected('/witness');
    });

    afterEach(() => world.close());
    after(() => redis?.close());

    it('a client whose transport breaks gets its session back without sending its token, with its rooms and missed packets', async () => {
      const { server } = guard();
      const { client, id } = await member();
      await cutOff(client, world);
      world.io.emit('missed', 'by all');
      world.io.to('club').emit('missed', 'by the club');
      world.io.to('another club').emit('missed', 'by others');
      await allDelivered();
      await comeBack(client);
      expect(client.socket).to.include({ recovered: true, id });
      await client.until('authenticated');
      expect(await client.until('missed')).to.include('by all');
      expect(await client.until('missed')).to.include('by the club');
      world.io.to('club').emit('marker');
      await client.until('marker');
      expect(client.received('missed')).to.have.length(2);
      expect(server.all('authenticated')).to.have.length(2);
      expect(server.all('connection').map(([user]) => user)).to.deep.equal([undefined, 'bob']);
      expect(world.io.of('/').adapter.rooms.get('club')).to.deep.equal(new Set([id]));
    });

    it('a session whose token has expired or was revoked meanwhile is not restored', async () => {
      const time = world.stopTime();
      const { auth } = guard();
      const causes: [string, (client: TestClient) => unknown][] = [
        [tokenEndingIn(1_000, { sub: 'erna' }), () => time.pass(1_001)],
        [createToken({ sub: 'fred', jti: 'one' }), () => auth.revoke({ jti: 'one' })],
        [createToken({ sub: 'gina' }), () => auth.revoke({ sub: 'gina' })],
      ];
      for (const [token, cause] of causes) {
        const { client, id } = await member(token);
        await cutOff(client, world);
        await cause(client);
        world.io.emit('missed');
        world.io.to('club').emit('missed');
        await allDelivered();
        await comeBack(client);
        await expectFresh(client, id);
      }
      expect(auth.stats()).to.include({ authenticated: 0, pending: 3 });
    });

    it('plain Socket.IO lets a blocked user return past every middleware, and this library does not', async () => {
      const blocked = new Set<unknown>();
      const plain = world.io.of('/plain');
      plain.use((socket, next) =>
        next(blocked.has(socket.handshake.auth.user) ? new Error('blocked') : undefined),
      );
      const onPlain = world.client('/plain', { auth: { user: 'bob' } });
      await onPlain.until('connect');
      await hasOffset(onPlain, plain);
      const { auth } = guard();
      const { client, id } = await member();
      await Promise.all([cutOff(onPlain, world), cutOff(client, world)]);
      blocked.add('bob');
      await auth.revoke({ sub: 'bob' });
      plain.emit('secret');
      world.io.emit('secret');
      await allDelivered();
      await comeBack(onPlain);
      expect(onPlain.socket.recovered).to.equal(true);
      await onPlain.until('secret');
      await comeBack(client);
      await expectFresh(client, id);
    });

    it('a pending socket, and one that has logged out, are not restored', async () => {
      guard();
      const pending = await world.connected();
      const { client, id } = await member();
      expect(await client.socket.emitWithAck('deauthenticate')).to.deep.equal({ ok: true });
      for (const [one, former] of [
        [pending, pending.socket.id],
        [client, id],
      ] as const) {
        await cutOff(one, world);
        world.io.emit('missed');
        await allDelivered();
        await comeBack(one);
        await expectFresh(one, former);
      }
    });

    it('a session is restored once', async () => {
      guard();
      const { client } = await member();
      const { _pid, _lastOffset } = client.socket as unknown as Record<string, string>;
      await cutOff(client, world);
      const restored: boolean[] = [];
      for (let times = 0; times < 3; times += 1) {
        const thief = world.client();
        Object.assign(thief.socket, { _pid, _lastOffset });
        await thief.until('connect');
        restored.push(thief.socket.recovered);
      }
      expect(restored).to.deep.equal([true, false, false]);
    });

    it('one login for several namespaces is restored in each', async () => {
      const { auth } = guard({ scope: 'connection' }, '/', '/chat');
      const { client } = await member();
      const chat = new TestClient(client.socket.io.socket('/chat'));
      chat.socket.connect();
      await chat.until('authenticated');
      await hasOffset(chat, world.io.of('/chat'));
      const gone = chat.until('disconnect');
      await cutOff(client, world);
      await gone;
      world.io.of('/chat').emit('missed in chat');
      await allDelivered();
      chat.socket.connect();
      await comeBack(client);
      await chat.until('missed in chat');
      expect([client.socket.recovered, chat.socket.recovered]).to.deep.equal([true, true]);
      expect(auth.stats()).to.include({ authenticated: 2, pending: 0 });
      // Still one session: it ends in both.
      const ends = [client, chat].map((one) => one.until('disconnect'));
      await auth.revoke({ sub: 'bob' });
      await Promise.all(ends);
    });

    /** Guards namespaces; members join a club, and everybody a lobby. */
    function guard(
      more: Partial<AuthorizeOptions> = {},
      ...names: string[]
    ): { auth: Authorizer; server: Inbox } {
      const server = new Inbox();
      const auth = world.authorize(more);
      for (const name of names.length > 0 ? names : ['/']) {
        auth.attach(world.io.of(name)).on('authenticated', (socket: AuthorizedSocket) => {
          if (!socket.recovered) void socket.join('club');
          server.push('authenticated', [socket.id]);
        });
        world.io.of(name).on('connection', (socket) => {
          server.push('connection', [(socket as AuthorizedSocket).decoded_token?.sub]);
        });
      }
      return { auth, server };
    }

    /** A client that is logged in, and that has a packet from which to recover. */
    async function member(token = createToken({ sub: 'bob' })): Promise<{ client: TestClient; id: string }> {
      const client = await world.connected();
      await client.authenticate(token);
      await client.until('authenticated');
      await hasOffset(client, world.io.of('/'));
      return { client, id: client.socket.id as string };
    }

    /** Waits until everybody here has been sent what was said before: a broker takes its time, and keeps the order. */
    async function allDelivered(): Promise<void> {
      world.io.of('/witness').emit('marker');
      await witness.until('marker');
    }

    /** The reconnection is a new, pending socket that has missed nothing. */
    async function expectFresh(client: TestClient, formerId: string | undefined): Promise<void> {
      expect(client.socket.recovered).to.equal(false);
      expect(client.socket.id).to.not.equal(formerId);
      const socket = world.io.of('/').sockets.get(client.socket.id as string);
      expect(socket?.data).to.deep.equal({});
      expect([...(socket?.rooms ?? [])]).to.deep.equal([client.socket.id]);
      world.io.to('club').emit('later');
      await allDelivered();
      // Answered after everything else.
      await client.socket.emitWithAck('deauthenticate');
      for (const event of ['missed', 'secret', 'later']) expect(client.received(event)).to.deep.equal([]);
    }
  });
}

async function hasOffset(client: TestClient, namespace: { emit(event: string): unknown }): Promise<void> {
  namespace.emit('offset');
  await client.until('offset');
}

/** Closes the transport below a client, as a lost network does, and waits until both sides know. */
async function cutOff(client: TestClient, { io }: World): Promise<void> {
  const { id } = client.socket;
  client.socket.io.engine.close();
  await client.until('disconnect');
  const isKnown = (name: string): boolean => io.of(name).sockets.has(id as string);
  while (['/', '/plain', '/chat'].some(isKnown)) await new Promise((resolve) => setImmediate(resolve));
}

async function comeBack(client: TestClient): Promise<void> {
  client.socket.connect();
  await new Promise<void>((resolve) => client.socket.once('connect', resolve));
}
