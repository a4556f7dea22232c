import type { EVENTS } from '../protocol';
import { DEFAULT_TIMEOUT } from './pace';
import { forgetRecovery, sendNow } from './socket-internals';
import type { AuthenticateOptions, ClientSocket } from './types';

/** What the current connection has sent and the server has not answered yet: the CONNECT packet, and a logout. */
export interface Connection {
  readonly socket: ClientSocket;
  /** `timeout` bounds the wait for the acknowledgement of a logout. */
  readonly options: AuthenticateOptions;
  /** Sends the CONNECT packet, which waits for a token; `null` while the packet is unanswered. */
  connect?: ((token?: string) => void) | null | undefined;
  /** Resolves the logout that is under way. No token is sent before, or its answer could be mistaken for another. */
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
      // A second CONNECT packet, or one after the socket is gone, would make a socket on the server that nobody uses.
      if (socket.active && socket.io.engine === engine) send({ ...data, token });
    };
    if (typeof appAuth === 'function') appAuth(sendAll);
    else sendAll(appAuth);
  };
}

/** Sends the CONNECT packet if it still waits. Without a token the socket is a guest. */
export function enter(connection: Connection, token?: string): void {
  const { connect } = connection;
  if (!connect) return;
  connection.connect = null;
  connect(token);
}

/** Whether the server's events still belong to what came before a logout or before this connection. */
export function isDeaf({ connect, end }: Connection): boolean {
  return connect === null || end !== undefined;
}

/** The CONNECT packet was answered. */
export function onConnect(connection: Connection): void {
  if (connection.end && connection.connect === null) sendLogout(connection);
  connection.connect = undefined;
}

/** Ends the session: on this connection, on one that is being made, or one that the server could resume later. */
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
  // The answer to the CONNECT packet has set a new id.
  forgetRecovery(socket);
  const done = (error: unknown): void => {
    if (connection.end !== end) return;
    // Without an acknowledgement, only the end of the connection is sure to end the session.
    if (error instanceof Error) engine.close();
    reset(connection);
  };
  sendNow(
    socket,
    'deauthenticate' satisfies typeof EVENTS.deauthenticate,
    done,
    options.timeout ?? DEFAULT_TIMEOUT,
  );
}

/**
 * Forgets what was sent: no answer will come any more.
 *
 * @returns whether a logout was under way
 */
export function reset(connection: Connection): boolean {
  const { end } = connection;
  connection.connect = connection.end = undefined;
  end?.();
  return end !== undefined;
}

/** A logout that is under way still takes place. If it is not sent yet, the transport is closed instead. */
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
