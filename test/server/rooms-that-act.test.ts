import { expect } from 'chai';
import type { AnySocket, Authorizer } from '../../lib';
import { unharmedWorld } from '../support/fresh-world';
import { createToken } from '../support/tokens';
import { until } from '../support/until';
import type { ClientOptions, TestClient, TestOptions } from '../support/world';

/** What the option `rooms` may do to the socket that it is asked about, instead of only naming rooms. */
const ENDS: [what: string, act: (socket: AnySocket, auth: Authorizer) => unknown][] = [
  ['disconnects it', (socket) => socket.disconnect()],
  ['disconnects its client', (socket) => socket.disconnect(true)],
  ['closes its connection', (socket) => socket.conn.close()],
  ['disconnects all sockets of the namespace', (socket) => socket.nsp.disconnectSockets()],
  ['logs it out', (socket, auth) => auth.deauthenticate(socket)],
  ['revokes its user', (_socket, auth) => auth.revoke({ sub: 'bob' })],
];

describe('the option rooms, if it', () => {
  const { world, told } = unharmedWorld();
  let auth: Authorizer;
  /** What it does when it is asked next. */
  let act: ((socket: AnySocket, auth: Authorizer) => unknown) | undefined;

  function guard(options: TestOptions = {}): void {
    auth = world.authorize({
      ...options,
      rooms: (_claims, socket) => {
        // In handshake mode it is asked before the socket connects, too: Socket.IO does nothing to it then.
        if (!socket.nsp.sockets.has(socket.id)) return ['room'];
        const once = act;
        act = undefined;
        once?.(socket, auth);
        return ['room'];
      },
    });
    auth.attach(world.io);
  }

  const token = (jti: string): string => createToken({ sub: 'bob', jti });

  /** The gauges count what is there, and nobody who should be out is in. */
  function expectExact(): void {
    const { pending, authenticated } = auth.stats();
    expect(pending, 'pending').to.be.at.least(0);
    expect(authenticated, 'authenticated').to.equal(0);
    expect(pending).to.equal(world.io.of('/').sockets.size);
    expect([...world.io.of('/').adapter.sids.keys()]).to.deep.equal([]);
    expect(world.io.of('/').adapter.rooms.has('room')).to.equal(false);
  }

  /** All that was to come of what the client sent has come. */
  async function over(client: TestClient): Promise<void> {
    if (client.socket.connected) client.socket.emit('news');
    // On a connection of its own.
    const other = await world.connected('/other');
    other.socket.disconnect();
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  }

  for (const scope of ['namespace', 'connection'] as const) {
    for (const handshake of [false, true]) {
      for (const [what, end] of ENDS) {
        const mode = `${handshake ? 'handshake' : 'event'} mode, scope: ${scope}`;

        it(`${what} at a login, lets nobody in: ${mode}`, async () => {
          guard({ scope, handshake });
          world.io.of('/other');
          act = end;
          const options: ClientOptions = { auth: { token: token('first') } };
          const client = world.client('/', options);
          await until('it was asked', () => act === undefined);
          await over(client);
          await until('the client is out', () => auth.stats().authenticated === 0);
          expectExact();
        });

        it(`${what} at a renewal, ends the session: ${mode}`, async () => {
          guard({ scope, handshake });
          world.io.of('/other');
          const client = world.client('/', { auth: { token: token('first') } });
          await client.until('authenticated');
          act = end;
          client.socket.emit('authenticate', { token: token('second') });
          await until('it was asked', () => act === undefined);
          await over(client);
          await until('the session has ended', () => auth.stats().authenticated === 0);
          expectExact();
          expect(told.all('reauthenticated')).to.deep.equal([]);
        });
      }
    }
  }

  for (const [what, end] of ENDS.slice(0, 5)) {
    it(`${what} when a namespace joins a login of the connection, leaves the others exact`, async () => {
      guard({ scope: 'connection' });
      const beside = world.io.of('/beside');
      auth.attach(beside);
      const client = world.client('/', { auth: { token: token('first') } });
      await client.until('authenticated');
      act = end;
      const late = client.socket.io.socket('/beside');
      late.connect();
      await until('it was asked', () => act === undefined);
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      const sockets = world.io.of('/').sockets.size + beside.sockets.size;
      const { pending, authenticated } = auth.stats();
      expect(pending).to.be.at.least(0);
      expect(pending + authenticated).to.equal(sockets);
      client.socket.disconnect();
      late.disconnect();
      await until('all have left', () => world.io.engine.clientsCount === 0);
      expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
    });
  }
});
