/** An application's client, with the events of the server's side joined to its own. */
import { io as connect } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { isUnauthorizedError } from 'socketio-authorize';
import type {
  AuthorizeClientToServerEvents,
  AuthorizeServerToClientEvents,
  Refusal,
} from 'socketio-authorize';
import { authenticate, UnauthorizedError } from 'socketio-authorize/client';

type ServerEvents = AuthorizeServerToClientEvents & { said: (name: string) => void };
type ClientEvents = AuthorizeClientToServerEvents & { say: (text: string) => void };

const socket: Socket<ServerEvents, ClientEvents> = connect('http://localhost:3000', { autoConnect: false });

socket.emit('authenticate', { token: 'x' }, (reply) => {
  if (reply.ok) console.log(reply.expiresAt?.toFixed(), reply.expiresIn?.toFixed());
  else console.log(reply.error.code.trim(), reply.error.retryable);
});
socket.emit('deauthenticate');
// @ts-expect-error -- a token is a string
socket.emit('authenticate', { token: 5 });
// @ts-expect-error -- neither the application's nor the library's
socket.emit('shout');

socket.on('authenticated', ({ expiresAt, expiresIn }) => console.log(expiresAt, expiresIn));
socket.on('unauthorized', ({ data }, disconnect) => {
  if (!data.retryable) disconnect();
});
socket.on('token_expiring', ({ expiresIn }) => console.log(expiresIn));
socket.on('said', (name) => console.log(name.trim()));
socket.on('connect_error', (error) => {
  if (!isUnauthorizedError(error)) return;
  const refusal: Refusal = error;
  console.log(refusal.data.code.trim(), refusal.data.retryAfter);
});

export async function logIn(): Promise<number | null> {
  const auth = authenticate(socket, { token: async () => 'x' });
  auth.on('unauthorized', (error) => console.log(error.code.trim(), error instanceof UnauthorizedError));
  // @ts-expect-error -- no such event
  auth.on('explode', () => undefined);
  const { expiresAt } = await auth.ready;
  const state: 'pending' | 'authenticated' | 'unauthorized' | 'closed' = auth.state;
  console.log(state);
  await auth.logout();
  auth.close();
  return expiresAt;
}

// @ts-expect-error -- a token, or a function that finds it, is required
authenticate(socket, {});
