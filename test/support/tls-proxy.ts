import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';

/** Terminates TLS in front of a port of this machine, as a load balancer would; its certificate is its own. */
export class TlsProxy {
  readonly #open = new Set<Socket>();

  private constructor(readonly server: Server) {}

  static async start(target: number): Promise<TlsProxy> {
    const pem = execFileSync(
      'openssl',
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout - -out -'.split(
        ' ',
      ),
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const proxy = new TlsProxy(createServer({ key: pem, cert: pem }));
    proxy.server.on('secureConnection', (socket) => proxy.#join(socket, connect(target, '127.0.0.1')));
    proxy.server.on('connection', (socket: Socket) => {
      proxy.#open.add(socket);
      socket.on('close', () => proxy.#open.delete(socket));
    });
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #join(near: Socket, far: Socket): void {
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      end.on('error', () => undefined);
      end.on('close', () => other.destroy());
    }
    near.pipe(far).pipe(near);
  }
}
