/** The real server, with the real library, and an application that writes down what it hears. */
import { Server } from 'socket.io';
import { authorize } from '../../lib';
import type { AnySocket, AuthorizeOptions, Authorizer, JwtClaims, UnauthorizedError } from '../../lib';
import { openMemoryPort } from '../support/memory-connection';
import { Bug, isAlone } from './deeds';
import type { Act, Hook, PlannedDeed } from './deeds';
import type { MemoryPort } from '../support/memory-connection';

export const PLACES = ['/', '/side'] as const;
export const EVENTS = ['talk', 'admin'] as const;
export const RECOVERY_TIME = 20_013;

/** Refusals that answer no token. */
const NO_ANSWERS: ReadonlySet<string> = new Set(['authentication_timeout', 'too_many_attempts']);

export interface Heard {
  readonly id: number;
  readonly sub: string | undefined;
}

export type ModelSocket = AnySocket & { decoded_token?: JwtClaims };

/** What the application asks the test. */
export interface Plans {
  use(event: readonly unknown[], next: () => void): void;
  /** The deed that is due now; `connection` is the id of the socket's connection. */
  deed(hook: Hook, connection: string, place: string): PlannedDeed | undefined;
  /** Which socket has sent a message. */
  sender(message: number): ModelSocket | undefined;
}

export class Application {
  readonly io: Server;
  readonly auth: Authorizer;
  readonly port: MemoryPort;
  readonly heard: Heard[] = [];
  /** Sessions that ended, as `socket id: reason`. */
  readonly ended: string[] = [];
  /** Logins and renewals, as `socket id: event`. */
  readonly welcomed: string[] = [];
  /** Deeds that were done, as `listener: act`. */
  readonly done: string[] = [];

  readonly #closing = new WeakSet<AnySocket>();

  constructor(
    options: Partial<AuthorizeOptions>,
    canRecover: boolean,
    readonly plans: Plans,
  ) {
    const recovery = { maxDisconnectionDuration: RECOVERY_TIME, skipMiddlewares: true };
    this.io = new Server(canRecover ? { connectionStateRecovery: recovery } : {});
    this.port = openMemoryPort(this.io);
    this.auth = authorize({
      permissions: {
        admin: ({ scope }: JwtClaims, id: number) => {
          this.#do('permission', this.plans.sender(id));
          return scope === 'admin';
        },
      },
      rooms: ({ sub }: JwtClaims, socket: AnySocket) => {
        this.#do('rooms', socket);
        return [`user:${sub}`];
      },
      ...options,
    } as AuthorizeOptions);
    for (const place of PLACES) this.#serve(place);
  }

  #serve(place: string): void {
    const namespace = this.auth.attach(this.io.of(place));
    namespace.on('deauthenticated', (socket: AnySocket, reason: string) => {
      this.ended.push(`${socket.id}: ${reason}`);
      this.#do('deauthenticated', socket);
    });
    for (const event of ['authenticated', 'reauthenticated'] as const) {
      namespace.on(event, (socket: AnySocket) => {
        this.welcomed.push(`${socket.id}: ${event}`);
        this.#do(event, socket);
      });
    }
    namespace.on('unauthorized', (socket: AnySocket, { code, data }: UnauthorizedError) => {
      const isAnswer = data.event === undefined && !NO_ANSWERS.has(code);
      if (isAnswer) this.#do('unauthorized', socket);
    });
    for (const event of ['join-room', 'leave-room'] as const) {
      namespace.adapter.on(event, (room: string, id: string) => {
        if (room.startsWith('user:')) this.#do(event, namespace.sockets.get(id));
      });
    }
    // Ahead of the library's listener, in which the socket may be closed already.
    namespace.prependListener('connect', (socket: AnySocket) => {
      for (const event of ['disconnecting', 'disconnect'] as const) {
        socket.on(event, () => {
          this.#closing.add(socket);
          this.#do(event, socket);
        });
      }
    });
    namespace.on('connection', (socket: ModelSocket) => {
      void socket.join('lounge');
      socket.use((event, next) => this.plans.use(event, next));
      for (const event of EVENTS) {
        socket.on(event, (id: number) => {
          this.heard.push({ id, sub: socket.decoded_token?.sub });
          this.#do('event', socket);
        });
      }
    });
  }

  /** A listener or a function of the application runs: does what is planned for it. */
  #do(hook: Hook, socket: AnySocket | undefined): void {
    const deed =
      socket && this.plans.deed(hook, (socket.conn as unknown as { id: string }).id, socket.nsp.name);
    if (deed === undefined) return;
    this.done.push(`${hook}: ${deed.act}`);
    const acts: Record<Act, () => unknown> = {
      throw: () => {
        throw new Bug(hook);
      },
      logout: () => this.auth.deauthenticate(socket as AnySocket),
      disconnect: () => disconnect(socket as AnySocket),
      // Rejects if the store is silent for too long; the rule counts all the same.
      revoke: () => void this.auth.revoke({ sub: deed.sub }).catch(() => undefined),
      // Socket.IO would keep a socket that is gone in a room that a listener joins it to meanwhile.
      join: () => this.#closing.has(socket as AnySocket) || socket?.join('club'),
      leave: () => socket?.leave('lounge'),
      broadcast: () => this.#broadcast(socket as AnySocket, deed),
    };
    acts[deed.act]();
  }

  /** Whether it reaches sockets that are closing at the moment, nobody promises: it leaves them out. */
  #broadcast({ id, nsp }: AnySocket, { hook, news }: PlannedDeed): void {
    const others = [...nsp.sockets.values()].filter(
      (socket) => this.#closing.has(socket) || (isAlone(hook) && socket.id !== id),
    );
    nsp.except(others.map((socket) => socket.id)).emit('news', news);
  }

  socket(place: string, id: string | undefined): ModelSocket | undefined {
    return id === undefined ? undefined : this.io.of(place).sockets.get(id);
  }

  close(): void {
    this.auth.close();
    // `io.close()` waits for an HTTP server.
    for (const place of PLACES) void this.io.of(place).adapter.close();
  }
}

/** Its own listeners may throw: that is no fault of the one that disconnects it. */
function disconnect(socket: AnySocket): void {
  try {
    socket.disconnect();
  } catch (fault) {
    if (!(fault instanceof Bug)) throw fault;
  }
}
