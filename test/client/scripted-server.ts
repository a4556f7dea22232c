import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { Cable } from '../support/cable';
import { Inbox } from '../support/inbox';

/** What a client acknowledges to, or is acknowledged with. */
type Reply = (reply: object) => void;

/**
 * A server of protocol 1 without anything of this library, over a cable that can be cut. It does what the protocol
 * allows and no more: a token is the name of its user, and connection state recovery brings back whoever was logged in.
 */
export class ScriptedServer {
  readonly io: Server;
  /** What the server heard, and as whom it took the client then. */
  readonly inbox = new Inbox();
  /** A token is the name of its user, unless this says otherwise. */
  userOf = (token: string): string => token;
  /** What `authenticated` carries. */
  session: unknown = { expiresAt: null, expiresIn: null };
  /** What is refused, by token. */
  readonly refusals = new Map<string, object>();
  /** How any token is refused, if it is. */
  refuses = (token: string): object | undefined => this.refusals.get(token);
  /** Whether nothing is sent of its own accord. */
  isSilent = false;
  /** Whether logouts are acknowledged. */
  acknowledges = true;
  /** Connections wait here; recovered ones too. */
  door: Promise<void> = Promise.resolve();
  readonly #http = createServer();
  #cable: Cable | undefined;

  constructor() {
    this.io = new Server(this.#http, {
      connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: false },
    });
    this.io.use((socket, next) => {
      // Before the answer, so that a test can act while the CONNECT packet is on its way.
      this.inbox.push('CONNECT', [{ ...socket.handshake.auth }]);
      // oxlint-disable-next-line promise/no-callback-in-promise -- as Socket.IO's middlewares are
      void this.door.then(() => next());
    });
    this.io.on('connection', (socket) => this.#serve(socket));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#cable?.port}`;
  }

  /** As whom the server takes its clients. */
  get users(): unknown[] {
    return [...this.io.sockets.sockets.values()].map((socket) => (socket.data as { user?: unknown }).user);
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    this.#cable = await Cable.lay((this.#http.address() as AddressInfo).port);
    return this;
  }

  /** The connection breaks: what is on its way is lost, and nobody has noticed yet. Reconnections succeed at once. */
  cut(): void {
    this.#cable?.cut();
    this.#cable?.mend();
  }

  async close(): Promise<void> {
    await this.io.close();
    await this.#cable?.close();
  }

  #serve(socket: Socket): void {
    const data = socket.data as { user?: string | undefined };
    const logIn = (token: unknown): void => {
      if (typeof token !== 'string') return;
      const refusal =
        data.user !== undefined && data.user !== this.userOf(token)
          ? { code: 'identity_mismatch', retryable: false }
          : this.refuses(token);
      if (refusal !== undefined) {
        this.refuse(socket, refusal);
        return;
      }
      data.user = this.userOf(token);
      if (!this.isSilent) socket.emit('authenticated', this.session);
    };
    // Ahead of whatever else it has to say, as a server that resumes a session.
    if (data.user !== undefined && !this.isSilent) socket.emit('authenticated', this.session);
    logIn((socket.handshake.auth as { token?: unknown }).token);
    const hear = (event: string, ...args: unknown[]): void => this.inbox.push(event, [data.user, ...args]);
    socket.on('authenticate', ({ token }: { token?: unknown }) => {
      hear('authenticate', token);
      // Without one, it is the cookie's.
      logIn(token ?? /session=(\w+)/.exec(socket.handshake.headers.cookie ?? '')?.[1]);
    });
    socket.on('deauthenticate', (reply: Reply) => {
      hear('deauthenticate');
      data.user = undefined;
      if (this.acknowledges) reply({ ok: true });
    });
    socket.on('say', (text: unknown, reply: Reply | undefined) => {
      hear('say', text);
      (typeof text === 'function' ? (text as Reply) : reply)?.({});
    });
    // With an offset, without which nothing is recovered.
    if (!this.isSilent) socket.emit('hello');
  }

  refuse(socket: { emit: Server['emit'] | Socket['emit'] }, refusal: object): void {
    const data = { message: 'refused', type: 'UnauthorizedError', retryable: true, ...refusal };
    socket.emit('unauthorized', { message: data.message, inner: { message: data.message }, data });
  }
}
