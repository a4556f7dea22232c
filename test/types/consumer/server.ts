/** An application's server, as a strict project writes it. */
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { authorize, UnauthorizedError } from 'socketio-authorize';
import type {
  AuthorizeClientToServerEvents,
  AuthorizedSocket,
  Authorizer,
  AuthorizeNamespaceEvents,
  AuthorizerStats,
  AuthorizeServerToClientEvents,
  AuthorizeSocketData,
} from 'socketio-authorize';

export interface MyClaims {
  sub: string;
  name: string;
}

interface SocketData extends AuthorizeSocketData<MyClaims> {
  theme: string;
}

type ClientEvents = AuthorizeClientToServerEvents & { say: (text: string) => void };
type ServerEvents = AuthorizeServerToClientEvents & { said: (name: string) => void };

// Everything by default, as in JavaScript.
const plain = new Server();
plain.sockets
  .on('connection', authorize({ secret: 'SECRET_KEY', timeout: 15000 }))
  .on('authenticated', (socket) => {
    // oxlint-disable-next-line typescript/no-unsafe-member-access -- a server without event maps knows no types
    console.log(`Hello! ${socket.decoded_token.name}`);
  });
plain.use(authorize({ secret: 'SECRET_KEY', handshake: true }));
plain.of(/^\/dynamic-\d+$/).on('connection', authorize({ secret: 'SECRET_KEY' }));

// Everything typed.
const io = new Server<ClientEvents, ServerEvents, AuthorizeNamespaceEvents<MyClaims>, SocketData>();

const auth: Authorizer = authorize<MyClaims>({
  secret: 'SECRET_KEY',
  algorithms: ['HS256'],
  issuer: 'https://example.com',
  validate: async (claims, socket) => {
    const name: string = claims.name;
    const id: string = socket.id;
    // @ts-expect-error -- not what the tokens carry
    void claims.age;
    if (!name) throw new UnauthorizedError('no_name', { message: `${id} has no name` });
  },
  customDecoded: (claims) => {
    // @ts-expect-error -- not what the tokens carry
    void claims.age;
    return claims.name.toUpperCase();
  },
  additional_auth: (decoded, onSuccess, onError) => {
    // @ts-expect-error -- not what the tokens carry
    void decoded.age;
    if (decoded.name) onSuccess();
    else onError('no name', 'no_name');
  },
});

io.on('connection', auth);
io.use(auth);
io.of('/chat').on('connection', auth);
io.of(/^\/dynamic-\d+$/).on('connection', auth);

auth.attach(io).on('authenticated', (socket) => {
  const name: string = socket.decoded_token.name;
  // @ts-expect-error -- not what the tokens carry
  void socket.decoded_token.age;
  socket.emit('said', name);
});
auth.attach(io.of('/chat')).on('unauthorized', (socket, error) => {
  const { code }: { code: string } = error;
  console.log(socket.id, code, error.data.retryable);
});
auth.attach(io.of(/^\/dynamic-\d+$/)).on('deauthenticated', (_socket, reason) => {
  const ended: 'expired' | 'revoked' | 'logout' = reason;
  console.log(ended);
});

io.on('connection', (socket) => {
  const claims: MyClaims | undefined = socket.data.auth?.claims;
  const end: number | null | undefined = socket.data.auth?.expiresAt;
  const theme: string = socket.data.theme;
  // @ts-expect-error -- not what the tokens carry
  void socket.data.auth?.claims.age;
  // @ts-expect-error -- a pending socket has none
  void socket.data.auth.claims;
  // The application's own events and the library's, both known.
  socket.on('say', (text) => socket.emit('said', text.trim()));
  // @ts-expect-error -- neither the application's nor the library's
  socket.on('shout', () => undefined);
  auth.deauthenticate(socket);
  console.log(claims, end, theme);
});

export async function everywhere(): Promise<AuthorizerStats> {
  for (const { data } of await io.fetchSockets()) console.log(data.auth?.claims.name.trim(), data.theme);
  await auth.revoke({ jti: 'one' });
  await auth.revoke({ sub: 'bob', issuedBefore: new Date() });
  await auth.revoke({ sid: 'session', iss: 'https://login.example.com', exp: new Date() });
  const { issuedBefore } = await auth.revoke({ sub: 'bob', grace: 30_000 });
  console.log(issuedBefore.toFixed());
  // @ts-expect-error -- a rule of neither kind
  await auth.revoke({ user: 'bob' });
  auth.close();
  return auth.stats();
}

// What is wrong is told.
// @ts-expect-error -- a secret is required
authorize({});
// @ts-expect-error -- no such option
authorize({ secret: 'x', requird: true });
// @ts-expect-error -- no such policy
authorize({ secret: 'x', onExpired: 'explode' });
// @ts-expect-error -- no such algorithm
authorize({ secret: 'x', algorithms: ['HS1024'] });
// @ts-expect-error -- of the wrong type, among what is handed to jsonwebtoken
authorize({ secret: 'x', issuer: 3 });

// Socket.IO's own types are as they were.
export function untouched(socket: Socket, authorized: AuthorizedSocket<MyClaims>): string {
  // @ts-expect-error -- not on every socket
  void socket.decoded_token;
  // @ts-expect-error -- not on every socket
  void socket.encoded_token;
  return authorized.decoded_token.name;
}
