import type { ClientSocket } from './types';

/** Sends the CONNECT packet that waits for a token, with it or as a guest's; `false` if it is too late for that. */
export type SendConnect = (token?: string) => boolean;

/**
 * @param appAuth what the application itself sends with the packet
 * @param send Socket.IO's, good for the transport that is open now
 */
export function connectPacket(
  socket: ClientSocket,
  appAuth: ClientSocket['auth'],
  send: (data: object) => void,
): SendConnect {
  const { engine } = socket.io;
  return (token) => {
    // A second CONNECT packet, or one of a socket that is gone, would make a ghost on the server.
    if (!socket.active || socket.io.engine !== engine) return false;
    const sendAll = (data?: object): void => send({ ...data, token });
    if (typeof appAuth === 'function') appAuth(sendAll);
    else sendAll(appAuth);
    return true;
  };
}
