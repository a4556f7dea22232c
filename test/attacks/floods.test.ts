import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { unharmedWorld } from '../support/fresh-world';
import { RawClient } from '../support/raw-client';
import { show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { World } from '../support/world';

for (const transport of ['websocket', 'polling'] as const) {
  describe(`a flood of packets over ${transport}`, () => {
    let auth: Authorizer;
    let raw: RawClient;
    let verified: number;

    afterEach(() => raw.close());

    const { world, told } = unharmedWorld();

    beforeEach(async () => {
      verified = 0;
      raw = await RawClient.open(world.url, transport);
    });

    function guard(options: Partial<AuthorizeOptions> = {}): void {
      auth = world.authorize({ validate: () => void (verified += 1), ...options });
      auth.attach(world.io);
    }

    /** Sees to it that the server has dealt with everything, and still serves. */
    async function stillServes(): Promise<void> {
      const client = world.client('/', { auth: { token: createToken({ sub: 'other' }) } });
      await client.until('authenticated');
      const socket = world.io.of('/').sockets.get(String(client.socket.id));
      const gone = new Promise<unknown>((resolve) => {
        socket?.once('disconnect', resolve);
      });
      client.socket.disconnect();
      await gone;
    }

    const sockets = (): number => world.io.of('/').sockets.size;

    // Over WebSocket the packets need not come in one chunk: Socket.IO closes a connection that joins a namespace again.
    for (const count of transport === 'polling' ? [50, 1000] : []) {
      const packets = (shown?: object): string[] =>
        Array.from({ length: count }, () => RawClient.connect(shown));

      it(`of ${count} CONNECT packets makes one socket, the newest, which works`, async () => {
        guard();
        raw.send(...packets());
        for (let index = 0; index < count; index += 1) await raw.next('CONNECT');
        expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
        const sids = raw.inbox.all('CONNECT').map(([data]) => (data as { sid: string }).sid);
        expect([...world.io.of('/').sockets.keys()]).to.deep.equal([sids.at(-1)]);
        raw.send(RawClient.event('authenticate', { token: createToken() }));
        expect(await raw.next('EVENT')).to.include('authenticated');
        expect(raw.isOpen).to.equal(true);
        expect(raw.inbox.all('DISCONNECT')).to.deep.equal([]);
      });

      it(`of ${count} CONNECT packets with a good token makes one session`, async () => {
        guard();
        raw.send(...packets({ token: createToken() }));
        expect(await raw.next('EVENT')).to.include('authenticated');
        expect(auth.stats()).to.include({ pending: 0, authenticated: 1, verified: 1 });
        expect(sockets()).to.equal(1);
      });

      it(`of ${count} CONNECT packets at the handshake is verified once, and makes one socket`, async () => {
        guard({ handshake: true });
        raw.send(...packets({ token: createToken() }));
        expect(await raw.next('EVENT')).to.include('authenticated');
        expect(raw.inbox.all('CONNECT')).to.have.length(1);
        expect(raw.inbox.all('CONNECT_ERROR')).to.deep.equal([]);
        expect(verified).to.equal(1);
        expect(sockets()).to.equal(1);
        const { _preConnectSockets } = world.io.of('/') as unknown as {
          _preConnectSockets?: Map<string, unknown>;
        };
        expect(_preConnectSockets?.size ?? 0).to.equal(0);
      });
    }

    it('of 1000 CONNECT packets, split into any chunks, makes only one socket', async () => {
      guard();
      raw.send(...Array.from({ length: 1000 }, () => RawClient.connect({ token: createToken() })));
      await Promise.race([raw.next('EVENT'), raw.next('close')]);
      await stillServes();
      expect(sockets()).to.be.at.most(1);
      expect(auth.stats()).to.include({ pending: 0 });
    });

    it('of CONNECT packets at the handshake has one token verified at a time, however slow the verification is', async () => {
      let running = 0;
      let most = 0;
      let open = (): void => undefined;
      const wait = new Promise<void>((resolve) => {
        open = resolve;
      });
      guard({
        handshake: true,
        validate: async () => {
          running += 1;
          most = Math.max(most, running);
          await wait;
          running -= 1;
        },
      });
      world.io.of('/open');
      raw.send(
        ...Array.from({ length: 50 }, () => RawClient.connect({ token: createToken() })),
        RawClient.connect(undefined, '/open'),
      );
      // The last packet is answered, so the server has read all.
      await raw.next('CONNECT');
      // At most 16 of the others are reported.
      for (let count = 0; count < 16; count += 1) await told.take('unauthorized');
      expect(new Set(told.codes)).to.deep.equal(new Set(['authentication_in_progress']));
      open();
      expect(await raw.next('CONNECT')).to.have.property('sid');
      expect(most).to.equal(1);
      expect(sockets()).to.equal(1);
      expect(raw.inbox.all('CONNECT_ERROR')).to.deep.equal([]);
    });

    it('of CONNECT packets with bad tokens, one after the other, ends after maxAttempts', async () => {
      guard({ handshake: true, maxAttempts: 3 });
      for (let attempt = 0; attempt < 3; attempt += 1) {
        raw.send(RawClient.connect({ token: 'none' }));
        expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'invalid_token');
      }
      expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'too_many_attempts');
      await raw.inbox.take('close');
      expect(told.codes).to.deep.equal([
        'invalid_token',
        'invalid_token',
        'invalid_token',
        'too_many_attempts',
      ]);
    });

    it('of joining and leaving is ended by the timeout', async () => {
      guard({ timeout: 150 });
      const over = raw.inbox.take('close');
      while (raw.isOpen) {
        raw.send(RawClient.connect());
        await Promise.race([raw.next('CONNECT'), over]);
        raw.send('1');
        await new Promise((resolve) => {
          setTimeout(resolve, 5);
        });
      }
      await stillServes();
      expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
    });

    it('from a client that leaves and does not return is also ended by the timeout', async () => {
      guard({ timeout: 50 });
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      raw.send('1');
      await raw.inbox.take('close');
    });

    it('of events before the login gets a bounded number of answers', async () => {
      guard();
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      raw.send(...Array.from({ length: 500 }, (_, index) => RawClient.event(`news ${index}`)));
      raw.send(RawClient.event('authenticate', { token: createToken() }));
      for (;;) {
        const [event] = (await raw.next('EVENT')) as [string];
        if (event === 'authenticated') break;
      }
      expect(raw.inbox.all('EVENT')).to.have.length(17);
      expect(told.all('unauthorized')).to.have.length(16);
      expect(auth.stats()).to.include({ refused: 0 });
    });

    it('of tokens while one is being verified has no other token verified', async () => {
      let open = (): void => undefined;
      guard({
        validate: () => {
          verified += 1;
          return new Promise<void>((resolve) => {
            open = resolve;
          });
        },
      });
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      raw.send(
        ...Array.from({ length: 200 }, () => RawClient.event('authenticate', { token: createToken() })),
      );
      for (let index = 0; index < 16; index += 1) await raw.next('EVENT');
      expect(verified).to.equal(1);
      open();
      expect(await told.take('authenticated')).to.have.length(1);
    });
  });
}

describe('a client that connects twice by mistake', () => {
  for (const handshake of [false, true]) {
    it(`can still log in, handshake: ${handshake}`, async () => {
      const world = await new World().listen();
      try {
        const auth = world.authorize({ handshake });
        auth.attach(world.io.of('/x'));
        const first = world.client('/y');
        // `manager.socket()` connects already.
        const socket = first.socket.io.socket('/x', { auth: { token: createToken() } });
        socket.connect();
        const events: string[] = [];
        socket.onAny((event: string) => events.push(event));
        await new Promise<void>((resolve) => {
          socket.on('authenticated', () => resolve());
        });
        world.io.of('/x').emit('news');
        await new Promise<void>((resolve) => {
          socket.on('news', () => resolve());
        });
        expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
      } finally {
        await world.close();
      }
    });
  }

  it("leaves nothing in Socket.IO's own maps, after 300 hostile connections", async () => {
    const world = await new World().listen();
    const auth = world.authorize({ maxAttempts: 2 });
    auth.attach(world.io);
    try {
      const raws = await Promise.all(
        Array.from({ length: 300 }, () => RawClient.open(world.url, 'websocket')),
      );
      for (const [index, raw] of raws.entries()) {
        raw.send(RawClient.connect(index % 3 === 0 ? { token: 'none' } : {}));
        raw.send(RawClient.event('authenticate', { token: 'none' }), RawClient.event('news'), '1');
      }
      for (const raw of raws) raw.close();
      const client = await world.connected();
      expect(await show(client, createToken())).to.include({ ok: true });
      const namespace = world.io.of('/');
      while (namespace.sockets.size > 1) await new Promise(setImmediate);
      expect(auth.stats()).to.include({ pending: 0, authenticated: 1 });
      expect(namespace.adapter.sids.size).to.equal(1);
      expect(namespace.adapter.rooms.size).to.equal(1);
    } finally {
      await world.close();
    }
  });
});
