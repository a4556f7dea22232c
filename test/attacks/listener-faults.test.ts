/** Listeners of the application with an ordinary bug: they throw, or act on the socket in hand. */
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { UnauthorizedError } from '../../lib';
import type { AuthorizeOptions, Authorizer } from '../../lib';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { until } from '../support/until';
import { World } from '../support/world';

const login = (sub: string, namespace = ''): string =>
  `2${namespace}["authenticate",{"token":"${createToken({ sub })}"}]`;

describe('a listener of the application with a bug', () => {
  let world: World;
  let clients: RawClient[];
  /** What Node would end the process for. */
  let faults: unknown[];
  let warnings: Error[];
  /** Nobody takes the exceptions of a server that closes. */
  let isOver: boolean;
  const bug = (): void => {
    if (!isOver) throw new Error('a bug');
  };
  const former = process.listeners('uncaughtException');
  const onFault = (fault: unknown): void => void faults.push(fault);
  const onWarning = (warning: Error): void => void warnings.push(warning);

  beforeEach(async () => {
    isOver = false;
    clients = [];
    faults = [];
    warnings = [];
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', onFault).on('unhandledRejection', onFault).on('warning', onWarning);
    world = await new World().listen();
  });

  afterEach(async () => {
    isOver = true;
    for (const client of clients) client.close();
    await world.close();
    process.off('uncaughtException', onFault).off('unhandledRejection', onFault).off('warning', onWarning);
    for (const listener of former) process.on('uncaughtException', listener);
  });

  function attach(options: Partial<AuthorizeOptions>, ...names: string[]): Authorizer {
    const auth = world.authorize(options);
    for (const name of names) auth.attach(world.io.of(name));
    return auth;
  }

  /** A client that sends its CONNECT packets in one request, and once it is connected the other packets in another one. */
  async function open(...packets: string[]): Promise<RawClient> {
    const client = await RawClient.open(world.url, 'polling');
    clients.push(client);
    const isConnect = (packet: string): boolean => packet.startsWith('0');
    client.send(...packets.filter(isConnect));
    const others = packets.filter((packet) => !isConnect(packet));
    if (others.length > 0) {
      for (const _ of packets.filter(isConnect)) await client.next('CONNECT');
      client.send(...others);
    }
    return client;
  }

  for (const event of ['disconnecting', 'disconnect'] as const) {
    for (const scope of ['namespace', 'connection'] as const) {
      describe(`a '${event}' listener that throws, under scope: '${scope}',`, () => {
        const throwing = (socket: Socket): unknown => socket.on(event, bug);

        it('saves no socket of its connection from the end of the time to log in', async () => {
          const auth = attach({ scope, timeout: 20 }, '/a', '/b');
          world.io.of('/a').on('connection', throwing);
          const client = await open('0/a,', '0/b,');
          await client.next('close');
          await until(
            'all are gone',
            () => world.io.of('/a').sockets.size + world.io.of('/b').sockets.size === 0,
          );
          expect(auth.stats()).to.include({ pending: 0, timedOut: 2 });
          expect(faults).to.deep.equal([]);
          expect(warnings.map(({ message }) => message).join()).to.include('failed');
        });

        it('lets no socket, which a handler moves to a room later, hear a broadcast', async () => {
          attach({ scope, timeout: 20 }, '/');
          let late: Socket | undefined;
          world.io.on('connection', (socket) => {
            throwing(socket);
            late = socket;
          });
          const client = await open('0');
          await client.next('close');
          expect(late?.connected).to.equal(false);
          void late?.join('lobby');
          expect((await world.io.fetchSockets()).length).to.equal(0);
        });
      });
    }

    it(`'${event}', saves no other socket of a connection that is lost, and stays an uncaught exception`, async () => {
      const auth = attach({}, '/a', '/b');
      world.io.of('/a').on('connection', (socket: Socket) => socket.on(event, bug));
      const client = await open('0/a,', '0/b,');
      await until('both are there', () => auth.stats().pending === 2);
      client.close();
      await until(
        'both are gone',
        () => world.io.of('/a').sockets.size + world.io.of('/b').sockets.size === 0,
      );
      expect(auth.stats().pending).to.equal(0);
      await until('the process is told', () => faults.length === 1);
      expect(faults).to.have.nested.property('[0].message', 'a bug');
    });

    it(`'${event}', throws to the application that disconnects the socket`, async () => {
      const auth = attach({}, '/');
      let thrown: unknown;
      world.io.on('connection', (socket) => {
        socket.on(event, bug);
        try {
          socket.disconnect();
        } catch (fault) {
          thrown = fault;
        }
      });
      await open('0');
      await until('it is gone', () => thrown !== undefined);
      expect(world.io.of('/').sockets.size).to.equal(0);
      expect(auth.stats().pending).to.equal(0);
      expect(faults).to.deep.equal([]);
    });

    it(`'${event}', saves no socket of a revoked session`, async () => {
      const auth = attach({ scope: 'connection', required: false }, '/a', '/b');
      const ended: unknown[] = [];
      for (const name of ['/a', '/b'])
        world.io.of(name).on('deauthenticated', (_socket, reason) => ended.push([name, reason]));
      world.io.of('/a').on('connection', (socket: Socket) => socket.on(event, bug));
      const client = await open(`0/a,{"token":"${createToken({ sub: 'alice' })}"}`, '0/b,');
      await until('both are in', () => auth.stats().authenticated === 2);
      await auth.revoke({ sub: 'alice' });
      await client.next('close');
      expect(ended).to.deep.equal([
        ['/a', 'revoked'],
        ['/b', 'revoked'],
      ]);
      expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
    });

    it(`'${event}', of a socket that is replaced leaves none without a guard`, async () => {
      const auth = attach({}, '/');
      const heard: unknown[] = [];
      world.io.on('connection', (socket) => {
        socket.onAny((name) => heard.push(name));
        socket.on(event, bug);
      });
      await open('0', '0', '2["news"]');
      await until('the second has replaced the first', () => warnings.length > 0);
      expect(auth.stats()).to.include({ pending: 1 });
      expect(heard).to.deep.equal([]);
      expect(faults).to.deep.equal([]);
    });
  }

  it('that closes the socket which replaces its own leaves no socket in the gauges', async () => {
    const auth = attach({ maxPending: 1 }, '/');
    world.io.on('connection', (socket) =>
      socket.on('disconnect', () => {
        for (const other of world.io.sockets.sockets.values()) other.disconnect(true);
      }),
    );
    for (let times = 0; times < 3; times += 1) {
      const client = await open('0', '0');
      await client.next('close');
    }
    await until('all are gone', () => world.io.of('/').sockets.size === 0);
    expect(auth.stats().pending).to.equal(0);
  });

  it('that throws for one held event takes no other one with it, and stays an uncaught exception', async () => {
    attach({}, '/');
    const heard: unknown[] = [];
    world.io.on('connection', (socket) => {
      socket.use(([, text], next) => {
        if (text === 1) throw new Error('a bug of a middleware');
        next();
      });
      socket.on('say', (text) => heard.push(text));
    });
    await open('0', '2["say",0]', '2["say",1]', '2["say",2]', login('bob'));
    await until('the last is heard', () => heard.includes(2));
    expect(heard).to.deep.equal([0, 2]);
    expect(faults.map((fault) => (fault as Error).message)).to.deep.equal(['a bug of a middleware']);
  });

  describe("of an adapter's rooms, during a login,", () => {
    it('that logs the socket out leaves nothing of the login', async () => {
      const auth = attach({ rooms: ({ sub }) => [`user:${sub}`] }, '/');
      let socket: Socket | undefined;
      world.io.on('connection', (one) => {
        socket = one;
        void one.join('closed');
      });
      world.io.of('/').adapter.on('join-room', (room, id) => {
        const one = world.io.of('/').sockets.get(id as string);
        if (room === 'closed' && one !== undefined) auth.deauthenticate(one);
      });
      const client = await open('0', login('alice'));
      await client.next('EVENT');
      expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
      expect(socket).not.to.have.property('decoded_token');
      expect(socket?.rooms).to.deep.equal(new Set([socket?.id]));
      expect((await world.io.fetchSockets()).length).to.equal(0);
    });

    for (const act of ['logs it out', 'disconnects it'] as const) {
      it(`that ${act}, keeps the gauges exact, and admits no other socket of the connection`, async () => {
        const auth = attach({ scope: 'connection', rooms: ({ sub }) => [`user:${sub}`] }, '/a', '/b');
        const others: Socket[] = [];
        world.io.of('/b').on('connection', (socket: Socket) => others.push(socket));
        world.io.of('/a').adapter.on('join-room', (room, id) => {
          if (room !== 'user:alice') return;
          const socket = world.io.of('/a').sockets.get(id as string);
          if (socket === undefined) return;
          if (act === 'logs it out') auth.deauthenticate(socket);
          else socket.disconnect();
        });
        await open('0/a,', '0/b,', login('alice', '/a,'));
        await until('the token was taken', () => auth.stats().verified === 1);
        const isOut = act === 'logs it out';
        await until('its gauges are right', () => {
          const { pending, authenticated } = auth.stats();
          return pending === (isOut ? 2 : 0) && authenticated === (isOut ? 0 : 1);
        });
        const [other] = others as [Socket];
        expect(other.rooms.has('user:alice')).to.equal(!isOut);
        expect('decoded_token' in other).to.equal(!isOut);
        expect((await world.io.of('/b').fetchSockets()).length).to.equal(isOut ? 0 : 1);
      });
    }
  });

  it('of an adapter, that logs out during the renewal by another user, leaves nothing of either', async () => {
    const auth = attach(
      { scope: 'connection', sameSubject: false, rooms: ({ sub }) => [`user:${sub}`] },
      '/a',
      '/b',
    );
    const sockets: Socket[] = [];
    for (const name of ['/a', '/b'])
      world.io.of(name).on('connection', (socket: Socket) => sockets.push(socket));
    world.io.of('/a').adapter.on('join-room', (room, id) => {
      const socket = world.io.of('/a').sockets.get(id as string);
      if (room === 'user:bob' && socket !== undefined) auth.deauthenticate(socket);
    });
    const client = await open('0/a,', '0/b,', login('alice', '/a,'));
    await until('alice is in both', () => auth.stats().authenticated === 2);
    client.send(login('bob', '/a,'));
    await until('bob is out', () => auth.stats().pending === 2);
    expect(auth.stats().authenticated).to.equal(0);
    for (const socket of sockets) {
      expect(socket).not.to.have.property('decoded_token');
      expect(socket.rooms).to.deep.equal(new Set([socket.id]));
    }
  });

  it('of a namespace, that takes the handshake away, leaves no socket without a guard', async () => {
    const auth = attach({}, '/');
    const heard: unknown[] = [];
    world.io.use((socket, next) => {
      Object.assign(socket, { handshake: undefined });
      next();
    });
    world.io.on('connection', (socket) => socket.onAny((name) => heard.push(name)));
    const client = await open('0');
    await client.next('close');
    expect(faults).to.have.length(1);
    expect(auth.stats().authenticated).to.equal(0);
    expect(world.io.of('/').sockets.size).to.equal(0);
    expect(heard).to.deep.equal([]);
  });

  it("of permissions, that ends the session, lets 'onAny' hear nothing more", async () => {
    const auth = attach(
      {
        permissions: {
          say: ({ sub }) => {
            void auth.revoke({ sub: String(sub) });
            return true;
          },
        },
      },
      '/',
    );
    const heard: unknown[] = [];
    world.io.on('connection', (socket) => socket.onAny((name) => heard.push(name)));
    const client = await open('0', login('alice'), '2["say"]');
    await client.next('close');
    expect(heard).to.deep.equal([]);
  });

  const ODD: Readonly<Record<string, () => UnauthorizedError>> = {
    'a caught error in the place of the code': () => {
      const caught = Object.assign(new Error('SQL: secret'), { detail: 'secret' });
      return new UnauthorizedError(Object.assign(caught, { self: caught }) as never);
    },
    'a BigInt as the time to wait': () => new UnauthorizedError('wait', { retryAfter: 5n as never }),
    'a BigInt among its data': () => {
      const error = new UnauthorizedError('wait');
      Object.assign(error.data, { account: 5n });
      return error;
    },
    'no data': () => Object.assign(new UnauthorizedError('x'), { data: null }),
    'data that throw': () =>
      Object.defineProperty(new UnauthorizedError('x'), 'data', {
        get: () => {
          throw new Error('secret');
        },
      }),
    'a message that is an object': () => new UnauthorizedError('x', { message: { secret: 1n } as never }),
  };
  for (const [what, make] of Object.entries(ODD)) {
    for (const hook of ['validate', 'verify', 'rooms', 'getToken'] as const) {
      it(`that refuses with ${what} in ${hook}, is answered, counted, and harms nothing`, async () => {
        const refuse = (): never => {
          throw make();
        };
        const auth = attach(
          { maxAttempts: 2, ...(hook === 'verify' && { secret: undefined }), [hook]: refuse } as never,
          '/',
        );
        // The token of the request is asked for by an event without one.
        const shown = hook === 'getToken' ? '2["authenticate"]' : login('bob');
        const client = await open('0', shown);
        const [, first] = (await client.next('EVENT')) as [string, UnauthorizedError];
        expect(JSON.stringify(first)).not.to.include('secret');
        expect(first.data.code).to.be.oneOf(['unknown', 'wait', 'x']);
        client.send(shown);
        await client.next('close');
        expect(auth.stats().refused).to.equal(3);
        expect(faults).to.deep.equal([]);
      });
    }
  }
});
