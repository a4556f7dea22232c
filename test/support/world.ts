import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import type { ServerOptions } from 'socket.io';
import { io as connect } from 'socket.io-client';
import type { ManagerOptions, Socket as ClientSocket, SocketOptions } from 'socket.io-client';
import { authorize } from '../../lib';
import type { Authorizer, AuthorizeOptions, JwtClaims, VerifierOptions } from '../../lib';
import { toVerificationKeys } from '../../lib/token/keys';
import { Inbox } from './inbox';
import { StoppedTime } from './stopped-time';
import { SECRET, tokenVerifier } from './tokens';

/** What a test may give to {@link World.authorize}. */
export type TestOptions = Partial<AuthorizeOptions> | VerifierOptions;

/** Ms: longer than any test takes, on a busy machine too. */
export const LONG_TIMEOUT = 600_000;

export type ClientOptions = Partial<ManagerOptions & SocketOptions>;

/**
 * A real server on its own port, with real clients. {@link World.close} closes everything; {@link World.listen} then starts
 * a new server.
 */
export class World {
  /** Whether authorizers get {@link verifyAsTests} for the tests' secret: suites are run both ways. */
  static hasVerifier = false;
  readonly #clients: ClientSocket[] = [];
  readonly #authorizers: Authorizer[] = [];
  readonly #make: (given?: Partial<ServerOptions>) => { http: HttpServer; io: Server };
  #server: { http: HttpServer; io: Server } | undefined;
  #isClosed = false;
  #time: StoppedTime | undefined;

  constructor(options: Partial<ServerOptions> = {}, Version: typeof Server = Server) {
    this.#make = (given = options) => {
      const http = createServer();
      return { http, io: new Version(http, given) };
    };
  }

  get http(): HttpServer {
    return this.#current.http;
  }

  get io(): Server {
    return this.#current.io;
  }

  get #current(): { http: HttpServer; io: Server } {
    this.#server ??= this.#make();
    return this.#server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** @param port that of a server before it; another program may have taken it for a while */
  async listen(port = 0): Promise<this> {
    if (this.#isClosed) this.#server = undefined;
    this.#isClosed = false;
    const retry = (): unknown => setTimeout(() => this.http.listen(port, '127.0.0.1'), 20);
    this.http.on('error', retry);
    await new Promise<void>((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    this.http.off('error', retry);
    return this;
  }

  /** Starts a server with other options in place of this one, until the world is closed. */
  async restart(options: Partial<ServerOptions>): Promise<void> {
    await this.close();
    this.#server = this.#make(options);
    this.#isClosed = false;
    await this.listen();
  }

  /** Stops the server's time, until the world is closed; see {@link StoppedTime}. */
  stopTime(): StoppedTime {
    this.#time ??= new StoppedTime();
    return this.#time;
  }

  /** An authorizer that is closed with the world. Unless given, the secret is the tests', and the timeouts are long. */
  authorize(options: TestOptions = {}): Authorizer {
    const authorizer = authorize(toOptions({ timeout: LONG_TIMEOUT, keyTimeout: LONG_TIMEOUT, ...options }));
    this.#authorizers.push(authorizer);
    return authorizer;
  }

  /** A client that is connecting to a namespace; over WebSocket unless told otherwise, and never reconnecting. */
  client(namespace = '/', options: ClientOptions = {}): TestClient {
    const client = openClient(this.url + namespace, options);
    this.#clients.push(client.socket);
    return client;
  }

  /** A client whose connection stands. */
  async connected(namespace = '/', options: ClientOptions = {}): Promise<TestClient> {
    const client = this.client(namespace, options);
    await client.until('connect');
    return client;
  }

  async close(): Promise<void> {
    // First, so that no later test has it stopped if something hangs here.
    this.#time?.resume();
    this.#time = undefined;
    for (const client of this.#clients.splice(0)) client.disconnect();
    for (const authorizer of this.#authorizers.splice(0)) authorizer.close();
    await this.io.close();
    this.#isClosed = true;
  }
}

/** A client that is connecting; over WebSocket unless told otherwise, and never reconnecting. */
export function openClient(url: string, options: ClientOptions = {}): TestClient {
  return new TestClient(
    connect(url, { transports: ['websocket'], forceNew: true, reconnection: false, ...options }),
  );
}

/** A real client that records what it receives, so that a test can ask for it before or after it arrives. */
export class TestClient {
  readonly inbox = new Inbox();

  constructor(readonly socket: ClientSocket) {
    socket.onAny((event: string, ...args: unknown[]) => this.inbox.push(event, args));
    for (const event of ['connect', 'disconnect', 'connect_error'] as const) {
      socket.on(event, (...args: unknown[]) => this.inbox.push(event, args));
    }
  }

  /** The arguments of the next event of that name, be it here already or still to come. */
  until(event: string): Promise<unknown[]> {
    return this.inbox.take(event);
  }

  /** Shows a token and waits for the acknowledgement. */
  authenticate(token: unknown): Promise<unknown> {
    return this.socket.emitWithAck('authenticate', { token });
  }

  /** The arguments of all events of that name so far. */
  received(event: string): unknown[][] {
    return this.inbox.all(event);
  }
}

/** Options that say how the library verifies: with them an authorizer keeps its secret. */
const VERIFICATION = ['secret', 'algorithms', 'issuer', 'audience', 'subject', 'jwtid', 'nonce'] as const;

function toOptions(options: Partial<AuthorizeOptions> | VerifierOptions): AuthorizeOptions | VerifierOptions {
  if ('verify' in options) return options;
  const keepsSecret = !World.hasVerifier || VERIFICATION.some((name) => name in options);
  if (keepsSecret) return { secret: SECRET, ...options };
  return { ...(options as object), verify: verifyAsTests };
}

const IGNORING = { ignoreExpiration: true, ignoreNotBefore: true };

/** Verifies tokens of the tests' secret, as an application could; their life is the library's to judge. */
function verifyAsTests(token: string): JwtClaims {
  const outcome = tokenVerifier({ passed: IGNORING }).verify(token, toVerificationKeys(SECRET));
  if (outcome instanceof Error) throw outcome;
  return outcome;
}
