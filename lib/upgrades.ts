import type { Socket } from 'node:net';
import type { AnyServer } from './types';

/** What is used of Engine.IO: two of its documented events. */
interface Engine {
  on(event: 'initial_headers', listener: (headers: unknown, request: { socket?: Socket }) => void): void;
  on(event: 'connection', listener: (connection: { request?: { socket?: Socket } }) => void): void;
}

const known = new WeakSet<object>();

/**
 * Sends the answer to a WebSocket upgrade and the open packet that follows it in one write. It costs a server more than
 * to verify a token, so that a connection with authentication is not much dearer than one without used to be.
 */
export function gatherUpgradeWrites(server: AnyServer): void {
  // None before the server listens.
  const engine = server.engine as Engine | undefined;
  if (engine === undefined || known.has(engine)) return;
  known.add(engine);
  const held = new Set<Socket>();
  const letGo = (): void => {
    for (const socket of held) socket.uncork();
    held.clear();
  };
  engine.on('initial_headers', (_headers, { socket }) => {
    // Not there with other servers than Node's.
    if (typeof socket?.cork !== 'function') return;
    socket.cork();
    // An application's own `generateId` may take its time: the answer does not wait for it.
    if (held.size === 0) setImmediate(letGo);
    held.add(socket);
  });
  engine.on('connection', ({ request }) => {
    const socket = request?.socket;
    if (socket !== undefined && held.delete(socket)) socket.uncork();
  });
}
