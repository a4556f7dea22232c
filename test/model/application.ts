/** The real server, with the real library, and an application that writes down what it hears. */
import { Server } from 'socket.io';
import { authorize } from '../../lib';
import type { AnySocket, AuthorizeOptions, Authorizer, JwtClaims } from '../../lib';
import { openMemoryPort } from '../support/memory-connection';
import type { MemoryPort } from '../support/memory-connection';

export const PLACES = ['/', '/side'] as const;
export const EVENTS = ['talk', 'admin'] as const;
export const RECOVERY_TIME = 20_013;

export interface Heard {
  readonly id: number;
  readonly sub: string | undefined;
}

export class Application {
  readonly io: Server;
  readonly auth: Authorizer;
  readonly port: MemoryPort;
  readonly heard: Heard[] = [];
  /** Sessions that ended, as `socket id: reason`. */
  readonly ended: string[] = [];

  constructor(
    options: Partial<AuthorizeOptions>,
    canRecover: boolean,
    readonly use: (event: readonly unknown[], next: () => void) => void,
  ) {
    const recovery = { maxDisconnectionDuration: RECOVERY_TIME, skipMiddlewares: true };
    this.io = new Server(canRecover ? { connectionStateRecovery: recovery } : {});
    this.port = openMemoryPort(this.io);
    this.auth = authorize({
      permissions: { admin: 'admin' },
      rooms: ({ sub }: JwtClaims) => [`user:${sub}`],
      ...options,
    } as AuthorizeOptions);
    for (const place of PLACES) this.#serve(place);
  }

  #serve(place: string): void {
    const namespace = this.auth.attach(this.io.of(place));
    namespace.on('deauthenticated', (socket: AnySocket, reason: string) => {
      this.ended.push(`${socket.id}: ${reason}`);
    });
    namespace.on('connection', (socket: AnySocket & { decoded_token?: JwtClaims }) => {
      void socket.join('lounge');
      socket.use(this.use);
      for (const event of EVENTS) {
        socket.on(event, (id: number) => this.heard.push({ id, sub: socket.decoded_token?.sub }));
      }
    });
  }

  socket(place: string, id: string | undefined): (AnySocket & { decoded_token?: JwtClaims }) | undefined {
    return id === undefined ? undefined : this.io.of(place).sockets.get(id);
  }

  close(): void {
    this.auth.close();
    // `io.close()` waits for an HTTP server.
    for (const place of PLACES) void this.io.of(place).adapter.close();
  }
}
