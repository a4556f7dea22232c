import type { Socket } from 'node:net';
import type { AnyServer } from './types';

/** What is used of Engine.IO: two of its documented events. */
interface Engine {
  on(event: 'initial_headers', listener: (headers: unknown, request: { socket?: Socket }) => void): void;
  on(event: 'connection', listener: (connection: { request?: { socket?: Socket } }) => void): void;
}

const known = new WeakSet<object>();

/**
 * When clients come in crowds, sends the answer to a WebSocket upgrade and the open packet that follows it in one write.
 * Two cost a server more than to verify a token, so that logins that come all at once, after a restart, cost it not
 * much more than connections without a login used to. A client that comes alone is answered at once: it can begin to
 * read while the server goes on.
 */
export function gatherUpgradeWrites(server: AnyServer): void {
  // None before the server listens.
  const engine = server.engine as Engine | undefined;
  if (engine === undefined || known.has(engine)) return;
  known.add(engine);
  const held = new Set<Socket>();
  /** Whether one has come in this turn of the event loop. */
  let isCrowd = false;
  const endTurn = (): void => {
    isCrowd = false;
    // An application's own `generateId` may take its time: the answer does not wait for it.
    for (const socket of held) socket.uncork();
    held.clear();
  };
  engine.on('initial_headers', (_headers, { socket }) => {
    if (!isCrowd) {
      isCrowd = true;
      setImmediate(endTurn);
    } else if (typeof socket?.cork === 'function') {
      socket.cork();
      held.add(socket);
    }
  });
  engine.on('connection', ({ request }) => {
    const socket = request?.socket;
    if (socket !== undefined && held.delete(socket)) socket.uncork();
  });
}
