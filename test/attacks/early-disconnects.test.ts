import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { NamespaceInbox } from '../support/namespace-inbox';
import { PollingSession } from '../support/polling-session';
import { RawClient } from '../support/raw-client';
import { show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { until } from '../support/until';
import { World } from '../support/world';

/** How an application ends a socket as soon as it sees it. */
const KICKS: [how: string, kick: (socket: Socket) => unknown][] = [
  ['disconnect()', (socket) => socket.disconnect()],
  ['disconnect(true)', (socket) => socket.disconnect(true)],
  ['conn.close()', (socket) => socket.conn.close()],
];

/** Where its listener stands ahead of the library's. */
const INSTALLATIONS: [
  where: string,
  options: Partial<AuthorizeOptions>,
  install: (world: World, auth: Authorizer, kick: (socket: Socket) => void) => void,
][] = [
  [
    "on('connection'), ahead of the authorizer's",
    {},
    ({ io }, auth, kick) => io.on('connection', kick).on('connection', auth as never),
  ],
  [
    "prependListener('connect') after attach()",
    {},
    ({ io }, auth, kick) => {
      auth.attach(io);
      io.of('/').prependListener('connect', kick);
    },
  ],
  [
    "prependListener('connect') after attach(), handshake mode",
    { handshake: true, fail: (_error, _socket, accept) => accept() },
    ({ io }, auth, kick) => {
      auth.attach(io);
      io.of('/').prependListener('connect', kick);
    },
  ],
  [
    "prependListener('connect') after io.use(), handshake mode",
    { handshake: true, fail: (_error, _socket, accept) => accept() },
    ({ io }, auth, kick) => {
      io.use(auth as never);
      // The library's own listener is there from the first connection on.
      io.use((_socket, next) => {
        if (!io.of('/').listeners('connect').includes(kick)) io.of('/').prependListener('connect', kick);
        next();
      });
    },
  ],
];

describe('a socket that an earlier listener of the application disconnects', () => {
  for (const scope of ['namespace', 'connection'] as const) {
    for (const [how, kick] of KICKS) {
      for (const [where, options, install] of INSTALLATIONS) {
        it(`never counts as pending: ${how} by ${where}, scope: ${scope}`, async () => {
          const world = await new World().listen();
          const auth = world.authorize({ scope, maxPending: 1, ...options });
          const told = new NamespaceInbox(world.io.of('/'));
          const kicked: string[] = [];
          install(world, auth, (socket) => {
            if (socket.handshake.auth.isUnwanted !== true) return;
            kicked.push(socket.id);
            kick(socket);
          });
          for (let turn = 1; turn <= 4; turn += 1) {
            const raw = await RawClient.open(world.url, 'websocket');
            const token = turn % 2 === 0 ? { token: createToken() } : {};
            raw.send(RawClient.connect({ isUnwanted: true, ...token }));
            await until('the socket was there', () => kicked.length === turn);
            raw.close();
          }
          expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
          expect(told.all('authenticated')).to.deep.equal([]);
          // `maxPending` is not used up.
          const client = world.client('/', { auth: { token: createToken() } });
          await client.until('authenticated');
          expect(auth.stats()).to.include({ pending: 0, authenticated: 1 });
          await world.close();
        });
      }
    }
  }

  it('never counts as pending, in ever new namespaces too, and locks nobody out', async () => {
    const world = await new World().listen();
    const rooms = world.io.of(/^\/room-\d+$/);
    const auth = world.authorize({ maxPending: 1 });
    rooms.on('connection', (socket) => {
      if (socket.handshake.auth.isUnwanted === true) socket.disconnect();
    });
    rooms.on('connection', auth as never);
    const session = await PollingSession.open(world.url);
    world.io.of('/open');
    await session.send('0/open,');
    await session.send(
      ...Array.from({ length: 20 }, (_, index) => RawClient.connect({ isUnwanted: true }, `/room-${index}`)),
    );
    expect(auth.stats()).to.include({ pending: 0 });
    const client = await world.connected('/room-99');
    expect(await show(client, createToken())).to.include({ ok: true });
    await session.close();
    await world.close();
  });
});

describe('a socket that the application disconnects while it closes', () => {
  for (const scope of ['namespace', 'connection'] as const) {
    for (const [how, kick] of KICKS) {
      for (const [what, auth] of [
        ['pending', undefined],
        ['authenticated', { token: createToken() }],
      ] as const) {
        for (const event of ['disconnecting', 'disconnect'] as const) {
          it(`is counted once: ${how} by a ${event} listener of a ${what} socket, scope: ${scope}`, async () => {
            const world = await new World().listen();
            const authorizer = world.authorize({ scope });
            const gone = new Promise<void>((resolve) => {
              authorizer.attach(world.io).on('connection', (socket: Socket) => {
                // Socket.IO itself would call a second one without end.
                socket.once(event, () => {
                  kick(socket);
                  setImmediate(resolve);
                });
              });
            });
            const client = world.client('/', auth === undefined ? {} : { auth });
            await client.until(auth === undefined ? 'connect' : 'authenticated');
            client.socket.disconnect();
            await gone;
            expect(authorizer.stats()).to.include({ pending: 0, authenticated: 0 });
            await world.close();
          });
        }
      }
    }
  }
});
