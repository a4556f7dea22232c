import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { unharmedWorld } from '../support/fresh-world';
import { RawClient } from '../support/raw-client';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';

for (const transport of ['websocket', 'polling'] as const) {
  describe(`one verification at a time, over ${transport}`, () => {
    let auth: Authorizer;
    let raw: RawClient;
    let slow: SlowCheck;

    afterEach(() => {
      slow.answer();
      raw.close();
    });

    const { world, told } = unharmedWorld();

    beforeEach(async () => {
      slow = new SlowCheck();
      raw = await RawClient.open(world.url, transport);
    });

    function guard(options: Partial<AuthorizeOptions> = {}): void {
      auth = world.authorize(options);
      auth.attach(world.io);
    }

    const authenticate = (token: unknown = createToken()): string =>
      RawClient.event('authenticate', { token });
    const logout = RawClient.event('deauthenticate');

    it('applies to a client that logs out in between', async () => {
      guard({ validate: slow.check });
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      raw.send(...Array.from({ length: 100 }, () => [authenticate(), logout]).flat());
      raw.send('21["deauthenticate"]', authenticate());
      await raw.next('ACK');
      // What was overtaken by a logout is answered without being verified; the last one waits for the first.
      while (auth.stats().authenticated === 0) {
        slow.answer();
        await new Promise(setImmediate);
      }
      expect(slow).to.include({ most: 1, asked: 2 });
      const answers = new Set(['not_authenticated', 'authentication_in_progress']);
      expect(told.codes.filter((code) => !answers.has(code))).to.deep.equal([]);
    });

    it('applies to a client that leaves the namespace and returns', async () => {
      guard({ validate: slow.check, required: false });
      for (let times = 0; times < 10; times += 1) {
        raw.send(RawClient.connect({ token: createToken() }));
        await raw.next('CONNECT');
        raw.send('1');
        // Socket.IO closes a connection that joins a namespace before it has seen that it was left.
        while (world.io.of('/').sockets.size > 0) await new Promise(setImmediate);
      }
      raw.send(RawClient.connect({ token: createToken() }));
      while (auth.stats().authenticated === 0) {
        slow.answer();
        await new Promise(setImmediate);
      }
      expect(slow).to.include({ most: 1, asked: 2 });
    });

    it('applies to a client that renews, leaves and returns, which is accepted in the end', async () => {
      guard({ validate: ({ slowly }) => (slowly ? slow.check() : undefined) });
      raw.send(RawClient.connect({ token: createToken() }));
      expect(await raw.next('EVENT')).to.include('authenticated');
      raw.send(authenticate(createToken({ sub: 'bob', slowly: true })));
      while (slow.asked === 0) await new Promise(setImmediate);
      raw.send('1');
      while (auth.stats().authenticated > 0) await new Promise(setImmediate);
      raw.send(RawClient.connect({ token: createToken({ sub: 'bob', slowly: true }) }));
      await raw.inbox.take('CONNECT');
      await raw.inbox.take('CONNECT');
      raw.send('21["deauthenticate"]', authenticate(createToken({ sub: 'bob', slowly: true })));
      await raw.next('ACK');
      expect(slow).to.include({ most: 1, asked: 1 });
      while (auth.stats().authenticated === 0) {
        slow.answer();
        await new Promise(setImmediate);
      }
      expect(slow).to.include({ most: 1, asked: 2 });
    });

    it('counts a token that is refused after a logout towards maxAttempts', async () => {
      guard({ maxAttempts: 3, secret: () => slow.check().then(() => 'another secret, of 32 bytes or more') });
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        raw.send(authenticate());
        while (slow.asked < attempt) await new Promise(setImmediate);
        raw.send(logout);
        raw.send(RawClient.event('news'));
        while (told.codes.filter((code) => code === 'not_authenticated').length < 2 * attempt - 1)
          await told.take('unauthorized');
        slow.answer();
        while (told.codes.filter((code) => code === 'not_authenticated').length < 2 * attempt)
          await told.take('unauthorized');
      }
      await raw.next('close');
      expect(told.codes.at(-1)).to.equal('too_many_attempts');
    });

    for (const hook of ['fail', 'success'] as const) {
      it(`applies at the handshake while a ${hook} hook is running`, async () => {
        const hooks: (() => void)[] = [];
        guard({
          handshake: true,
          maxAttempts: 2,
          [hook]: (...args: unknown[]) => {
            hooks.push(() => (args.at(-1) as (error: null, accept: boolean) => void)(null, false));
          },
        });
        const token = hook === 'fail' ? 'none' : createToken();
        raw.send(RawClient.connect({ token }));
        while (hooks.length < 1) await new Promise(setImmediate);
        // No more than 16 are reported.
        for (let times = 0; times < 16; times += 1) {
          raw.send(RawClient.connect({ token }));
          const dupe = (): boolean =>
            told.codes.filter((code) => code === 'authentication_in_progress').length > times;
          while (!dupe() && hooks.length === 1) await new Promise(setImmediate);
        }
        expect(hooks).to.have.length(1);
        hooks[0]?.();
        await raw.next('CONNECT_ERROR');
      });
    }

    it('applies at the handshake of a full server, which closes the connection', async () => {
      guard({ handshake: true, maxPending: 0, validate: slow.check });
      raw.send(RawClient.connect({ token: createToken() }));
      expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'server_busy');
      raw.send(...Array.from({ length: 20 }, () => RawClient.connect({ token: createToken() })));
      await raw.next('close');
      expect(slow.most).to.be.at.most(1);
    });

    it('applies at the handshake of a full server, on a connection that another namespace keeps open', async () => {
      guard({ handshake: true, maxPending: 0, validate: slow.check });
      world.io.of('/open');
      raw.send(RawClient.connect(undefined, '/open'));
      await raw.next('CONNECT');
      for (let times = 0; times < 5; times += 1) {
        raw.send(RawClient.connect({ token: createToken() }));
        expect(await raw.next('CONNECT_ERROR')).to.have.nested.property('data.code', 'server_busy');
      }
      expect(slow).to.include({ most: 1, asked: 1 });
      expect(raw.isOpen).to.equal(true);
    });
  });
}
