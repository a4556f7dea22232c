import { expect } from 'chai';
import type { Authorizer } from '../../lib';
import { needs } from '../support/debian';
import {
  cutOff,
  giveOffset,
  recoveryIdOf,
  recoveryIn,
  returning,
  subscribed,
  wireOf,
} from '../support/recovery';
import type { RecoveryId } from '../support/recovery';
import { RedisServer } from '../support/redis';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import type { TestClient } from '../support/world';

/** Alice logs in, and loses her connection; gives what she comes back with, and the id of her socket. */
async function aliceDrops(world: World): Promise<RecoveryId & { id: string }> {
  const client = world.client('/', { auth: { token: createToken({ sub: 'alice' }) } });
  await client.until('authenticated');
  await giveOffset(client, world.io);
  const known = { ...recoveryIdOf(client), id: String(client.socket.id) };
  await cutOff(client, world);
  return known;
}

for (const place of ['memory', 'redis-streams'] as const) {
  describe(`while a slow store is asked about a dropped session, in ${place}`, () => {
    let redis: RedisServer | undefined;
    let world: World;
    let auth: Authorizer;
    let slow: SlowCheck;
    let isRevoked: boolean;
    /** It stays, and tells when a node has broadcast. */
    let bob: TestClient;
    let alice: TestClient;
    let wire: string[];
    let id: string;

    before(async function () {
      if (place === 'memory') return;
      needs(this, 'redis-server');
      redis = await RedisServer.start();
    });

    after(() => redis?.close());

    beforeEach(async () => {
      slow = new SlowCheck();
      slow.isSlow = isRevoked = false;
      world = await new World(await recoveryIn(redis)).listen();
      auth = world.authorize({
        rooms: ({ sub }) => [`of ${sub}`],
        revocation: {
          add: () => undefined,
          isRevoked: async () => {
            await slow.check();
            return isRevoked;
          },
        },
      });
      auth.attach(world.io);
      bob = world.client('/', { auth: { token: createToken({ sub: 'bob' }) } });
      await bob.until('authenticated');
      const recoveryId = await aliceDrops(world);
      id = recoveryId.id;
      await say('missed', 'before');
      slow.isSlow = true;
      const asked = slow.asked;
      alice = returning(world, recoveryId);
      wire = wireOf(alice);
      await slow.untilAsked(asked + 1);
    });

    afterEach(async () => {
      await subscribed(world);
      await world.close();
    });

    /** Broadcasts to all, and waits until that has left. */
    async function say(event: string, text: string): Promise<void> {
      world.io.emit(event, text);
      await bob.until(event);
    }

    it('its client misses nothing: all that is meant for it comes behind what it had missed, in order, once', async () => {
      world.io.to('of alice').emit('missed', 'to the room');
      world.io.to(id).emit('missed', 'to her');
      world.io.to(['of alice', 'of bob']).emit('missed', 'to both rooms');
      world.io.to('of bob').emit('missed', 'to another room');
      world.io.except('of alice').emit('missed', 'to all others');
      world.io.volatile.emit('missed', 'volatile');
      await say('news', 'to all');
      slow.open();
      await alice.until('authenticated');
      await say('marker', 'now');
      await alice.until('marker');
      expect(alice.socket.id).to.equal(id);
      expect(alice.received('missed').map(([text]) => text)).to.deep.equal([
        'before',
        'to the room',
        'to her',
        'to both rooms',
      ]);
      expect(alice.received('news')).to.have.length(1);
      expect(auth.stats()).to.include({ authenticated: 2 });
    });

    it('nothing of it goes to a client that is refused the session', async () => {
      isRevoked = true;
      world.io.to('of alice').emit('missed', 'to the room');
      await say('news', 'to all');
      slow.open();
      await alice.until('connect');
      await say('news', 'to all, later');
      world.io.of('/').sockets.get(String(alice.socket.id))?.emit('marker');
      await alice.until('marker');
      expect(alice.socket.id).to.not.equal(id);
      expect(wire.filter((packet) => /missed|news/.test(packet))).to.deep.equal([]);
    });

    it('another drop is restored as well, with what came in between', async () => {
      slow.open();
      await alice.until('authenticated');
      await giveOffset(alice, world.io);
      await cutOff(alice, world);
      await say('missed', 'in between');
      slow.isSlow = true;
      const asked = slow.asked;
      const again = returning(world, recoveryIdOf(alice));
      await slow.untilAsked(asked + 1);
      await say('missed', 'meanwhile');
      slow.open();
      await again.until('authenticated');
      expect(again.socket.id).to.equal(id);
      expect(again.received('missed').map(([text]) => text)).to.deep.equal(['in between', 'meanwhile']);
    });
  });
}

describe('what is broadcast before the adapter looks for a dropped session', () => {
  it('is sent once, although the adapter has it and the node has seen it', async () => {
    const world = await new World({ connectionStateRecovery: {} }).listen();
    const { adapter } = world.io.of('/') as unknown as {
      adapter: { restoreSession: (...of: string[]) => unknown };
    };
    const restore = adapter.restoreSession.bind(adapter);
    adapter.restoreSession = (...of) => {
      world.io.emit('missed', 'late');
      return restore(...of);
    };
    world.authorize().attach(world.io);
    const id = await aliceDrops(world);
    world.io.emit('missed', 'before');
    const alice = returning(world, id);
    await alice.until('authenticated');
    world.io.emit('marker');
    await alice.until('marker');
    expect(alice.received('missed').map(([text]) => text)).to.deep.equal(['before', 'late']);
    await world.close();
  });
});

describe('a session that is restored twice', () => {
  it('is not of the user who had it restored, once another one has logged in on its socket', async () => {
    const world = await new World({ connectionStateRecovery: {} }).listen();
    world.authorize().attach(world.io);
    const id = await aliceDrops(world);
    world.io.emit('missed', 'first');
    const second = returning(world, id);
    await second.until('authenticated');
    await second.socket.emitWithAck('deauthenticate');
    await second.authenticate(createToken({ sub: 'bob' }));
    await cutOff(second, world);
    world.io.emit('missed', 'second');
    const third = returning(world, id);
    await third.until('authenticated');
    expect(third.socket.recovered).to.equal(true);
    expect(third.received('missed').map(([text]) => text)).to.deep.equal(['second']);
    await world.close();
  });

  for (const scope of ['namespace', 'connection'] as const) {
    it(`keeps its login's place: a client that got nothing of the first time is sent it again, scope: ${scope}`, async () => {
      const world = await new World({ connectionStateRecovery: {} }).listen();
      world.authorize({ scope }).attach(world.io);
      const id = await aliceDrops(world);
      world.io.emit('missed', 'first');
      const second = returning(world, id);
      await second.until('authenticated');
      await cutOff(second, world);
      world.io.emit('missed', 'second');
      const third = returning(world, id);
      await third.until('authenticated');
      expect(third.socket.recovered).to.equal(true);
      expect(third.received('missed').map(([text]) => text)).to.deep.equal(['first', 'second']);
      await world.close();
    });
  }
});
