/** Socket.IO 4.0 knows the types of events between server and client, and neither of namespaces nor of `socket.data`. */
import { Server } from 'socket.io';
import { authorize } from 'socketio-authorize';
import type {
  AuthorizeClientToServerEvents,
  AuthorizedSocket,
  AuthorizeServerToClientEvents,
} from 'socketio-authorize';

interface MyClaims {
  name: string;
}

type ClientEvents = AuthorizeClientToServerEvents & { say: (text: string) => void };
type ServerEvents = AuthorizeServerToClientEvents & { said: (name: string) => void };

const io = new Server<ClientEvents, ServerEvents>();
const auth = authorize<MyClaims>({
  secret: 'SECRET_KEY',
  validate: (claims, socket) => {
    const name: string = claims.name;
    // @ts-expect-error -- not what the tokens carry
    void claims.age;
    // @ts-expect-error -- Socket.IO's own types are as they were
    void socket.decoded_token;
    console.log(name, socket.id);
  },
});
io.on('connection', auth);
io.of('/chat').use(auth);
auth.attach(io);
auth.attach(io.of('/chat'));
export const nameOf = (socket: AuthorizedSocket<MyClaims>): string => socket.decoded_token.name;

// @ts-expect-error -- no such option
authorize({ secret: 'x', requird: true });
