/**
 * Whatever the library calls of the application may act on the socket in hand, at once: end it, log it out, revoke its
 * user. Each call and each act, in each mode, over a connection without a network. The gauges must stay exact.
 */
import { expect } from 'chai';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { authorize } from '../../lib';
import type { AnySocket, Authorizer, AuthorizeOptions } from '../../lib';
import { openMemoryPort } from '../support/memory-connection';
import type { MemoryConnection } from '../support/memory-connection';
import { createToken, SECRET } from '../support/tokens';
import { Unharmed } from '../support/unharmed';

type Act = (socket: AnySocket, auth: Authorizer) => unknown;

const ACTS: Readonly<Record<string, Act>> = {
  'disconnects the socket': (socket) => socket.disconnect(),
  'disconnects its client': (socket) => socket.disconnect(true),
  'closes its connection': (socket) => socket.conn.close(),
  'disconnects the whole namespace': (socket) => socket.nsp.disconnectSockets(),
  'logs it out': (socket, auth) => auth.deauthenticate(socket),
  'revokes its user': (_socket, auth) => auth.revoke({ sub: 'bob' }),
  'revokes its user, with a grace': (_socket, auth) => auth.revoke({ sub: 'bob', grace: 1_000 }),
  'takes its rooms': (socket) => {
    for (const room of socket.rooms) void socket.leave(room);
  },
  'removes its listeners': (socket) => socket.removeAllListeners(),
};

/** Calls `act` with the socket that is meant, the first two times; the library hands some functions no socket. */
type Hook = (socket?: AnySocket) => void;

/** What is called of the application, and the options under which it is. */
const CALLS: Readonly<Record<string, (hook: Hook) => Partial<AuthorizeOptions>>> = {
  secret: (hook) => ({ secret: () => (hook(), SECRET) }),
  validate: (hook) => ({ validate: () => hook() }),
  rooms: (hook) => ({ rooms: (_claims, socket) => (hook(socket), ['room']) }),
  customDecoded: (hook) => ({ customDecoded: (claims) => (hook(), claims) }),
  userClaim: (hook) => ({ userClaim: ({ sub }) => (hook(), sub) }),
  getToken: (hook) => ({ getToken: (socket) => (hook(socket), socket.handshake.auth.token as string) }),
  permissions: (hook) => ({ permissions: { news: () => (hook(), true) } }),
  scopes: (hook) => ({ permissions: { news: 'a' }, scopes: () => (hook(), ['a']) }),
  limiter: (hook) => ({ limiter: { consume: () => Promise.resolve(hook()) }, clientAddress: () => 'one' }),
};
/** Listeners of the namespace, and of the socket. */
const NAMESPACE_EVENTS = [
  'connection',
  'authenticated',
  'reauthenticated',
  'unauthorized',
  'deauthenticated',
];
const SOCKET_EVENTS = ['news', 'disconnecting', 'disconnect'];

const authenticate = (sub: string, jti: string): string =>
  `2["authenticate",{"token":"${createToken({ sub, jti })}"}]`;
/** What a client says, one after the other; it connects again where it was thrown out. */
const SAID = [
  '2["news",1]',
  authenticate('bob', '1'),
  '2["news",2]',
  authenticate('bob', '2'),
  authenticate('eve', '3'),
  '2["authenticate",{"token":"none"}]',
  '2["deauthenticate"]',
  authenticate('carol', '4'),
  '2["news",3]',
];

class Scenario {
  readonly #io = new Server();
  readonly #port = openMemoryPort(this.#io);
  readonly #auth: Authorizer;
  readonly #withToken: boolean;
  #last: AnySocket | undefined;
  #acts = 0;

  constructor(call: string, act: Act, options: Partial<AuthorizeOptions>, withToken: boolean) {
    const hook: Hook = (socket = this.#last) => {
      if (socket === undefined || this.#acts >= 2) return;
      this.#acts += 1;
      void act(socket, this.#auth);
    };
    this.#withToken = withToken;
    this.#auth = authorize({ secret: SECRET, ...options, ...CALLS[call]?.(hook) });
    this.#io.use((socket, next) => {
      this.#last = socket;
      next();
    });
    const namespace = this.#auth.attach(this.#io.of('/'));
    if (NAMESPACE_EVENTS.includes(call)) namespace.on(call as 'connection', (socket: Socket) => hook(socket));
    namespace.on('connection', (socket: Socket) => {
      if (SOCKET_EVENTS.includes(call)) socket.on(call, () => hook(socket));
    });
  }

  async run(): Promise<void> {
    let connection: MemoryConnection | undefined;
    for (const packet of SAID) {
      if (connection?.readyState !== 'open' || this.#io.of('/').sockets.size === 0) {
        connection?.drop();
        connection = this.#port.connect(
          () => undefined,
          () => undefined,
        );
        const token = this.#withToken ? createToken({ sub: 'bob' }) : undefined;
        connection.send(`0${JSON.stringify({ token })}`);
        await turns();
        this.#expectExact(`connected, before ${packet}`);
      }
      connection.send(packet);
      await turns();
      this.#expectExact(packet);
    }
    connection?.drop();
    await turns();
    expect(this.#auth.stats()).to.include({ pending: 0, authenticated: 0 });
    const { adapter } = this.#io.of('/');
    expect([adapter.sids.size, adapter.rooms.size]).to.deep.equal([0, 0]);
    this.#auth.close();
    await this.#io.close();
  }

  #expectExact(step: string): void {
    const { pending, authenticated } = this.#auth.stats();
    expect(Math.min(pending, authenticated), step).to.equal(0);
    expect(pending + authenticated, step).to.equal(this.#io.of('/').sockets.size);
  }
}

/** All that happens by itself has happened: the library and Socket.IO take some turns. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

describe('a socket is counted once, whatever the application does to it when the library calls', () => {
  let unharmed: Unharmed;

  beforeEach(() => {
    unharmed = new Unharmed();
  });
  afterEach(() => unharmed.close());

  for (const call of [...Object.keys(CALLS), ...NAMESPACE_EVENTS, ...SOCKET_EVENTS]) {
    for (const handshake of [false, true]) {
      for (const scope of ['namespace', 'connection'] as const) {
        it(`${call}: ${handshake ? 'handshake' : 'event'} mode, scope: ${scope}`, async () => {
          for (const [what, act] of Object.entries(ACTS)) {
            for (const withToken of [false, true]) {
              const scenario = new Scenario(call, act, { handshake, scope, maxAttempts: 50 }, withToken);
              await scenario.run().catch((error: unknown) => {
                throw new Error(`${what}, ${withToken ? 'with' : 'without'} a token at first`, {
                  cause: error,
                });
              });
            }
          }
        });
      }
    }
  }
});
