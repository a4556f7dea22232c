/** The typed setup of docs/api.md: claims and event maps are stated once, and known everywhere. */
import { Server } from 'socket.io';
import { authorize, UnauthorizedError } from 'socketio-authorize';
import type {
  Authorizer,
  AuthorizeServer,
  RefusalCode,
  UnauthorizedCode,
  UnauthorizedData,
} from 'socketio-authorize';
import { UnauthorizedError as ClientError } from 'socketio-authorize/client';

interface MyClaims {
  sub: string;
  name: string;
}
interface ClientEvents {
  message: (text: string, reply: (length: number) => void) => void;
  typing: () => void;
}
interface ServerEvents {
  message: (name: string, text: string) => void;
}

const io: AuthorizeServer<MyClaims, ClientEvents, ServerEvents> = new Server(3000);
const auth: Authorizer = authorize<MyClaims, ClientEvents>({
  secret: 'SECRET_KEY',
  allow: ['typing'],
  permissions: {
    message: (claims, text) => claims.name.trim() !== text.trim(),
    typing: ['chat:write', 'chat:read'],
    '*': false,
  },
});

auth.attach(io).on('authenticated', (socket) => {
  const name: string = socket.decoded_token.name;
  // @ts-expect-error -- not what the tokens carry
  void socket.decoded_token.age;
  socket.on('message', (text, reply) => reply(text.trim().length));
  socket.on('disconnect', (reason) => console.log(reason.trim()));
  // @ts-expect-error -- no such event
  socket.on('massage', () => undefined);
  // @ts-expect-error -- a text, not a number
  socket.on('message', (text: number) => console.log(text));
  socket.emit('message', name, 'hello');
  // @ts-expect-error -- no such event
  socket.emit('massage', name, 'hello');
  // @ts-expect-error -- a text, not a number
  socket.emit('message', name, 5);
  // @ts-expect-error -- a text is missing
  socket.broadcast.emit('message', name);
  socket.to('room').emit('message', name, 'hello');
  const claims: MyClaims | undefined = socket.data.auth?.claims;
  console.log(claims);
});
io.on('reauthenticated', (socket) => socket.emit('message', socket.decoded_token.name, 'again'));
io.on('unauthorized', (socket, error) => console.log(socket.data.auth, error.data.retryable));
io.of('/chat').on('deauthenticated', (socket, reason, claims) => {
  const ended: 'expired' | 'revoked' | 'logout' = reason;
  console.log(socket.id, ended, claims.name.trim());
  // @ts-expect-error -- not what the tokens carry
  void claims.age;
});
io.on('connection', auth);
io.use(auth);
io.on('connection', (socket) => {
  socket.on('typing', () => io.emit('message', 'someone', '…'));
  socket.on('authenticate', (payload) => console.log(payload));
  // @ts-expect-error -- no such event
  socket.on('massage', () => undefined);
  auth.deauthenticate(socket);
});
// @ts-expect-error -- no such event
io.emit('massage', 'a', 'b');

// What else `socket.data` holds, and what nodes send each other.
const wide: AuthorizeServer<
  MyClaims,
  ClientEvents,
  ServerEvents,
  { theme: string },
  { ping: (n: number) => void }
> = new Server();
wide.on('authenticated', (socket) => console.log(socket.data.theme.trim(), socket.data.auth?.claims.name));
wide.serverSideEmit('ping', 1);
// @ts-expect-error -- a number is missing
wide.serverSideEmit('ping');

// Names of events.
authorize<MyClaims, ClientEvents>({
  secret: 'x',
  // @ts-expect-error -- no such event
  permissions: { massage: true },
});
authorize<MyClaims, ClientEvents>({
  secret: 'x',
  // @ts-expect-error -- no such event
  allow: ['massage'],
});
authorize<MyClaims, ClientEvents>({
  verify: () => ({ sub: 'bob', name: 'Bob' }),
  // @ts-expect-error -- no such event
  permissions: { massage: true },
});
authorize<MyClaims, ClientEvents>({
  secret: 'x',
  permissions: {
    // @ts-expect-error -- a text, not a number
    message: (_claims, text: number) => text > 1,
  },
});
authorize<MyClaims, ClientEvents>({
  secret: 'x',
  // @ts-expect-error -- the protocol's own
  permissions: { authenticate: true },
});
// Without an event map, any name goes.
authorize<MyClaims>({
  secret: 'x',
  allow: ['anything'],
  permissions: { anything: (claims, id) => claims.name === id, other: 'scope', '*': true },
});
authorize({
  secret: 'x',
  permissions: { anything: (claims, id) => claims.sub === id, other: ['scope'], '*': true },
});
// The claims are found where the application's functions name them.
authorize({ secret: 'x', validate: (claims: MyClaims) => claims.name !== '' });
authorize({ verify: async (): Promise<MyClaims> => ({ sub: 'bob', name: 'Bob' }), permissions: { a: true } });
// @ts-expect-error -- neither true nor false
authorize({ secret: 'x', permissions: { anything: () => 'yes' } });

// Codes complete: the library's are known, and others may be.
type Known<Code> = Extract<Code, UnauthorizedCode>;
const serverCode: Known<UnauthorizedError['code']> = 'insufficient_scope';
const clientCode: Known<ClientError['code']> = 'insufficient_scope';
const wireCode: Known<UnauthorizedData['code']> = 'insufficient_scope';
const given: Known<ConstructorParameters<typeof UnauthorizedError>[0]> = 'insufficient_scope';
// @ts-expect-error -- not among the library's
const unknown: Known<UnauthorizedError['code']> = 'nonsense';
const own: RefusalCode = 'my_own';
const text: string = new UnauthorizedError(own).code;
console.log(serverCode, clientCode, wireCode, given, unknown, text);
