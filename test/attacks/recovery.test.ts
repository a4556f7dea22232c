import { expect } from 'chai';
import type { ServerOptions } from 'socket.io';
import type { AnyNamespace, AnySocket, Authorizer, JwtClaims } from '../../lib';
import { needs } from '../support/debian';
import { RawClient } from '../support/raw-client';
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
import { refusal, refusedAtConnect, settled, show } from '../support/refusals';
import { SlowCheck } from '../support/slow-check';
import { createToken, tokenEndingIn } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { World } from '../support/world';
import type { ClientOptions, TestClient, TestOptions } from '../support/world';

const now = (): number => Math.floor(Date.now() / 1000);
const ALICE = { sub: 'alice', iss: 'one' };
const modes = [
  { handshake: false, skipMiddlewares: true },
  { handshake: false, skipMiddlewares: false },
  { handshake: true, skipMiddlewares: true },
  { handshake: true, skipMiddlewares: false },
] as const;
const places = ['memory', 'redis-streams'] as const;
const nameOf = ({ handshake, skipMiddlewares }: (typeof modes)[number]): string =>
  `${handshake ? 'handshake' : 'event'} mode, skipMiddlewares: ${skipMiddlewares}`;

/** Tokens that log somebody else in. */
const others: [what: string, token: () => string][] = [
  ['the token of another user', () => createToken({ sub: 'bob', iss: 'one' })],
  ['a token of the same name by another issuer', () => createToken({ sub: 'alice', iss: 'two' })],
  ['a token of the same name without an issuer', () => createToken({ sub: 'alice' })],
  ['a token that names nobody', () => createToken({ iss: 'one', role: 'guest' })],
  ['a token whose name differs in its case', () => createToken({ sub: 'Alice', iss: 'one' })],
];

/** What logs nobody in. */
const bad: [what: string, token: () => unknown][] = [
  ['garbage', () => 'garbage'],
  ['a token of Alice that has expired', () => tokenEndingIn(-5_000, ALICE)],
  ['a token of Alice that was revoked', () => createToken({ ...ALICE, jti: 'revoked' })],
  ['a token of Alice that is not active yet', () => createToken(ALICE, { notBefore: 600 })],
  [
    'a token of Alice that somebody else has signed',
    () => createToken(ALICE, {}, 'another secret, just as long'),
  ],
  ['a token of Alice that nobody has signed', () => createToken(ALICE, { algorithm: 'none' })],
  ['a token of Alice that is too long', () => createToken({ ...ALICE, pad: 'x'.repeat(10_000) })],
  ['a number', () => 7],
  ['an object', () => ({ token: createToken(ALICE) })],
];

for (const place of places) {
  describe(`recovery under attack, in ${place}`, () => {
    let redis: RedisServer | undefined;
    let world: World;
    let auth: Authorizer;
    let unharmed: Unharmed;
    /** The claims of all who logged in, in order. */
    let logins: (JwtClaims | undefined)[];

    before(async function () {
      if (place === 'memory') return;
      needs(this, 'redis-server');
      redis = await RedisServer.start();
    });

    beforeEach(() => {
      unharmed = new Unharmed();
      logins = [];
    });

    afterEach(async () => {
      await subscribed(world);
      await world.close();
      unharmed.close();
    });

    after(() => redis?.close());

    async function guard(
      options: TestOptions,
      recovery?: Partial<ServerOptions['connectionStateRecovery']>,
      prepare?: (namespace: AnyNamespace) => void,
    ): Promise<void> {
      world = await new World(await recoveryIn(redis, recovery)).listen();
      prepare?.(world.io.of('/'));
      auth = world.authorize(options);
      auth.attach(world.io).on('authenticated', (socket: AnySocket) => {
        logins.push(claimsOf(socket));
        if (logins.length === 1) void socket.join('club');
      });
    }

    /** Alice is in her club; her connection drops, and she misses something. */
    async function aliceDrops(
      token = createToken({ ...ALICE, jti: 'first' }),
    ): Promise<RecoveryId & { id: string }> {
      const client = world.client('/', { auth: { token } });
      await client.until('authenticated');
      await giveOffset(client, world.io);
      const id = String(client.socket.id);
      const recoveryId = recoveryIdOf(client);
      await cutOff(client, world);
      world.io.emit('missed', 'by all');
      world.io.to('club').emit('missed', 'by the club');
      return { ...recoveryId, id };
    }

    function serverSide(client: TestClient): AnySocket {
      return world.io.of('/').sockets.get(String(client.socket.id)) as AnySocket;
    }

    /** The client is on a new socket, which has nothing that Alice's had. */
    async function expectFresh(client: TestClient, wire: string[], id: string): Promise<void> {
      expect(client.socket.recovered).to.equal(false);
      expect(client.socket.id).to.not.equal(id);
      const socket = serverSide(client);
      expect(socket.recovered).to.equal(false);
      expect([...socket.rooms]).to.not.include('club');
      world.io.to('club').to(id).emit('later');
      socket.emit('marker');
      await client.until('marker');
      expect(secrets(wire)).to.deep.equal([]);
      expect([...world.io.of('/').sockets.keys()]).to.deep.equal([client.socket.id]);
    }

    for (const mode of modes) {
      describe(nameOf(mode), () => {
        const { handshake, skipMiddlewares } = mode;
        // Where sessions are kept does not change what a token is worth.
        const some = place === 'memory' ? Infinity : 2;

        for (const [what, token] of others.slice(0, some)) {
          it(`${what} together with Alice's recovery id logs in on a new socket, and gets nothing of Alice's`, async () => {
            await guard({ handshake }, { skipMiddlewares });
            const { id, ...recoveryId } = await aliceDrops();
            const client = returning(world, recoveryId, { auth: { token: token() } });
            const wire = wireOf(client);
            await client.until('authenticated');
            expect(logins).to.have.length(2);
            expect(`${logins[1]?.sub} of ${logins[1]?.iss}`).to.not.equal('alice of one');
            await expectFresh(client, wire, id);
          });
        }

        for (const [what, token] of bad.slice(0, some)) {
          it(`${what} together with Alice's recovery id restores nothing, and logs nobody in`, async () => {
            await guard({ handshake }, { skipMiddlewares });
            await auth.revoke({ jti: 'revoked' });
            const { id, ...recoveryId } = await aliceDrops();
            const client = returning(world, recoveryId, { auth: { token: token() } });
            const wire = wireOf(client);
            expect(await (handshake ? refusedAtConnect(client) : refusal(client))).to.include({
              code: 'invalid_token',
            });
            expect(logins).to.have.length(1);
            expect(auth.stats()).to.include({ authenticated: 0, pending: handshake ? 0 : 1 });
            if (handshake) expect(secrets(wire)).to.deep.equal([]);
            else await expectFresh(client, wire, id);
          });
        }

        it('a fresh token of the same user logs in, but does not restore a revoked session', async () => {
          await guard({ handshake }, { skipMiddlewares });
          const { id, ...recoveryId } = await aliceDrops(createToken({ ...ALICE, iat: now() - 100 }));
          await auth.revoke({ sub: 'alice', issuedBefore: now() - 50 });
          const client = returning(world, recoveryId, { auth: { token: createToken(ALICE) } });
          const wire = wireOf(client);
          await client.until('authenticated');
          await expectFresh(client, wire, id);
        });

        it('a fresh token of the same user logs in, but does not restore an expired session', async () => {
          await guard({ handshake }, { skipMiddlewares });
          const time = world.stopTime();
          const { id, ...recoveryId } = await aliceDrops(tokenEndingIn(400, ALICE));
          time.pass(401);
          const client = returning(world, recoveryId, { auth: { token: createToken(ALICE) } });
          const wire = wireOf(client);
          await client.until('authenticated');
          await expectFresh(client, wire, id);
        });

        it("a session that is revoked while the returning client's token is being verified is not restored", async () => {
          const slow = new SlowCheck();
          slow.isSlow = false;
          await guard({ handshake, validate: slow.check }, { skipMiddlewares });
          const { id, ...recoveryId } = await aliceDrops(createToken({ ...ALICE, jti: 'first' }));
          slow.isSlow = true;
          const client = returning(world, recoveryId, {
            auth: { token: createToken({ ...ALICE, jti: 'second' }) },
          });
          const wire = wireOf(client);
          await slow.untilAsked(2);
          await auth.revoke({ jti: 'first' });
          slow.open();
          await client.until('authenticated');
          await expectFresh(client, wire, id);
        });

        it('a token that is revoked while it is being verified restores nothing', async () => {
          const slow = new SlowCheck();
          slow.isSlow = false;
          await guard({ handshake, validate: slow.check }, { skipMiddlewares });
          const { id, ...recoveryId } = await aliceDrops();
          slow.isSlow = true;
          const client = returning(world, recoveryId, {
            auth: { token: createToken({ ...ALICE, jti: 'second' }) },
          });
          const wire = wireOf(client);
          await slow.untilAsked(2);
          await auth.revoke({ jti: 'second' });
          slow.open();
          expect(await (handshake ? refusedAtConnect(client) : refusal(client))).to.include({
            reason: 'revoked',
          });
          if (handshake) expect(secrets(wire)).to.deep.equal([]);
          else await expectFresh(client, wire, id);
        });

        it('a client that disconnects while its token is being verified leaves nothing in memory', async () => {
          const slow = new SlowCheck();
          slow.isSlow = false;
          await guard({ handshake, validate: slow.check }, { skipMiddlewares });
          const { id: _, ...recoveryId } = await aliceDrops();
          slow.isSlow = true;
          const client = returning(world, recoveryId, {
            auth: { token: createToken({ ...ALICE, jti: 'second' }) },
          });
          await slow.untilAsked(2);
          client.socket.io.engine.close();
          while (world.io.engine.clientsCount > 0) await new Promise(setImmediate);
          slow.open();
          // Another client, so that whatever was to come of the first one has come.
          const other = world.client('/', { auth: { token: createToken({ sub: 'bob' }) } });
          await other.until('authenticated');
          const { adapter, sockets } = world.io.of('/');
          expect([...sockets.keys()]).to.deep.equal([other.socket.id]);
          expect([...adapter.sids.keys()]).to.deep.equal([other.socket.id]);
          expect([...adapter.rooms.keys()]).to.have.members([other.socket.id]);
          expect(auth.stats()).to.include({ authenticated: 1, pending: 0 });
          expect(logins.map((claims) => claims?.sub)).to.deep.equal(['alice', 'bob']);
        });

        it('of many clients that send one recovery id at the same time, with a good token, only one is restored', async () => {
          const slow = new SlowCheck();
          slow.isSlow = false;
          await guard({ handshake, validate: slow.check }, { skipMiddlewares });
          const { id, ...recoveryId } = await aliceDrops();
          slow.isSlow = true;
          const token = createToken({ ...ALICE, jti: 'second' });
          const clients = [1, 2, 3].map(() => returning(world, recoveryId, { auth: { token } }));
          await slow.untilAsked(4);
          slow.open();
          await Promise.all(clients.map((client) => client.until('authenticated')));
          expect(clients.filter(({ socket }) => socket.id === id)).to.have.length(1);
          expect(clients.filter(({ socket }) => socket.recovered)).to.have.length(1);
          expect(auth.stats()).to.include({ authenticated: 3, pending: 0 });
        });
      });
    }

    const inRequest: [where: string, options: (token: string) => ClientOptions, more?: TestOptions][] = [
      ['the bearer header', (token) => ({ extraHeaders: { authorization: `Bearer ${token}` } })],
      ['the query', (token) => ({ query: { token } })],
      ['the cookie', (token) => ({ extraHeaders: { cookie: `theme=dark; jwt=${token}` } })],
      [
        'the bearer header, where nothing else counts',
        (token) => ({
          auth: { token: createToken(ALICE) },
          extraHeaders: { authorization: `Bearer ${token}` },
        }),
        { auth_header_required: true },
      ],
    ];
    for (const [where, options, more] of inRequest) {
      for (const skipMiddlewares of [true, false]) {
        describe(`handshake mode, a token in ${where}, skipMiddlewares: ${skipMiddlewares}`, () => {
          beforeEach(() => guard({ handshake: true, cookie: 'jwt', ...more }, { skipMiddlewares }));

          /** Alice logs in with her header too, where only that counts. */
          async function aliceDropsHere(): Promise<RecoveryId & { id: string }> {
            const token = createToken({ ...ALICE, jti: 'first' });
            const client = world.client('/', options(token));
            await client.until('authenticated');
            await giveOffset(client, world.io);
            const recoveryId = recoveryIdOf(client);
            const id = String(client.socket.id);
            await cutOff(client, world);
            world.io.to('club').emit('missed');
            return { ...recoveryId, id };
          }

          it("of another user logs in on a new socket, and gets nothing of Alice's", async () => {
            const { id, ...recoveryId } = await aliceDropsHere();
            const client = returning(world, recoveryId, options(createToken({ sub: 'bob' })));
            const wire = wireOf(client);
            await client.until('authenticated');
            expect(logins[1]).to.include({ sub: 'bob' });
            await expectFresh(client, wire, id);
          });

          it('that is bad restores nothing, and logs nobody in', async () => {
            const { id: _, ...recoveryId } = await aliceDropsHere();
            const client = returning(world, recoveryId, options('garbage'));
            const wire = wireOf(client);
            expect(await refusedAtConnect(client)).to.include({ code: 'invalid_token' });
            expect(secrets(wire)).to.deep.equal([]);
            expect(logins).to.have.length(1);
          });

          it("of the same user restores Alice's session", async () => {
            const { id, ...recoveryId } = await aliceDropsHere();
            const client = returning(world, recoveryId, options(createToken({ ...ALICE, jti: 'second' })));
            const wire = wireOf(client);
            await client.until('authenticated');
            expect(client.socket).to.include({ recovered: true, id });
            expect(secrets(wire)).to.have.length(1);
          });
        });
      }
    }

    it("event mode, another user's token in the HTTP request: the socket never belongs to two users", async () => {
      await guard({ cookie: 'jwt' });
      const { id, ...recoveryId } = await aliceDrops();
      const cookie = `jwt=${createToken({ sub: 'bob' })}`;
      const client = returning(world, recoveryId, { extraHeaders: { cookie } });
      const wire = wireOf(client);
      await client.until('connect');
      // A first `authenticate` without a token reads the request.
      await client.socket.emitWithAck('authenticate');
      const isAlice = client.socket.id === id;
      expect(logins.slice(1).map((claims) => claims?.sub)).to.deep.equal([isAlice ? 'alice' : 'bob']);
      if (!isAlice) expect(secrets(wire)).to.deep.equal([]);
    });

    describe('a recovery id that is used in another place', () => {
      /** A session of Alice in a namespace, of which she missed something; the server has other namespaces too. */
      async function aliceDropsIn(name: string): Promise<RecoveryId & { id: string }> {
        const client = world.client(name, { auth: { token: createToken(ALICE) } });
        await client.until('authenticated');
        await giveOffset(client, world.io.of(name));
        const known = { ...recoveryIdOf(client), id: String(client.socket.id) };
        await cutOff(client, world, name);
        world.io.of(name).emit('missed');
        world.io.of('/other').emit('missed');
        return known;
      }

      /** Alice's recovery id of the main namespace brings nothing in `/other`. */
      async function expectNothingInOther(): Promise<void> {
        const { id, ...recoveryId } = await aliceDropsIn('/');
        const client = returning(world, recoveryId, {}, '/other');
        const wire = wireOf(client);
        await client.until('connect');
        expect(client.socket.recovered).to.equal(false);
        expect(client.socket.id).to.not.equal(id);
        expect(secrets(wire)).to.deep.equal([]);
      }

      it('restores nothing in the namespace of another authorizer, for which Alice has no token', async () => {
        await guard({});
        const administrators = world.authorize({ secret: 'the secret of the administrators, long enough' });
        administrators.attach(world.io.of('/other'));
        await expectNothingInOther();
        expect(administrators.stats()).to.include({ authenticated: 0, pending: 1 });
      });

      it('restores nothing in another namespace of the same authorizer, which has other rooms', async () => {
        await guard({});
        auth.attach(world.io.of('/other'));
        await expectNothingInOther();
        expect(auth.stats()).to.include({ authenticated: 0, pending: 1 });
      });

      for (const where of ['/plain', '/'] as const) {
        it(`restores nothing from what a client got the application to write into socket.data, ${where === '/' ? 'here' : 'in an unguarded namespace'}`, async () => {
          // What the library keeps for Alice, as the adapter is given it.
          const kept: unknown[] = [];
          await guard({}, {}, ({ adapter }) => {
            const { persistSession } = adapter;
            adapter.persistSession = (session) => {
              kept.push((session as unknown as { data: unknown }).data);
              persistSession.call(adapter, session);
            };
          });
          const witness = world.client('/', { auth: { token: createToken(ALICE) } });
          await witness.until('authenticated');
          await giveOffset(witness, world.io);
          await cutOff(witness, world);
          expect(kept).to.have.length(1);
          const stolen = JSON.stringify([serverData(), ...kept]);
          const forged = JSON.parse(stolen.replaceAll('alice', 'admin')) as object[];
          // An application that takes a profile from the client, as it is.
          world.io.of(where).on('connection', (socket) => {
            socket.on('profile', (profile: object, reply: () => void) => {
              socket.data = profile;
              reply();
            });
          });
          for (const profile of forged) {
            const eve = world.client(
              where,
              where === '/' ? { auth: { token: createToken({ sub: 'eve' }) } } : {},
            );
            await eve.until(where === '/' ? 'authenticated' : 'connect');
            await eve.socket.emitWithAck('profile', profile);
            await giveOffset(eve, world.io.of(where));
            const recoveryId = recoveryIdOf(eve);
            await cutOff(eve, world, where);
            const client = returning(world, recoveryId);
            await client.until('connect');
            expect(client.socket.recovered).to.equal(where === '/');
            await client.socket.emitWithAck('authenticate', { token: 'garbage' });
            const { sub } = claimsOf(serverSide(client)) ?? {};
            expect(sub).to.equal(where === '/' ? 'eve' : undefined);
            client.socket.disconnect();
          }
        });
      }

      /** What `socket.data` of a logged-in socket shows: another shape that a forger would try. */
      function serverData(): object {
        return { auth: { claims: { sub: 'alice', iss: 'one' }, expiresAt: null } };
      }

      for (const order of ['after Bob', 'with Bob', 'before Bob'] as const) {
        it(`gives no connection two users under scope: 'connection': Alice's id comes ${order}'s token`, async () => {
          await guard({ scope: 'connection' });
          auth.attach(world.io.of('/other'));
          const { id: _, ...recoveryId } = await aliceDropsIn('/other');
          const [bob, alice] = [
            RawClient.connect({ token: createToken({ sub: 'bob' }) }),
            RawClient.connect(recoveryId, '/other'),
          ];
          const raw = await RawClient.open(world.url, 'polling');
          const packets = order === 'before Bob' ? [alice, bob] : [bob, alice];
          if (order === 'with Bob') raw.send(...packets);
          for (const packet of order === 'with Bob' ? [] : packets) {
            raw.send(packet);
            await raw.next('CONNECT');
          }
          if (order === 'with Bob') for (let count = 0; count < 2; count += 1) await raw.next('CONNECT');
          // Answered when both are settled; what they have come to is the same user.
          raw.send('21["authenticate",{"token":"garbage"}]');
          await raw.next('ACK');
          const users = ['/', '/other'].flatMap((name) =>
            Array.from(world.io.of(name).sockets.values(), (socket) => claimsOf(socket)?.sub),
          );
          expect(new Set(users).size, users.join(' and ')).to.equal(1);
          if (users[0] !== 'alice')
            expect(secrets(raw.inbox.all('EVENT').map((event) => JSON.stringify(event)))).to.deep.equal([]);
          raw.close();
        });
      }
    });

    it('tokens that are verified for a recovery count for maxPending: past it, a client that returns connects as any other', async () => {
      const slow = new SlowCheck();
      slow.isSlow = false;
      await guard({ validate: slow.check, maxPending: 1 });
      const { id: _, ...first } = await aliceDrops();
      const { id: __, ...second } = await aliceDrops(createToken({ ...ALICE, jti: 'second' }));
      slow.isSlow = true;
      const asked = slow.asked;
      const one = returning(world, first, { auth: { token: createToken({ ...ALICE, jti: 'third' }) } });
      await slow.untilAsked(asked + 1);
      const other = returning(world, second, { auth: { token: createToken({ ...ALICE, jti: 'fourth' }) } });
      // Not held up by the verification: it waits in the namespace, or is turned away.
      await other.until('connect');
      expect(other.socket.recovered).to.equal(false);
      slow.open();
      await one.until('authenticated');
      expect(one.socket.recovered).to.equal(true);
    });

    it('a recovery id without a token restores the session once, however many clients use it at the same time', async () => {
      await guard({});
      const { id, ...recoveryId } = await aliceDrops();
      const clients = [1, 2, 3].map(() => returning(world, recoveryId));
      await Promise.all(clients.map((client) => client.until('connect')));
      expect(clients.filter(({ socket }) => socket.id === id)).to.have.length(1);
      expect(logins).to.have.length(2);
      expect(auth.stats()).to.include({ authenticated: 1, pending: 2 });
    });

    for (const handshake of [false, true]) {
      describe(`a burst of CONNECT packets with one recovery id, handshake: ${handshake}`, () => {
        let slow: SlowCheck;

        beforeEach(async () => {
          slow = new SlowCheck();
          slow.isSlow = false;
          await guard({ handshake, validate: slow.check });
          world.io.of('/open');
        });

        /** What 50 packets in one chunk cost; `finish` comes once the server has taken them all in. */
        async function burst(auths: readonly object[]): Promise<number> {
          slow.isSlow = true;
          const before = slow.asked;
          slow.most = 0;
          const raw = await RawClient.open(world.url, 'polling');
          raw.send(...auths.map((one) => RawClient.connect(one)), RawClient.connect(undefined, '/open'));
          await slow.untilAsked(before + 1);
          // From another connection, since the answer to the last packet may overtake those that wait for Redis.
          await settledElsewhere();
          expect(slow.most).to.equal(1);
          slow.open();
          await Promise.race([raw.next('EVENT'), raw.next('CONNECT_ERROR'), raw.next('close')]);
          await settledElsewhere();
          raw.close();
          return slow.asked - before;
        }

        async function settledElsewhere(): Promise<void> {
          await world.connected('/open');
          await redis?.connected();
          await new Promise(setImmediate);
        }

        // As at any login: one is verified, and at most one waits for its end.
        it('costs as many verifications as one with the token alone', async () => {
          const { id: _, ...recoveryId } = await aliceDrops();
          const token = createToken({ ...ALICE, jti: 'second' });
          const login = await burst(Array.from({ length: 50 }, () => ({ token })));
          const recovery = await burst(Array.from({ length: 50 }, () => ({ ...recoveryId, token })));
          expect(login).to.be.at.least(1);
          // And the one that waits behind it.
          expect(recovery).to.be.at.most(login + 1);
          expect(auth.stats()).to.include({ pending: 0 });
        });

        it('with fifty tokens of other users costs as many verifications as without the id', async () => {
          const { id: _, ...recoveryId } = await aliceDrops();
          const tokens = (name: string): { token: string }[] =>
            Array.from({ length: 50 }, (_one, index) => ({
              token: createToken({ sub: `${name} ${index}` }),
            }));
          const login = await burst(tokens('bob'));
          const recovery = await burst(tokens('eve').map((one) => Object.assign(one, recoveryId)));
          expect(recovery).to.be.at.most(login + 1);
          expect(logins.map((claims) => claims?.sub)).to.not.include.members(['eve 0', 'eve 1']);
        });
      });
    }

    it('refused tokens together with a recovery id count towards maxAttempts', async () => {
      let verified = 0;
      await guard({
        handshake: true,
        maxAttempts: 3,
        validate: () => {
          verified += 1;
          if (verified > 1) throw new Error('not you');
        },
      });
      const { id: _, ...recoveryId } = await aliceDrops();
      const raw = await RawClient.open(world.url, 'websocket');
      const answers = (): number => raw.inbox.events.filter((event) => event.startsWith('CONNECT')).length;
      for (let attempt = 0; attempt < 10 && raw.isOpen; attempt += 1) {
        raw.send(RawClient.connect({ ...recoveryId, token: createToken(ALICE) }));
        while (raw.isOpen && answers() <= attempt) await new Promise(setImmediate);
      }
      expect(raw.inbox.all('CONNECT')).to.deep.equal([]);
      expect(verified - 1).to.be.at.most(3);
      raw.close();
    });

    const changes: [what: string, change: () => unknown][] = [
      ['is revoked', () => auth.revoke({ jti: 'first' })],
      ['expires', () => world.stopTime().pass(31_000)],
    ];
    for (const [what, change] of changes) {
      it(`is not restored, and misses stay missed, if it ${what} while the store is asked about it`, async () => {
        const slow = new SlowCheck();
        slow.isSlow = false;
        const isRevoked = (): Promise<boolean> => slow.check().then(() => false);
        const revocation = { add: () => undefined, isRevoked };
        await guard({ revocation, timeout: 600_000 }, {}, () => void world.stopTime());
        const { id, ...recoveryId } = await aliceDrops(tokenEndingIn(30_000, { ...ALICE, jti: 'first' }));
        slow.isSlow = true;
        const client = returning(world, recoveryId);
        const wire = wireOf(client);
        await slow.untilAsked(2);
        await change();
        slow.open();
        await client.until('connect');
        await expectFresh(client, wire, id);
      });
    }

    describe('an old offset', () => {
      /** Says something to everybody who may hear it now; comes back when they have. */
      async function say(witness: TestClient, text: string): Promise<void> {
        world.io.emit('said', text);
        await witness.until('said');
      }

      async function witnessed(): Promise<TestClient> {
        const witness = world.client('/', { auth: { token: createToken({ sub: 'witness' }) } });
        await witness.until('authenticated');
        return witness;
      }

      /** A pending client that has an offset: what is sent to its id reaches it. */
      async function pendingWithOffset(): Promise<TestClient> {
        const client = await world.connected();
        serverSide(client).emit('offset');
        await client.until('offset');
        return client;
      }

      /** Comes back with an offset; gives what the wire brought of what was said. */
      async function saidTo(recoveryId: RecoveryId, options: ClientOptions = {}): Promise<string[]> {
        const client = returning(world, recoveryId, options);
        const wire = wireOf(client);
        await client.until('connect');
        const said = (): string[] => wire.flatMap((packet) => /"said","([^"]*)"/.exec(packet)?.[1] ?? []);
        serverSide(client).emit('marker');
        await client.until('marker');
        // Who is restored hears what was missed; who is not hears nothing.
        expect(said().includes('missed')).to.equal(client.socket.recovered);
        return said();
      }

      for (const token of [undefined, createToken({ sub: 'alice' })]) {
        const how = token === undefined ? 'without a token' : 'with a token';
        it(`brings no message that was sent while the client was pending, ${how}`, async () => {
          await guard({});
          const witness = await witnessed();
          const client = await pendingWithOffset();
          const old = recoveryIdOf(client);
          await say(witness, 'secret');
          await show(client, createToken({ sub: 'alice' }));
          await say(witness, 'public');
          await client.until('said');
          await cutOff(client, world);
          await say(witness, 'missed');
          expect(await saidTo(old, token === undefined ? {} : { auth: { token } })).to.not.include('secret');
        });
      }

      it('brings no message that was sent to the previous user, or while nobody was logged in', async () => {
        await guard({});
        const witness = await witnessed();
        const client = await pendingWithOffset();
        await show(client, createToken({ sub: 'alice' }));
        await say(witness, 'to alice and others');
        await client.until('said');
        const old = recoveryIdOf(client);
        await say(witness, 'more to alice');
        await client.until('said');
        await settled(client);
        await say(witness, 'secret');
        await show(client, createToken({ sub: 'bob' }));
        await say(witness, 'to bob and others');
        await client.until('said');
        await cutOff(client, world);
        await say(witness, 'missed');
        expect(await saidTo(old))
          .to.not.include.members(['secret'])
          .and.not.include.members(['more to alice']);
      });

      it('brings nothing that was said to a former user, whom a renewal has replaced', async () => {
        await guard({ sameSubject: false });
        const witness = await witnessed();
        const client = await pendingWithOffset();
        const old = recoveryIdOf(client);
        await show(client, createToken({ sub: 'alice' }));
        await say(witness, 'secret');
        await client.until('said');
        await show(client, createToken({ sub: 'bob' }));
        await say(witness, 'to bob and others');
        await client.until('said');
        await cutOff(client, world);
        await say(witness, 'missed');
        expect(await saidTo(old)).to.not.include('secret');
      });

      it('of another client brings no messages either', async () => {
        await guard({});
        const witness = await witnessed();
        await giveOffset(witness, world.io);
        const { offset } = recoveryIdOf(witness);
        await say(witness, 'secret');
        const client = await pendingWithOffset();
        await show(client, createToken({ sub: 'alice' }));
        const { pid } = recoveryIdOf(client);
        await cutOff(client, world);
        await say(witness, 'missed');
        expect(await saidTo({ pid, offset })).to.not.include('secret');
      });

      it('brings no message that was sent between two logins of one user', async () => {
        await guard({});
        const witness = await witnessed();
        const client = await pendingWithOffset();
        await show(client, createToken({ sub: 'alice' }));
        await giveOffset(client, world.io);
        const old = recoveryIdOf(client);
        await settled(client);
        await say(witness, 'secret');
        await show(client, createToken({ sub: 'alice' }));
        await cutOff(client, world);
        await say(witness, 'missed');
        expect(await saidTo(old)).to.not.include('secret');
      });

      it('brings no message that was sent before the login, even after a second drop', async () => {
        await guard({});
        const witness = await witnessed();
        const client = await pendingWithOffset();
        const old = recoveryIdOf(client);
        await say(witness, 'secret');
        await show(client, createToken({ sub: 'alice' }));
        await giveOffset(client, world.io);
        const { pid, offset } = recoveryIdOf(client);
        await cutOff(client, world);
        const second = returning(world, { pid, offset });
        await second.until('authenticated');
        await cutOff(second, world);
        await say(witness, 'missed');
        expect(await saidTo(old)).to.not.include('secret');
      });

      it('from before a renewal brings all messages since: a renewal is no login', async () => {
        await guard({});
        const witness = await witnessed();
        const client = await pendingWithOffset();
        await show(client, createToken({ sub: 'alice' }));
        await giveOffset(client, world.io);
        const old = recoveryIdOf(client);
        await say(witness, 'between');
        await client.until('said');
        await show(client, createToken({ sub: 'alice', jti: 'second' }));
        await cutOff(client, world);
        await say(witness, 'missed');
        expect(await saidTo(old)).to.deep.equal(['between', 'missed']);
      });

      if (place === 'memory') {
        it('brings no message that was sent in the same tick before the login', async () => {
          let text = 'to the witness';
          await guard({ validate: () => void world.io.emit('said', text) });
          const witness = await witnessed();
          const client = await pendingWithOffset();
          const old = recoveryIdOf(client);
          text = 'secret';
          await show(client, createToken({ sub: 'alice' }));
          await witness.until('said');
          await cutOff(client, world);
          await say(witness, 'missed');
          expect(await saidTo(old)).to.not.include('secret');
        });
      }

      it('that no client was ever given restores nothing', async () => {
        await guard({});
        const { id, pid } = await aliceDrops();
        for (const offset of ['0-0', '0', '', '-', '+', '__proto__', '9999999999999-0']) {
          const client = returning(world, { pid, offset });
          const wire = wireOf(client);
          await client.until('connect');
          expect(client.socket.id).to.not.equal(id);
          expect(secrets(wire)).to.deep.equal([]);
        }
      });
    });

    describe('the private id of recovery', () => {
      const shown = (value: unknown): string => JSON.stringify(value, (_key, one: unknown) => one ?? null);

      for (const mode of modes) {
        it(`of a restored socket is not visible to other nodes, ${nameOf(mode)}`, async () => {
          await guard({ handshake: mode.handshake }, { skipMiddlewares: mode.skipMiddlewares });
          const handshakes: string[] = [];
          world.io.on('connection', ({ handshake }) => handshakes.push(shown(handshake)));
          const { id, ...recoveryId } = await aliceDrops();
          const client = returning(world, recoveryId, { auth: { token: createToken(ALICE), theme: 'dark' } });
          await client.until('authenticated');
          expect(client.socket.id).to.equal(id);
          const [remote] = await world.io.fetchSockets();
          expect(shown(remote?.handshake)).to.not.include(recoveryId.pid);
          expect(shown(remote?.handshake)).to.include('dark');
          expect(shown(serverSide(client).handshake)).to.not.include(recoveryId.pid);
          expect(handshakes.at(-1)).to.not.include(recoveryId.pid);
        });
      }

      it('of a client that was not restored is not visible to other nodes: the session may still wait for its owner', async () => {
        await guard({});
        const { id: _, ...recoveryId } = await aliceDrops();
        for (const offset of ['none', recoveryId.offset]) {
          const client = returning(world, { ...recoveryId, offset }, { auth: { token: 'garbage' } });
          await refusal(client);
          const [remote] = await world.io.in(String(client.socket.id)).fetchSockets();
          expect(shown(remote?.handshake)).to.not.include(recoveryId.pid);
        }
      });

      it('still restores a session a second time, after a second drop', async () => {
        await guard({});
        const { id, ...recoveryId } = await aliceDrops();
        const client = returning(world, recoveryId);
        await client.until('authenticated');
        await giveOffset(client, world.io);
        const second = recoveryIdOf(client);
        await cutOff(client, world);
        const again = returning(world, second);
        await again.until('authenticated');
        expect(again.socket).to.include({ recovered: true, id });
      });
    });
  });
}

/** The packets that Alice's club alone may see. */
function secrets(wire: readonly string[]): string[] {
  return wire.filter((packet) => /"(missed|later)"/.test(packet));
}

function claimsOf(socket: AnySocket): JwtClaims | undefined {
  return (socket as unknown as { decoded_token?: JwtClaims }).decoded_token;
}
