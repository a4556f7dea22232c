import type { EVENTS } from '../protocol';
import { DEFAULT_TIMEOUT } from './pace';
import { forgetRecovery, sendNow } from './socket-internals';
import { MAX_DELAY } from './timer';
import type { AuthenticateOptions, ClientSocket } from './types';

/** What waits for the server's answer on the current connection: the CONNECT packet, and a logout. */
export interface Connection {
  readonly socket: ClientSocket;
  /** `timeout` bounds the wait for the acknowledgement of a logout. */
  readonly options: AuthenticateOptions;
  /** Sends the CONNECT packet, which waits for a token. `null` once it is sent and until it is answered. */
  connect?: ((token?: string) => void) | null | undefined;
  /** Resolves the logout that is under way. Until then no token is sent, so that answers cannot be confused. */
  end?: (() => void) | undefined;
  /** Resolves when the last logout is over. */
  left?: Promise<void>;
}

/**
 * The transport is open.
 *
 * @param appAuth what the application itself sends with the CONNECT packet
 * @param send sends the CONNECT packet; valid for this transport only
 */
export function open(
  connection: Connection,
  appAuth: ClientSocket['auth'],
  send: (data: object) => void,
): void {
  const { socket } = connection;
  const { engine } = socket.io;
  reset(connection);
  connection.connect = (token) => {
    const sendAll = (data?: object): void => {
      // A second CONNECT packet, or one after a disconnect, would make a socket on the server that nobody uses.
      if (socket.active && socket.io.engine === engine) send({ ...data, token });
    };
    if (typeof appAuth === 'function') appAuth(sendAll);
    else sendAll(appAuth);
  };
}

/** Sends the CONNECT packet, if it still waits for a token. Without a token the socket is a guest. */
export function enter(connection: Connection, token?: string): void {
  const { connect } = connection;
  if (!connect) return;
  connection.connect = null;
  connect(token);
}

/** Whether events that arrive now belong to an earlier connection, or to the session that is being logged out. */
export function isDeaf({ connect, end }: Connection): boolean {
  return connect === null || end !== undefined;
}

/** The CONNECT packet was answered. */
export function onConnect(connection: Connection): void {
  if (connection.end && connection.connect === null) sendLogout(connection);
  connection.connect = undefined;
}

/** Ends the session, on this connection or the one that is being made, and prevents that the server restores it. */
export function leave(connection: Connection): void {
  const { socket, connect, end } = connection;
  const { connected, active } = socket;
  forgetRecovery(socket);
  if (end || !(connected || (active && connect === null))) return;
  connection.left = new Promise((resolve) => {
    connection.end = resolve;
  });
  if (connected) sendLogout(connection);
}

function sendLogout(connection: Connection): void {
  const { socket, end, options } = connection;
  const { engine } = socket.io;
  connection.connect = undefined;
  // The answer to the CONNECT packet has set a new recovery id.
  forgetRecovery(socket);
  const done = (error: unknown): void => {
    if (connection.end !== end) return;
    // If the server does not acknowledge, only closing the connection certainly ends the session.
    if (error instanceof Error) engine.close();
    reset(connection);
  };
  sendNow(
    socket,
    'deauthenticate' satisfies typeof EVENTS.deauthenticate,
    done,
    Math.min(options.timeout ?? DEFAULT_TIMEOUT, MAX_DELAY),
  );
}

/**
 * Stops waiting for answers: the connection is gone, or the logout is done.
 *
 * @returns whether a logout was under way
 */
export function reset(connection: Connection): boolean {
  const { end } = connection;
  connection.connect = connection.end = undefined;
  end?.();
  return end !== undefined;
}

/** Lets a logout that is under way finish. If it is not sent yet, closes the transport instead. */
export function close(connection: Connection): void {
  const { socket, connect, end } = connection;
  if (end && connect !== null) return;
  if (reset(connection)) socket.io.engine.close();
}

/** Makes a new connection, with a new HTTP request. */
export function restart({ socket }: Connection): void {
  const { engine } = socket.io;
  // Socket.IO does not notice when an engine is closed while it opens.
  if (engine?.readyState === 'open') engine.close();
  socket.connect();
}
