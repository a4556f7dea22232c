import { once } from 'node:events';
import type { Server, ServerOptions, Socket } from 'socket.io';
import { RawClient } from '../support/raw-client';
import type { ClientOptions, TestClient } from '../support/world';
import { World } from '../support/world';

/** The oldest Socket.IO 4 that is supported, and the newest. */
export const VERSIONS = ['socket.io-4-0', 'socket.io'] as const;
export type Version = (typeof VERSIONS)[number];

/** A server of one version of Socket.IO that nobody guards. */
export class BareWorld extends World {
  static async start(version: Version, options: Partial<ServerOptions> = {}): Promise<BareWorld> {
    // oxlint-disable-next-line typescript/no-require-imports -- one of two versions, which TypeScript cannot know
    const { Server: Class } = require(version) as { Server: typeof Server };
    const world = new BareWorld(options, Class);
    await world.listen();
    return world;
  }

  /** A client whose connection stands, and its socket on the server. */
  async pair(namespace = '/', options: ClientOptions = {}): Promise<{ client: TestClient; socket: Socket }> {
    const connection = once(this.io.of(namespace) as never, 'connection') as Promise<[Socket]>;
    const client = await this.connected(namespace, options);
    const [socket] = await connection;
    return { client, socket };
  }

  /** A client that speaks the protocol by hand; its transport stands, and no namespace yet. */
  raw(): Promise<RawClient> {
    return RawClient.open(this.url, 'websocket');
  }

  override async close(): Promise<void> {
    await super.close();
    // Older versions of Socket.IO do not wait for their connections.
    this.http.closeAllConnections();
  }
}

/** Has a function told of each call of a method, on this object alone. */
export function spyOn<Args extends unknown[]>(
  target: object,
  name: string,
  onCall: (...args: Args) => unknown,
): void {
  const original = (target as Record<string, (...args: Args) => unknown>)[name];
  if (typeof original !== 'function') throw new TypeError(`there is no ${name}()`);
  const spy = function spy(this: unknown, ...args: Args): unknown {
    onCall(...args);
    return original.apply(this, args);
  };
  Object.defineProperty(target, name, { value: spy, configurable: true, writable: true });
}

/** The arguments of the next event of that name. */
export async function next<Args extends unknown[]>(emitter: object, event: string): Promise<Args> {
  return (await once(emitter as never, event)) as Args;
}
