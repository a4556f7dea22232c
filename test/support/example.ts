import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { resolve } from 'node:path';
import type { Socket } from 'socket.io-client';
import { ROOT } from './repository';
import { openClient } from './world';
import type { ClientOptions, TestClient } from './world';

/** The secret of the examples, which take it from the environment. */
export const EXAMPLE_SECRET = randomBytes(32).toString('hex');
process.env.JWT_SECRET = EXAMPLE_SECRET;
process.env.SESSION_SECRET = EXAMPLE_SECRET;

/** An example of `examples/`, as a user would load it; what it exports is the test's to know. */
export function loadExample(path: string): unknown {
  // oxlint-disable-next-line typescript/no-require-imports -- the examples are CommonJS, and not compiled
  return require(resolve(ROOT, 'examples', path));
}

/** A running example, and its clients; all of it is closed by {@link Running.close}. */
export class Running {
  readonly #clients: Socket[] = [];

  constructor(readonly server: Server) {}

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A client that is connecting. */
  client(options: ClientOptions = {}): TestClient {
    const client = openClient(this.url, options);
    this.#clients.push(client.socket);
    return client;
  }

  async connected(): Promise<TestClient> {
    const client = this.client();
    await client.until('connect');
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** Logs in by the example's own `POST /login`. */
  async login(name: string): Promise<string> {
    const response = await fetch(`${this.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    const { token } = (await response.json()) as { token: string };
    return token;
  }
}
