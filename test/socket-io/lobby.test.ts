import { expect } from 'chai';
import type { AnySocket, Authorizer } from '../../lib';
import { lobbyOf } from '../../lib/socket-io/lobby';
import { freshWorld } from '../support/fresh-world';
import { show } from '../support/refusals';
import { createToken } from '../support/tokens';
import type { TestClient } from '../support/world';

describe('a command that disconnects the sockets of rooms', () => {
  const { world } = freshWorld();
  let auth: Authorizer;
  /** In the rooms `all` and `bob`, and logged in. */
  let bob: TestClient;
  /** In the rooms `all` and `guests`, as soon as they have logged in. */
  let guests: TestClient[];

  beforeEach(async () => {
    auth = world.authorize();
    auth.attach(world.io);
    let count = 0;
    world.io.on('connection', (socket) => {
      count += 1;
      void socket.join(['all', count === 1 ? 'bob' : 'guests', `number ${count}`]);
    });
    bob = await world.connected();
    await show(bob, createToken());
    guests = [await world.connected(), await world.connected()];
  });

  const commands: [what: string, give: () => unknown, left: boolean[]][] = [
    ['of all rooms', () => world.io.disconnectSockets(), [false, false, false]],
    [
      'of one that pending sockets will be in',
      () => world.io.in('guests').disconnectSockets(),
      [true, false, false],
    ],
    [
      'of one that one of them will be in',
      () => world.io.in('number 2').disconnectSockets(),
      [true, false, true],
    ],
    ['of another', () => world.io.in('bob').disconnectSockets(), [false, true, true]],
    ['of nobody', () => world.io.in('nobody').disconnectSockets(), [true, true, true]],
    ['of several rooms', () => world.io.in(['nobody', 'number 3']).disconnectSockets(), [true, true, false]],
    ['of all but one', () => world.io.except('guests').disconnectSockets(), [false, true, true]],
    [
      'of one but another',
      () => world.io.in('all').except('number 2').disconnectSockets(),
      [false, true, false],
    ],
  ];
  for (const [what, give, left] of commands) {
    it(`reaches pending sockets as it reaches others: ${what}`, async () => {
      const ids = [bob, ...guests].map(({ socket }) => String(socket.id));
      give();
      await new Promise(setImmediate);
      expect(ids.map((id) => world.io.of('/').sockets.has(id))).to.deep.equal(left);
      expect(auth.stats()).to.include({
        authenticated: Number(left[0]),
        pending: Number(left[1]) + Number(left[2]),
      });
    });
  }
});

describe('the lobby of a namespace', () => {
  const { world } = freshWorld();

  for (const event of ['disconnecting', 'disconnect']) {
    it(`remembers no socket whose session a ${event} listener has ended`, async () => {
      const auth = world.authorize();
      auth.attach(world.io);
      const closed = new Promise<AnySocket>((resolve) => {
        world.io.on('connection', (socket) => {
          socket.on(event, () => {
            auth.deauthenticate(socket);
            process.nextTick(() => resolve(socket));
          });
        });
      });
      const client = await world.connected();
      expect(await show(client, createToken())).to.include({ ok: true });
      client.socket.disconnect();
      expect(lobbyOf(await closed).waiting.size).to.equal(0);
      expect(auth.stats()).to.include({ authenticated: 0, pending: 0 });
    });
  }

  it('keeps a socket that a closed authorizer has put there, when another one takes over', async () => {
    const former = world.authorize();
    former.attach(world.io);
    former.close();
    const auth = world.authorize();
    world.io.on('connection', auth);
    const client = await world.connected();
    world.io.emit('news');
    expect(auth.stats()).to.include({ pending: 1 });
    expect(await show(client, createToken())).to.include({ ok: true });
    expect(client.received('news')).to.deep.equal([]);
    world.io.emit('news');
    await client.until('news');
  });
});
