import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { authorize } from '../../lib';
import type { AuthorizeNamespaceEvents, AuthorizeSocketData } from '../../lib';
import { authenticate } from '../../lib/client';
import type {
  AuthenticateOptions,
  AuthenticateReply,
  AuthorizeClientToServerEvents,
  AuthorizeServerToClientEvents,
} from '../../lib/client';
import { SECRET } from '../support/tokens';
import { endlessToken } from './kit';

interface ServerEvents {
  news: (text: string) => void;
}
interface ClientEvents {
  chat: (text: string, reply: (length: number) => void) => void;
}
type ToServer = ClientEvents & AuthorizeClientToServerEvents;
type ToClient = ServerEvents & AuthorizeServerToClientEvents;

describe("the events' types, joined to an application's own", () => {
  it('can be used on the server and on the client', async () => {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const io: Server<ToServer, ToClient, AuthorizeNamespaceEvents, AuthorizeSocketData> = new Server(http);
    io.on('connection', (socket) => {
      socket.on('chat', (text, reply) => reply(text.length));
    });
    const auth = authorize({ secret: SECRET });
    auth.attach(io);
    const socket: Socket<ToClient, ToServer> = connect(url, {
      forceNew: true,
      transports: ['websocket'],
    });
    const login = authenticate(socket, { token: () => endlessToken() });
    socket.on('authenticated', ({ expiresIn }) => expiresIn satisfies number | null);
    socket.on('unauthorized', ({ data }) => data.code satisfies string);
    await login.ready;
    const reply = await new Promise<AuthenticateReply>((resolve) => {
      socket.emit('authenticate', { token: endlessToken() }, resolve);
    });
    expect(reply.ok).to.equal(true);
    expect(await socket.emitWithAck('chat', 'four')).to.equal(4);

    // @ts-expect-error not an event of either
    socket.emit('nonsense');
    // @ts-expect-error not what the server reads
    socket.emit('authenticate', { jwt: endlessToken() });
    // @ts-expect-error there is no such event
    login.on('nonsense', () => {});
    const other = connect(url, { autoConnect: false });
    // What may be given, each closed at once.
    for (const options of [
      { token: ({ forceRefresh }) => (forceRefresh ? endlessToken() : null), timeout: undefined },
      { token: async () => null },
      { refresh: () => fetch(url) },
      { refresh: () => undefined, token: undefined, timeout: 1_000 },
    ] satisfies AuthenticateOptions[]) {
      authenticate(other, options)
        .on('dropped', (error) => error.data.event satisfies string | undefined)
        .close();
    }
    // @ts-expect-error only one of the two
    expect(() => authenticate(other, { token: endlessToken(), refresh: () => undefined })).to.throw(
      TypeError,
    );
    // @ts-expect-error one of the two
    expect(() => authenticate(other, {})).to.throw(TypeError);
    // @ts-expect-error a token is a string
    expect(() => authenticate(connect(url, { autoConnect: false }), { token: 1 })).not.to.throw();

    login.close();
    socket.disconnect();
    auth.close();
    await io.close();
  });
});
