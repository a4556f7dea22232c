import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import type { AuthorizedSocket } from '../../lib';
import { authorize } from '../../lib';
import { StoppedTime } from '../support/stopped-time';
import { createToken, SECRET } from '../support/tokens';
import { TestClient } from '../support/world';

describe('the oldest and the newest Socket.IO 4', () => {
  let time: StoppedTime;
  let ends: (() => void)[];

  beforeEach(() => {
    time = new StoppedTime();
    ends = [() => time.resume()];
  });

  // Also of a test that hangs.
  afterEach(() => {
    for (const end of ends.toReversed()) end();
  });

  for (const name of ['socket.io-4-0', 'socket.io']) {
    for (const handshake of [false, true]) {
      it(`guard and log in, ${name}, handshake: ${handshake}`, async () => {
        // oxlint-disable-next-line typescript/no-require-imports -- one of two versions, which TypeScript cannot know
        const { Server: Version } = require(name) as { Server: typeof Server };
        const http = createServer();
        const io = new Version(http);
        const options = { secret: SECRET, onExpired: 'deauthenticate', timeout: 600, holdEvents: 0 } as const;
        const auth = authorize({ ...options, handshake });
        ends.push(
          () => http.closeAllConnections(),
          () => void io.close(),
          () => auth.close(),
        );
        const names: unknown[] = [];
        auth
          .attach(io)
          .on('authenticated', (socket: AuthorizedSocket) => names.push(socket.decoded_token.name));
        io.on('connection', (socket) => {
          void socket.join('room');
          socket.on('say', (text: string) => io.to('room').emit('said', text));
        });
        await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
        const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
        const token = createToken({ name: 'Bob', exp: Date.now() / 1000 + 0.8 });
        const way = { transports: ['websocket'], forceNew: true, reconnection: false };
        const client = new TestClient(connect(url, { ...way, ...(handshake && { auth: { token } }) }));
        ends.push(() => client.socket.disconnect());
        await client.until('connect');
        if (!handshake) {
          io.emit('said', 'too early');
          client.socket.emit('say', 'too early');
          await client.until('unauthorized');
          client.socket.emit('authenticate', { token });
        }
        await client.until('authenticated');
        client.socket.emit('say', 'hello');
        expect(await client.until('said')).to.deep.equal(['hello']);
        expect(names).to.deep.equal(['Bob']);
        time.pass(700);
        await client.until('token_expiring');
        time.pass(101);
        await client.until('unauthorized');
        io.to('room').emit('said', 'too late');
        time.pass(600);
        await client.until('disconnect');
        expect(client.received('said')).to.have.length(1);
        expect(auth.stats()).to.include({ pending: 0, authenticated: 0, expired: 1, timedOut: 1 });
        expect(io.of('/').adapter.sids.size).to.equal(0);
      });
    }
  }
});
