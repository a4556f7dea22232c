import { Login } from './login';
import type { AuthenticateOptions, ClientAuth, ClientSocket } from './types';

/**
 * Logs a socket in, and keeps it so: shows a fresh token at every connection, renews it ahead of its end, and tries
 * again, after the pauses that the server asks for, whatever can be mended without a person.
 *
 * The token goes with the CONNECT packet if the socket is not connected yet, beside what `socket.auth` holds; else by
 * event. The socket is connected by the application, and by Socket.IO itself after a drop; only where the server has
 * disconnected it after a refusal that a fresh token can mend, an expiry above all, is it connected from here.
 *
 * @example
 * const auth = authenticate(socket, { token: () => fetchToken() });
 * auth.on('unauthorized', (error) => showLogin(error.code));
 * await auth.ready;
 *
 * @param socket one that nothing else authenticates
 */
export function authenticate(socket: ClientSocket, options: AuthenticateOptions): ClientAuth {
  return new Login(socket, options);
}
