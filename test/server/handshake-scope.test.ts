import { expect } from 'chai';
import type { Socket } from 'socket.io';
import type { Authorizer, AuthorizedSocket, AuthorizeOptions, JwtClaims } from '../../lib';
import { RawClient } from '../support/raw-client';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import { until } from '../support/until';
import { World } from '../support/world';

const TOKEN = createToken({ sub: 'bob' });

/** Over both: in one chunk, and in as many as there are packets. */
for (const transport of ['polling', 'websocket'] as const) {
  describe(`one login at the handshake for two namespaces, over ${transport}`, () => {
    let world: World;
    let auth: Authorizer;
    let raw: RawClient;
    let verifications: number;

    beforeEach(async () => {
      world = await new World().listen();
      verifications = 0;
      raw = await RawClient.open(world.url, transport);
    });

    afterEach(async () => {
      raw.close();
      await world.close();
    });

    function guard(options: Partial<AuthorizeOptions> = {}): void {
      const validate = (): void => void (verifications += 1);
      auth = world.authorize({ handshake: true, scope: 'connection', validate, ...options });
      auth.attach(world.io);
      auth.attach(world.io.of('/chat'));
    }

    const withToken = RawClient.connect({ token: createToken() });
    const without = RawClient.connect(undefined, '/chat');

    it('is verified once, although the second CONNECT packet has no token and follows the first', async () => {
      guard();
      raw.send(withToken, without);
      for (const type of ['CONNECT', 'CONNECT', 'EVENT', 'EVENT']) await raw.next(type);
      expect(raw.inbox.all('EVENT').map(([data]) => (data as unknown[])[0])).to.deep.equal([
        'authenticated',
        'authenticated',
      ]);
      expect(auth.stats()).to.include({ authenticated: 2, pending: 0, refused: 0 });
      expect(verifications).to.equal(1);
    });

    it('is waited for while it is being verified', async () => {
      let open = (): void => undefined;
      const asked = new Promise<void>((resolve) => {
        const validate = (): Promise<void> =>
          new Promise((done) => {
            verifications += 1;
            open = done;
            resolve();
          });
        guard({ validate });
      });
      raw.send(withToken, without);
      await asked;
      // Once it is answered, the server has seen the packets before it.
      world.io.of('/open');
      raw.send(RawClient.connect(undefined, '/open'));
      await raw.next('CONNECT');
      expect(raw.inbox.events).to.deep.equal(['CONNECT']);
      open();
      for (const type of ['CONNECT', 'CONNECT', 'EVENT', 'EVENT']) await raw.next(type);
      expect(auth.stats()).to.include({ authenticated: 2, pending: 0, refused: 0 });
      expect(verifications).to.equal(1);
    });

    it('applies to a namespace that is joined afterwards', async () => {
      guard();
      raw.send(withToken);
      await raw.next('EVENT');
      raw.send(without);
      expect(await raw.next('EVENT')).to.include('authenticated');
      expect(auth.stats()).to.include({ authenticated: 2, pending: 0, verified: 1 });
      expect(verifications).to.equal(1);
    });

    // Over WebSocket the second packet may come when the first is answered and forgotten.
    if (transport === 'polling') {
      it('that is refused is refused in both', async () => {
        guard();
        raw.send(RawClient.connect({ token: 'none' }), without);
        for (let times = 0; times < 2; times += 1)
          expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'invalid_token');
        expect(auth.stats()).to.include({ authenticated: 0, pending: 0, verified: 0 });
      });
    }

    for (const [what, packet] of [
      ['no token', without],
      ['the same token', RawClient.connect({ token: TOKEN }, '/chat')],
    ] as const) {
      it(`is seen by the middlewares of a namespace that is joined with ${what}`, async () => {
        guard();
        const seen: unknown[] = [];
        world.io.of('/chat').use((socket, next) => {
          seen.push((socket as AuthorizedSocket).decoded_token?.sub);
          next();
        });
        raw.send(RawClient.connect({ token: TOKEN }));
        await raw.next('EVENT');
        raw.send(packet);
        await raw.next('EVENT');
        expect(seen).to.deep.equal(['bob']);
      });
    }

    const ends: Record<string, () => void> = {
      'logs out': () => raw.send(RawClient.event('deauthenticate')),
      'is logged out': () => {
        for (const socket of world.io.sockets.sockets.values()) auth.deauthenticate(socket);
      },
    };
    for (const [what, end] of Object.entries(ends)) {
      it(`is there for the listeners of a namespace whose client ${what} before they run; it is disconnected`, async () => {
        guard();
        const waiting: (() => void)[] = [];
        const seen: unknown[] = [];
        let gone = 0;
        world.io.of('/chat').use((_socket, next) => void waiting.push(next));
        world.io.of('/chat').on('connection', (socket) => {
          seen.push((socket as AuthorizedSocket).decoded_token.sub, socket.connected);
          socket.on('disconnect', () => (gone += 1));
        });
        raw.send(withToken);
        await raw.next('EVENT');
        raw.send(without);
        await until('/chat asks', () => waiting.length > 0);
        end();
        await until('the session is over', () => auth.stats().authenticated === 0);
        waiting[0]?.();
        await until('/chat has connected', () => seen.length > 0);
        expect(seen).to.deep.equal(['bob', false]);
        expect([world.io.of('/chat').sockets.size, gone]).to.deep.equal([0, 0]);
      });
    }

    it('stays open if another user, who was admitted before, connects during its renewal', async () => {
      const slow = new SlowCheck();
      guard({ validate: (claims) => (claims.slowly ? slow.check() : undefined) });
      const waiting: (() => void)[] = [];
      const heard: unknown[] = [];
      world.io.of('/chat').use((_socket, next) => void waiting.push(next));
      world.io.on('connection', (socket) => socket.on('say', (text) => heard.push(text)));
      raw.send(RawClient.connect({ token: createToken({ sub: 'alice' }) }, '/chat'));
      await until('/chat asks', () => waiting.length > 0);
      raw.send(RawClient.connect({ token: TOKEN }));
      await raw.next('EVENT');
      raw.send(RawClient.event('authenticate', { token: createToken({ sub: 'bob', slowly: true }) }));
      await slow.untilAsked();
      waiting[0]?.();
      await until('/chat is refused', () => auth.stats().refused === 1);
      raw.send(RawClient.event('say', 'still bob'));
      await until('bob is heard', () => heard.length > 0);
      slow.answer();
    });

    it('is not that of another user, whose listeners see who they have refused', async () => {
      guard();
      const seen: unknown[] = [];
      world.io.of('/chat').on('connection', (socket) => {
        seen.push((socket as AuthorizedSocket).decoded_token.sub, socket.connected);
      });
      const alice = RawClient.connect({ token: createToken({ sub: 'alice' }) }, '/chat');
      raw.send(RawClient.connect({ token: TOKEN }), alice);
      await until('/chat has connected', () => seen.length > 0);
      expect(seen).to.deep.equal(['alice', false]);
      expect(auth.stats()).to.include({ authenticated: 1, pending: 0, refused: 1 });
    });

    it('may be renewed by a namespace that needs the newer token', async () => {
      const rooms = (claims: JwtClaims, { nsp }: Socket): string[] => {
        if (nsp.name === '/chat' && claims.chat !== true) throw new Error('not yours');
        return [];
      };
      guard({ rooms });
      raw.send(RawClient.connect({ token: TOKEN }));
      await raw.next('EVENT');
      raw.send(RawClient.connect({ token: createToken({ sub: 'bob', chat: true }) }, '/chat'));
      await until('bob is in both', () => auth.stats().authenticated === 2);
      expect(auth.stats()).to.include({ pending: 0, refused: 0 });
    });

    it('is waited for although another namespace is refused meanwhile', async () => {
      const slow = new SlowCheck();
      guard({ validate: slow.check });
      auth.attach(world.io.of('/other'));
      raw.send(withToken);
      await slow.untilAsked();
      raw.send(RawClient.connect({ token: 'none' }, '/other'));
      await raw.next('CONNECT_ERROR');
      await new Promise(setImmediate);
      raw.send(without);
      world.io.of('/open');
      raw.send(RawClient.connect(undefined, '/open'));
      await raw.next('CONNECT');
      slow.open();
      await until('both are in', () => auth.stats().authenticated === 2);
      expect(raw.inbox.all('CONNECT_ERROR')).to.have.length(1);
    });

    it("applies to one namespace under scope: 'namespace'", async () => {
      guard({ scope: 'namespace' });
      raw.send(withToken, without);
      expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'credentials_required');
      await raw.next('EVENT');
      expect(auth.stats()).to.include({ authenticated: 1, pending: 0, verified: 1 });
    });
  });
}
