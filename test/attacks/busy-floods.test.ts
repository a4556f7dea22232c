import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { countAlive, heldBytes } from '../support/cost';
import { unharmedWorld } from '../support/fresh-world';
import { NamespaceInbox } from '../support/namespace-inbox';
import { RawClient } from '../support/raw-client';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import { until } from '../support/until';

/** Answers and calls of listeners that one verification can cause, besides its outcome. */
const MAX_ANSWERS = 16;
/** Those that waited, or came too many, as often as they are answered; the one that was verified, and the last one. */
const MAX_OVERTAKEN = 2 * MAX_ANSWERS + 2;
const MIB = 2 ** 20;

const authenticate = (token: unknown = createToken()): string => RawClient.event('authenticate', { token });
const logout = RawClient.event('deauthenticate');
/** A good token, nearly as long as a token may be; each is another one. */
const longToken = (index: number): string => createToken({ sub: `user-${index}`, padding: 'x'.repeat(5900) });
const repeated = (count: number, make: (index: number) => string | string[]): string[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat();

/** What a client may say without end while one of its tokens is verified. */
const SHOWN: [what: string, packet: (index: number) => string][] = [
  ['good tokens', () => authenticate()],
  ['no token', () => RawClient.event('authenticate')],
  ['what is no token', () => authenticate(7)],
  ['tokens that are too large', () => authenticate('x'.repeat(9000))],
  ['tokens that ask for an acknowledgement', (index) => `2${index}["authenticate",{"token":"x"}]`],
];

for (const transport of ['websocket', 'polling'] as const) {
  describe(`a flood over ${transport} while a token is being verified`, () => {
    let auth: Authorizer;
    let raw: RawClient;
    let slow: SlowCheck;
    let syncs = 0;

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
      auth = world.authorize({ validate: slow.check, allow: ['sync'], ...options });
      auth.attach(world.io);
      world.io.on('connection', (socket) => socket.on('sync', (reply: () => void) => reply()));
    }

    /** Joins, shows a first token, and waits until it is being verified. */
    async function occupy(): Promise<void> {
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      raw.send(authenticate());
      await until('a token is verified', () => slow.asked > 0);
    }

    /** Waits until the server has dealt with everything that was sent before, and the answers are here. */
    async function synced(): Promise<void> {
      syncs += 1;
      const own = String(900_000 + syncs);
      raw.send(`2${own}["sync"]`);
      await until('the flood is over', () => raw.inbox.all('ACK').some(([, id]) => id === own));
    }

    /** Waits for an event, be it here or still to come. */
    async function heard(event: string): Promise<void> {
      await until(event, () => raw.inbox.all('EVENT').some(([data]) => (data as unknown[])[0] === event));
    }

    const refusals = (): unknown[] =>
      raw.inbox.all('EVENT').filter(([data]) => (data as unknown[])[0] === 'unauthorized');

    for (const [what, packet] of SHOWN) {
      it(`of ${what} is answered 16 times, and the rest is dropped in silence`, async () => {
        guard();
        await occupy();
        raw.send(...repeated(100, packet));
        await synced();
        expect(refusals()).to.have.length(MAX_ANSWERS);
        expect(told.codes).to.deep.equal(
          Array.from({ length: MAX_ANSWERS }, () => 'authentication_in_progress'),
        );
        expect(raw.inbox.all('ACK').length).to.be.at.most(MAX_ANSWERS + 1);
        expect(auth.stats()).to.include({ refused: MAX_ANSWERS });
        slow.answer();
        await heard('authenticated');
        expect(slow.asked).to.equal(1);
        expect(raw.isOpen).to.equal(true);
      });
    }

    it('of tokens during a renewal is also answered 16 times, and the renewal succeeds', async () => {
      guard({ validate: ({ slowly }) => (slowly ? slow.check() : undefined) });
      raw.send(RawClient.connect({ token: createToken() }));
      await heard('authenticated');
      raw.send(authenticate(createToken({ sub: 'bob', slowly: true })));
      await until('a token is verified', () => slow.asked > 0);
      raw.send(...repeated(100, () => authenticate()));
      await synced();
      expect(refusals()).to.have.length(MAX_ANSWERS);
      expect(told.all('unauthorized')).to.have.length(MAX_ANSWERS);
      slow.answer();
      await told.take('reauthenticated');
    });

    it('is answered 16 times during each verification', async () => {
      guard({
        maxAttempts: Infinity,
        secret: () => slow.check().then(() => 'another secret of 32 bytes or more'),
      });
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      for (let turn = 1; turn <= 3; turn += 1) {
        raw.send(authenticate());
        await until('a token is verified', () => slow.asked === turn);
        raw.send(...repeated(100, () => authenticate('x')));
        await synced();
        slow.answer();
        await until(
          'it is refused',
          () => told.codes.filter((code) => code === 'invalid_token').length === turn,
        );
        expect(told.codes).to.have.length(turn * (MAX_ANSWERS + 1));
      }
    });

    it("is answered 16 times in total over all namespaces of one login, under scope: 'connection'", async () => {
      guard({ scope: 'connection' });
      const names = Array.from({ length: 10 }, (_, index) => `/room-${index}`);
      for (const name of names) auth.attach(world.io.of(name));
      const all = names.map((name) => new NamespaceInbox(world.io.of(name)));
      await occupy();
      for (const name of names) raw.send(RawClient.connect(undefined, name));
      for (const _ of names) await raw.next('CONNECT');
      raw.send(...repeated(50, () => names.map((name) => `2${name},["authenticate",{"token":"x"}]`)));
      await synced();
      expect(refusals()).to.have.length(MAX_ANSWERS);
      const calls = all.reduce((sum, { codes }) => sum + codes.length, 0);
      expect(calls).to.equal(MAX_ANSWERS);
    });

    it('of logins and logouts in turn has one token verified and one waiting, and gets a bounded number of answers', async () => {
      guard();
      await occupy();
      raw.send(...repeated(500, () => [logout, authenticate()]));
      await synced();
      expect(slow).to.include({ asked: 1, most: 1 });
      expect(refusals().length).to.be.at.most(MAX_OVERTAKEN);
      expect(told.codes.length).to.be.at.most(MAX_OVERTAKEN);
      expect(raw.traffic.received).to.be.below(raw.traffic.sent);
      await until('the last one is in', () => {
        slow.answer();
        return auth.stats().authenticated === 1;
      });
      expect(slow).to.include({ asked: 2, most: 1 });
      expect(told.codes.length).to.be.at.most(MAX_OVERTAKEN);
    });

    it('of logins and logouts in turn with acknowledgements has every logout acknowledged', async () => {
      guard();
      await occupy();
      raw.send(...repeated(200, (index) => [`2${index}["deauthenticate"]`, authenticate('x')]));
      await synced();
      const acknowledged = raw.inbox.all('ACK').filter(([data]) => JSON.stringify(data) === '[{"ok":true}]');
      expect(acknowledged).to.have.length(200);
      expect(refusals().length).to.be.at.most(MAX_OVERTAKEN);
    });

    it('of logins and logouts in turn makes the server hold only the token that waits', async () => {
      guard();
      await occupy();
      const before = await heldBytes();
      // As long as a token may be, and each another one.
      for (let turn = 0; turn < 10; turn += 1) {
        raw.send(...repeated(80, (index) => [logout, authenticate(longToken(index))]));
        await synced();
      }
      // 6.4 MB were sent.
      expect((await heldBytes()) - before).to.be.below(1.5 * MIB);
      expect(slow.asked).to.equal(1);
    });

    it('that leaves and joins again, with a token each time, makes the server hold only the token that waits', async () => {
      guard({ required: false });
      const refs: WeakRef<object>[] = [];
      world.io.on('connection', (socket) => refs.push(new WeakRef(socket)));
      world.io.of('/open');
      raw.send(RawClient.connect(undefined, '/open'));
      await raw.next('CONNECT');
      const before = await heldBytes();
      for (let turn = 0; turn < 200; turn += 1) {
        raw.send(RawClient.connect({ token: longToken(turn) }));
        await raw.next('CONNECT');
        raw.send('1');
        await until('the socket is gone', () => world.io.of('/').sockets.size === 0);
      }
      expect((await heldBytes()) - before).to.be.below(MIB);
      expect(await countAlive(refs)).to.be.at.most(4);
    });

    it('leaves nothing in memory once the transport has closed and the verification has ended', async () => {
      guard();
      const refs: WeakRef<object>[] = [];
      world.io.on('connection', (socket) => refs.push(new WeakRef(socket)));
      await occupy();
      raw.send(...repeated(50, () => [logout, authenticate()]));
      await synced();
      raw.close();
      await until('the socket is gone', () => world.io.of('/').sockets.size === 0);
      const codes = told.codes.length;
      expect(auth.stats()).to.include({ pending: 0, authenticated: 0 });
      slow.answer();
      await new Promise(setImmediate);
      expect(slow).to.include({ asked: 1 });
      expect(told.codes).to.have.length(codes);
      told.clear();
      expect(await countAlive(refs)).to.equal(0);
    });
  });
}
