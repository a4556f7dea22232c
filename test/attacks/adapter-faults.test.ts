/** An adapter, or a listener of one, with an ordinary bug. Room changes of the library run it. */
import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { cutOff, giveOffset, recoveryIdOf, returning } from '../support/recovery';
import { settled } from '../support/refusals';
import { createToken } from '../support/tokens';
import { until } from '../support/until';
import type { TestClient } from '../support/world';

/** Rooms whose changes meet the bug: one that the application joins, one of the option `rooms`. */
const ROOMS: ReadonlySet<unknown> = new Set(['lobby', 'staff']);

/** The ways in which a room change can fail. */
const BUGS = ['an adapter whose listener throws', 'an adapter that rejects'] as const;

for (const bug of BUGS) {
  describe(`with ${bug}`, () => {
    const { world } = freshWorld({ connectionStateRecovery: {} });
    /** What Node would end the process for. */
    let faults: unknown[];
    let warnings: number;
    let hasBug: boolean;
    const onFault = (fault: unknown): void => void faults.push(fault);
    const onWarning = (): void => void (warnings += 1);

    beforeEach(() => {
      faults = [];
      warnings = 0;
      hasBug = true;
      process.on('unhandledRejection', onFault).on('warning', onWarning);
    });

    // Before the world closes, which changes rooms, too.
    afterEach(() => {
      hasBug = false;
      process.off('unhandledRejection', onFault).off('warning', onWarning);
    });

    function attach(options: Partial<AuthorizeOptions> = {}): Authorizer {
      const auth = world.authorize({ rooms: ({ role }) => [role as string, 'users'], ...options });
      auth.attach(world.io);
      if (bug === 'an adapter that rejects') makeReject();
      else addListeners();
      return auth;
    }

    function addListeners(): void {
      for (const event of ['join-room', 'leave-room']) {
        world.io.of('/').adapter.on(event, (room: unknown) => {
          if (hasBug && ROOMS.has(room)) throw new Error('a bug');
        });
      }
    }

    function makeReject(): void {
      const adapter = world.io.of('/').adapter;
      const { addAll, del } = adapter;
      const fail = (): Promise<void> | undefined =>
        hasBug ? Promise.reject(new Error('no connection')) : undefined;
      adapter.addAll = (id, rooms) => {
        void addAll.call(adapter, id, rooms);
        return [...rooms].some((room) => ROOMS.has(room)) ? fail() : undefined;
      };
      adapter.del = (id, room) => {
        void del.call(adapter, id, room);
        return ROOMS.has(room) ? fail() : undefined;
      };
    }

    async function loggedIn(
      auth: Record<string, unknown> = { token: createToken(STAFF) },
    ): Promise<TestClient> {
      const client = world.client('/', { auth });
      await client.until('authenticated');
      return client;
    }

    const STAFF = { sub: 'bob', role: 'staff' };

    it('a login with slow verification still has its outcome, and joins the other rooms', async () => {
      const auth = attach({ validate: () => Promise.resolve() });
      const client = await loggedIn();
      world.io.to('users').emit('news');
      await client.until('news');
      expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
      expect(faults).to.deep.equal([]);
    });

    it('a renewal still leaves the rooms that are gone', async () => {
      attach();
      const client = await loggedIn();
      await client.authenticate(createToken({ sub: 'bob', role: 'user' }));
      world.io.to('staff').emit('secret');
      await settled(client);
      expect(client.received('secret')).to.deep.equal([]);
      expect(faults).to.deep.equal([]);
    });

    it('a logged-out socket hears no broadcast and no room', async () => {
      const auth = attach();
      world.io.on('connection', (socket) => {
        hasBug = false;
        void socket.join('lobby');
        hasBug = true;
      });
      const client = await loggedIn();
      await client.socket.emitWithAck('deauthenticate');
      world.io.emit('secret');
      world.io.to('users').to('staff').to('lobby').emit('secret');
      await settled(client);
      expect(client.received('secret')).to.deep.equal([]);
      expect(auth.stats()).to.include({ authenticated: 0, pending: 1 });
      expect(faults).to.deep.equal([]);
    });

    it('a revoked session is disconnected, and hears nothing more', async () => {
      const auth = attach();
      const client = await loggedIn();
      await auth.revoke({ sub: 'bob' });
      world.io.to('users').emit('secret');
      await client.until('disconnect');
      expect(client.received('secret')).to.deep.equal([]);
      expect(auth.stats()).to.include({ authenticated: 0, pending: 0 });
      expect(faults).to.deep.equal([]);
    });

    it('a session is restored', async () => {
      const auth = attach();
      const client = await loggedIn();
      await giveOffset(client, world.io);
      const id = recoveryIdOf(client);
      // Socket.IO leaves the rooms then, and the exception is the process's.
      hasBug = false;
      await cutOff(client, world);
      hasBug = true;
      const back = returning(world, id);
      await back.until('authenticated');
      expect(back.socket.recovered).to.equal(true);
      expect(auth.stats()).to.include({ authenticated: 1 });
      expect(faults).to.deep.equal([]);
    });

    it('the application is warned', async () => {
      attach();
      await loggedIn();
      await until('a warning', () => warnings > 0);
    });
  });
}
