import { createServer, request } from 'node:http';
import type { IncomingMessage, RequestOptions, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { FetchLike, ResponseLike } from '../../lib/jwks';

/** A real HTTP proxy: it opens tunnels (RFC 9110 §9.3.6) and forwards requests (RFC 9112 §3.2.2). */
export class Proxy {
  /** What it was asked for. */
  readonly requests: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, outgoing) => {
      this.requests.push(`${incoming.method} ${incoming.url}`);
      request(incoming.url as string, { headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode as number, answer.headers);
        answer.pipe(outgoing);
      }).end();
    });
    this.#server.on('connect', (incoming: IncomingMessage, client: Socket) => {
      this.requests.push(`CONNECT ${incoming.url}`);
      const { hostname, port } = new URL(`http://${incoming.url}`);
      const target = connect(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        client.pipe(target).pipe(client);
      });
      for (const socket of [client, target]) this.#sockets.add(socket.on('error', () => undefined));
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A request through it, as applications make it that have no library for that. */
  async fetch(how: 'CONNECT' | 'GET', url: string, init: Parameters<FetchLike>[1]): Promise<ResponseLike> {
    const { headers, signal } = init;
    const target = new URL(url);
    const through = { host: '127.0.0.1', port: this.#port, signal };
    const options: RequestOptions =
      how === 'GET'
        ? { ...through, path: url, headers: { ...headers, host: target.host } }
        : {
            createConnection: await this.#tunnel(target.host, signal),
            path: target.pathname,
            headers: { ...headers, host: target.host },
            signal,
          };
    return new Promise((resolve, reject) => {
      const outgoing = request(options, (answer) =>
        resolve({ status: answer.statusCode as number, body: answer }),
      );
      outgoing.on('error', reject).end();
    });
  }

  #tunnel(host: string, signal: AbortSignal): Promise<() => Socket> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#port, method: 'CONNECT', path: host, signal };
      request(options)
        .on('connect', (_answer, socket: Socket) => resolve(() => socket))
        .on('error', reject)
        .end();
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
