/** Listeners of an adapter's rooms, and of refusals, that throw or act in the middle of the library's work. */
import { expect } from 'chai';
import { stub } from 'sinon';
import type { SinonStub } from 'sinon';
import type { Socket } from 'socket.io';
import type { Authorizer } from '../../lib';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { until } from '../support/until';
import { World } from '../support/world';
import type { TestOptions } from '../support/world';

const login = (namespace: string): string =>
  `2${namespace},["authenticate",{"token":"${createToken({ sub: 'alice' })}"}]`;

describe('a listener that runs in the middle of the library’s work', () => {
  let world: World;
  let client: RawClient;
  let unharmed: Unharmed;
  let warn: SinonStub;

  beforeEach(async () => {
    unharmed = new Unharmed();
    warn = stub(process, 'emitWarning');
    world = await new World().listen();
    client = await RawClient.open(world.url, 'websocket');
  });

  afterEach(async () => {
    client.close();
    await world.close();
    warn.restore();
    unharmed.close();
  });

  function attach(options: TestOptions): Authorizer {
    const auth = world.authorize({ rooms: ({ sub }) => [`user:${sub}`, 'members'], ...options });
    for (const name of ['/a', '/b']) auth.attach(world.io.of(name));
    return auth;
  }

  const adapterOf = (name: string): { rooms: Map<string, Set<string>>; sids: Map<string, Set<string>> } =>
    world.io.of(name).adapter;

  function throwAt(event: 'join-room' | 'leave-room'): void {
    world.io.of('/a').adapter.on(event, () => {
      throw new Error('a bug');
    });
  }

  /** The rooms that anyone is in, but for a socket's own. */
  function occupied(): string[] {
    const rooms = [...adapterOf('/a').rooms].filter(([, ids]) => ids.size > 0);
    return rooms.map(([room]) => room).filter((room) => !world.io.of('/a').sockets.has(room));
  }

  /** Another client in place of this one. */
  async function closeAnew(): Promise<void> {
    client.close();
    await until('it is gone', () => world.io.engine.clientsCount === 0);
    client = await RawClient.open(world.url, 'websocket');
  }

  it('and throws when a socket joins a room, keeps no socket from its login, nor from its other rooms', async () => {
    const auth = attach({ scope: 'connection' });
    world.io.of('/a').on('connection', (socket: Socket) => {
      void socket.join(['lounge', 'news']);
      throwAt('join-room');
    });
    client.send('0/a,', '0/b,');
    await until('both are there', () => auth.stats().pending === 2);
    client.send(login('/a'));
    await until('both are in', () => auth.stats().authenticated === 2);
    const [rooms] = adapterOf('/a').sids.values();
    expect(rooms).to.include.all.keys('lounge', 'news', 'members', 'user:alice');
    expect(String(warn.firstCall.args[0])).to.include("'join-room'");
  });

  it('and throws when a socket leaves a room, keeps no socket in a room or a broadcast behind its logout', async () => {
    const auth = attach({ scope: 'connection' });
    throwAt('leave-room');
    client.send('0/a,', '0/b,');
    await until('both are there', () => auth.stats().pending === 2);
    client.send(login('/a'));
    await until('both are in', () => auth.stats().authenticated === 2);
    client.send('2/a,["deauthenticate"]');
    await until('both are out', () => auth.stats().pending === 2);
    for (const name of ['/a', '/b']) {
      expect(adapterOf(name).sids.size).to.equal(0);
      expect([...(adapterOf(name).rooms.get('members') ?? [])]).to.deep.equal([]);
    }
  });

  it('and throws when a socket leaves a room, keeps no socket that is revoked, or whose client is gone', async () => {
    for (const end of ['revoke', 'leave'] as const) {
      const auth = attach({});
      throwAt('leave-room');
      const one = await RawClient.open(world.url, 'websocket');
      one.send('0/a,');
      await until('it is there', () => auth.stats().pending === 1);
      one.send(login('/a'));
      await until('it is in', () => auth.stats().authenticated === 1);
      if (end === 'revoke') await auth.revoke({ sub: 'alice', issuedBefore: new Date() });
      else one.send('1/a,');
      await until('it is gone', () => world.io.of('/a').sockets.size === 0);
      expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
      expect(adapterOf('/a').sids.size).to.equal(0);
      one.close();
      auth.close();
      await world.close();
      world = await new World().listen();
    }
  });

  it('and joins a socket to a room while it leaves others, joins one that has lost its session to none', async () => {
    const auth = attach({});
    const { adapter, sockets } = world.io.of('/a');
    adapter.on('leave-room', (room: string, id: string) => {
      if (room === 'members') void sockets.get(id)?.join('club');
    });
    client.send('0/a,');
    await until('it is there', () => auth.stats().pending === 1);
    client.send(login('/a'));
    await until('it is in', () => auth.stats().authenticated === 1);
    let whileLeaving: unknown;
    world.io.of('/a').on('deauthenticated', () => (whileLeaving = adapterOf('/a').rooms.has('club')));
    await auth.revoke({ sub: 'alice' });
    await client.next('close');
    expect(whileLeaving).to.equal(false);
    expect([...adapterOf('/a').rooms.keys()]).to.deep.equal([]);
  });

  for (const throws of [false, true]) {
    it(`and joins whoever leaves any room to one room, ${throws ? 'and throws, ' : ''}is not called without end`, async () => {
      const auth = attach({});
      const { adapter, sockets } = world.io.of('/a');
      let times = 0;
      adapter.on('leave-room', (_room: string, id: string) => {
        times += 1;
        // So that a failure does not hang.
        if (times < 1_000) void sockets.get(id)?.join('club');
        if (throws) throw new Error('a bug');
      });
      client.send('0/a,');
      await until('it is there', () => auth.stats().pending === 1);
      client.send(login('/a'));
      await until('it is in', () => auth.stats().authenticated === 1);
      client.send('2/a,["deauthenticate"]');
      await until('it is out', () => auth.stats().pending === 1);
      // It waits: only at its next login it is in the club.
      expect(adapterOf('/a').sids.size).to.equal(0);
      expect(occupied()).to.deep.equal([]);
      client.send(login('/a'));
      await until('it is in', () => auth.stats().authenticated === 1);
      expect(occupied()).to.have.members(['club', 'user:alice', 'members']);
      client.send('1/a,');
      await until('it is gone', () => auth.stats().authenticated === 0);
      expect(times).to.be.below(20);
    });
  }

  const ENDS: [string, (auth: Authorizer, socket: Socket) => unknown][] = [
    ['logs it out', (auth, socket) => auth.deauthenticate(socket)],
    ['disconnects it', (_auth, socket) => socket.disconnect()],
  ];
  for (const event of ['create-room', 'join-room'] as const) {
    for (const [what, end] of ENDS) {
      it(`and ${what} while it joins rooms, leaves it in none, at ${event} of a login`, async () => {
        const auth = attach({ rooms: () => ['first', 'second'] });
        const { adapter, sockets } = world.io.of('/a');
        // The rooms of the application, which take effect at the login, and those of the token.
        for (const room of ['lounge', 'first']) {
          world.io.of('/a').once('connection', (socket: Socket) => void socket.join(['lounge', 'news']));
          client.send('0/a,');
          await until('it is there', () => auth.stats().pending === 1);
          let hasActed = false;
          const act = (joined: string): void => {
            const [socket] = sockets.values();
            if (joined !== room || socket === undefined) return;
            hasActed = true;
            end(auth, socket);
          };
          adapter.on(event, act);
          client.send(login('/a'));
          await until('the listener has run', () => hasActed && auth.stats().authenticated === 0);
          expect(occupied(), room).to.deep.equal([]);
          expect(adapterOf('/a').sids.size, room).to.equal(0);
          adapter.off(event, act);
          await closeAnew();
        }
      });

      it(`and ${what} while it joins rooms, leaves it in none, at ${event} of the application`, async () => {
        const auth = attach({ rooms: undefined });
        const { adapter, sockets } = world.io.of('/a');
        client.send('0/a,');
        await until('it is there', () => auth.stats().pending === 1);
        client.send(login('/a'));
        await until('it is in', () => auth.stats().authenticated === 1);
        const [socket] = sockets.values() as Iterable<Socket>;
        if (socket === undefined) throw new Error('there is no socket');
        adapter.on(event, (room: string) => {
          if (room === 'lounge') end(auth, socket);
        });
        try {
          await socket.join(['lounge', 'news']);
        } catch (error) {
          // The adapter itself, whose record of the socket is gone.
          expect(error).to.be.instanceOf(TypeError);
        }
        expect(auth.stats().authenticated).to.equal(0);
        expect(occupied()).to.deep.equal([]);
        expect(adapterOf('/a').sids.size).to.equal(0);
      });
    }
  }

  it('and logs out ahead of another socket’s login, has its events wait no longer: a token had its outcome', async () => {
    const auth = attach({ scope: 'connection' });
    const { adapter, sockets } = world.io.of('/a');
    client.send('0/a,', '0/b,');
    await until('both are there', () => auth.stats().pending === 2);
    adapter.once('join-room', () => {
      for (const socket of sockets.values()) auth.deauthenticate(socket);
    });
    client.send(login('/a').replace('["auth', '1["auth'));
    await client.next('ACK');
    client.send('2/b,["talk"]');
    const told: unknown[] = [];
    while (!told.includes('talk')) {
      const [, { data }] = (await client.next('EVENT')) as [
        string,
        { data: { code: string; event?: string } },
      ];
      expect(data.code).to.equal('not_authenticated');
      told.push(data.event);
    }
  });

  it('and disconnects whoever is refused, makes no attempt free', async () => {
    attach({ maxAttempts: 3 });
    world.io.of('/a').on('unauthorized', (socket: Socket) => socket.disconnect());
    for (let attempt = 0; attempt < 3; attempt += 1) {
      client.send('0/a,');
      await client.next('CONNECT');
      client.send('2/a,["authenticate",{"token":"bad"}]');
      await client.next('DISCONNECT');
    }
    await client.next('close');
  });

  it('and disconnects the connection’s other sockets, leaves no transport that nobody uses', async () => {
    const auth = attach({});
    client.send('0/a,', '0/b,');
    await until('both are there', () => auth.stats().pending === 2);
    for (const socket of world.io.of('/a').sockets.values())
      socket.on('disconnecting', () => world.io.of('/b').disconnectSockets());
    client.send(login('/a'));
    await until('one is in', () => auth.stats().authenticated === 1);
    await auth.revoke({ sub: 'alice' });
    await client.next('close');
  });

  it('and logs out whoever is refused, reports the end of a session once, while a token waits to be verified', async () => {
    const ends: unknown[] = [];
    const auth = attach({
      handshake: true,
      fail: (_error, _socket, accept) => accept(),
      scope: 'connection',
      // The first one is verified for ever: those behind it wait.
      verify: (token: string) =>
        token === 'slow' ? new Promise(() => undefined) : Promise.resolve({ sub: 'alice', exp: 9e9 }),
    });
    const [a, b] = [world.io.of('/a'), world.io.of('/b')];
    a.on('unauthorized', (socket: Socket) => auth.deauthenticate(socket));
    for (const nsp of [a, b])
      nsp.on('deauthenticated', (_socket: Socket, reason: unknown) => ends.push(nsp.name, reason));
    client.send('0/a,');
    await client.next('CONNECT');
    client.send('2/a,["authenticate",{"token":"slow"}]', '2/a,1["deauthenticate"]');
    await client.next('ACK');
    client.send('0/b,{"token":"good"}');
    await until('the session is open', () => auth.stats().authenticated === 2);
    let isThere = false;
    for (const socket of b.sockets.values()) socket.on('behind', () => (isThere = true));
    client.send('2/a,["authenticate",{"token":"waits"}]', '2/b,["behind"]');
    await until('the token is there', () => isThere);
    await auth.revoke({ sub: 'alice' });
    await client.next('close');
    expect(ends).to.deep.equal(['/a', 'revoked', '/b', 'revoked']);
  });
});
