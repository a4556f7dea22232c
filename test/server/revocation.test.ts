import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions, Revocation, RevocationRule } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { connectError, refusal, settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { Warnings } from '../support/warnings';
import type { TestClient } from '../support/world';

const now = (): number => Math.floor(Date.now() / 1000);
/** In seconds: 2100-01-01. */
const LATER = 4_102_444_800;

describe('revoke', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io);
  }

  it("ends the sessions of a user, and refuses the user's tokens from then on", async () => {
    guard();
    const [bob, eve] = [await world.connected(), await world.connected()];
    const token = createToken({ sub: 'bob' });
    await show(bob, token);
    await show(eve, createToken({ sub: 'eve' }));
    await auth.revoke({ sub: 'bob' });
    expect(await refusal(bob)).to.include({ code: 'invalid_token', reason: 'revoked', retryable: true });
    expect(await bob.until('disconnect')).to.include('io server disconnect');
    expect((await told.take('deauthenticated'))[1]).to.equal('revoked');
    expect((await show(await world.connected(), token)).error).to.include({
      reason: 'revoked',
      retryable: true,
    });
    world.io.emit('still here');
    await eve.until('still here');
    expect(auth.stats()).to.include({ revoked: 1, authenticated: 1 });
  });

  it('ends every live session of a user, however far ahead the clock of the issuer is', async () => {
    guard({ clockTolerance: 5 });
    const iats = [now() - 100, now(), now() + 3, now() + 100];
    const tokens = [
      ...iats.map((iat) => createToken({ sub: 'bob', iat, nbf: now() + 3 })),
      createToken({ sub: 'bob' }, { noTimestamp: true }),
    ];
    const clients = await Promise.all(tokens.map(() => world.connected()));
    for (const [index, client] of clients.entries())
      expect(await show(client, tokens[index])).to.include({ ok: true });
    await auth.revoke({ sub: 'bob' });
    for (const client of clients) expect(await refusal(client)).to.include({ reason: 'revoked' });
    expect(auth.stats()).to.include({ revoked: 5, authenticated: 0 });
  });

  it("resolves with the second from which a token is accepted, so that the caller's user can stay", async () => {
    guard();
    const client = await world.connected();
    await show(client, createToken({ sub: 'bob' }));
    const { issuedBefore } = await auth.revoke({ sub: 'bob' });
    expect(issuedBefore).to.be.within(now(), now() + 1);
    const fresh = createToken({ sub: 'bob', iat: issuedBefore });
    expect(await show(await world.connected(), fresh)).to.include({ ok: true });
    const last = createToken({ sub: 'bob', iat: issuedBefore - 1 });
    expect((await show(await world.connected(), last)).error).to.include({
      reason: 'revoked',
      retryable: true,
    });
    expect(await auth.revoke({ sub: 'bob', issuedBefore: 500 })).to.deep.equal({ issuedBefore: 500 });
    for (const rule of [{ jti: 'one' }, { sid: 'one' }]) expect(await auth.revoke(rule)).to.deep.equal({});
  });

  it('ends the sessions with one sid, finally, and no other of the user', async () => {
    guard();
    const tokens = ['one', 'one', 'two'].map((sid) => createToken({ sub: 'bob', sid }));
    const clients = await Promise.all(tokens.map(() => world.connected()));
    for (const [index, client] of clients.entries()) await show(client, tokens[index]);
    await auth.revoke({ sid: 'one' });
    for (const client of clients.slice(0, 2))
      expect(await refusal(client)).to.include({ reason: 'revoked', retryable: false });
    const fresh = createToken({ sub: 'bob', sid: 'one', iat: now() + 100 });
    expect((await show(await world.connected(), fresh)).error).to.include({
      reason: 'revoked',
      retryable: false,
    });
    expect(auth.stats()).to.include({ revoked: 2, authenticated: 1 });
  });

  for (const name of ['sub', 'sid', 'jti'] as const) {
    it(`with iss ends only the sessions of that issuer, by ${name}`, async () => {
      guard();
      const tokens = ['a', 'b', undefined].map((iss) =>
        createToken({ [name]: 'x', ...(iss !== undefined && { iss }) }),
      );
      const clients = await Promise.all(tokens.map(() => world.connected()));
      for (const [index, client] of clients.entries()) await show(client, tokens[index]);
      await auth.revoke({ [name]: 'x', iss: 'a' } as unknown as Revocation);
      expect(await refusal(clients[0] as TestClient)).to.include({ reason: 'revoked' });
      expect(auth.stats()).to.include({ revoked: 1, authenticated: 2 });
      const answers = [];
      for (const token of tokens) answers.push((await show(await world.connected(), token)).ok);
      expect(answers).to.deep.equal([false, true, true]);
      await auth.revoke({ [name]: 'x' } as unknown as Revocation);
      for (const client of clients.slice(1)) expect(await refusal(client)).to.include({ reason: 'revoked' });
    });
  }

  it('ends every session that one token opened, by its jti, and no other', async () => {
    guard();
    const clients = [await world.connected(), await world.connected(), await world.connected()];
    const tokens = ['one', 'one', 'two'].map((jti) => createToken({ sub: 'bob', jti }));
    for (const [index, client] of clients.entries()) await show(client, tokens[index]);
    await auth.revoke({ jti: 'one' });
    for (const client of clients.slice(0, 2)) expect(await refusal(client)).to.include({ reason: 'revoked' });
    expect(auth.stats()).to.include({ revoked: 2, authenticated: 1 });
    expect((await show(await world.connected(), tokens[0])).error).to.include({ reason: 'revoked' });
    expect(await show(await world.connected(), tokens[2])).to.include({ ok: true });
  });

  it('takes issuedBefore as a Date or as seconds, and spares tokens that were issued then or later', async () => {
    guard();
    const second = now() - 100;
    const tokens = [-1, 0].map((offset) => createToken({ sub: 'bob', iat: second + offset }));
    for (const issuedBefore of [second, new Date(second * 1000)]) {
      await auth.revoke({ sub: 'bob', issuedBefore });
      expect(await show(await world.connected(), tokens[0])).to.include({ ok: false });
      expect(await show(await world.connected(), tokens[1])).to.include({ ok: true });
    }
  });

  it('without issuedBefore refuses tokens up to and including this second, and accepts later ones', async () => {
    guard();
    const former = createToken({ sub: 'bob', iat: now() });
    await auth.revoke({ sub: 'bob' });
    const later = createToken({ sub: 'bob', iat: now() + 2 });
    expect(await show(await world.connected(), former)).to.include({ ok: false });
    expect(await show(await world.connected(), later)).to.include({ ok: true });
  });

  it('identifies the user by userClaim', async () => {
    guard({ userClaim: 'email' });
    const clients = [await world.connected(), await world.connected()];
    const tokens = ['bob', 'eve'].map((name) => createToken({ email: `${name}@example.com`, sub: 'x' }));
    for (const [index, client] of clients.entries()) await show(client, tokens[index]);
    await auth.revoke({ sub: 'x' });
    await auth.revoke({ sub: 'bob@example.com' });
    expect(await refusal(clients[0] as TestClient)).to.include({ reason: 'revoked' });
    expect(auth.stats()).to.include({ revoked: 1, authenticated: 1 });
  });

  it('matches a token without iat, and users that are numbers', async () => {
    guard();
    await auth.revoke({ sub: '7', issuedBefore: 1 });
    const token = createToken({ sub: 7 }, { noTimestamp: true });
    expect((await show(await world.connected(), token)).error).to.include({ reason: 'revoked' });
  });

  it('compares a renewed session by the jti and iat of its last token', async () => {
    guard();
    const client = await world.connected();
    await show(client, createToken({ sub: 'bob', jti: 'one', iat: now() - 100 }));
    await show(client, createToken({ sub: 'bob', jti: 'two', iat: now() - 10 }));
    await auth.revoke({ jti: 'one' });
    await auth.revoke({ sub: 'bob', issuedBefore: now() - 50 });
    world.io.emit('still here');
    await client.until('still here');
    await auth.revoke({ jti: 'two' });
    expect(await refusal(client)).to.include({ reason: 'revoked' });
  });

  it('reaches a token whose verification is under way', async () => {
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      guard({
        revocation: {
          add: () => undefined,
          isRevoked: () => {
            resolve();
            return new Promise((done) => {
              answer = () => done(false);
            });
          },
        },
      });
    });
    const client = await world.connected();
    const reply = show(client, createToken({ sub: 'bob' }));
    await asked;
    await auth.revoke({ sub: 'bob' });
    answer();
    expect((await reply).error).to.include({ reason: 'revoked' });
    expect(told.all('authenticated')).to.deep.equal([]);
  });

  it('applies at the handshake', async () => {
    guard({ handshake: true });
    const token = createToken({ sub: 'bob' });
    await auth.revoke({ sub: 'bob' });
    const data = await connectError(world.client('/', { auth: { token } }));
    expect(data).to.include({ code: 'invalid_token', reason: 'revoked' });
  });

  const bad: unknown[] = [
    undefined,
    null,
    {},
    'bob',
    { sub: '' },
    { sub: {} },
    { jti: 'one', sub: 'bob' },
    { jti: null },
    { jti: 'one', issuedBefore: 1 },
    { sub: 'bob', issuedBefore: 'yesterday' },
    { sub: 'bob', issuedBefore: -1 },
    { sub: 'bob', issuedBefore: Date.now() },
    { sub: 'bob', issuedBefore: new Date(NaN) },
    { sub: 'bob', exp: '1h' },
    { sub: 'bob', until: 1 },
    { jti: 'one', sid: 'one' },
    { sid: '' },
    { sid: 'one', issuedBefore: 1 },
    { sid: 'one', grace: 1 },
    { jti: 'one', grace: 1 },
    { sub: 'bob', iss: '' },
    { sub: 'bob', iss: ['a'] },
    { sub: 'bob', grace: -1 },
    { sub: 'bob', grace: Infinity },
    { sub: 'bob', grace: '30s' },
  ];
  for (const [rule, name] of [
    [{ sub: 'bob', exp: '1h' }, 'exp'],
    [{ sub: 'bob', issuedBefore: 'yesterday' }, 'issuedBefore'],
    [{ sub: 'bob', iss: '' }, 'iss'],
    [{ sub: 'bob', grace: -1 }, 'grace'],
    [{ sid: '' }, 'sid'],
  ] as const) {
    it(`names what is wrong in ${JSON.stringify(rule)}`, async () => {
      guard();
      const fault = await auth.revoke(rule as unknown as Revocation).catch((error: unknown) => error);
      expect(fault)
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .that.includes(`revoke(): ${name} must be`);
    });
  }

  for (const rule of bad) {
    it(`rejects with a TypeError, and ends nothing, for ${JSON.stringify(rule) ?? 'nothing'}`, async () => {
      guard();
      const client = await world.connected();
      await show(client, createToken({ sub: 'bob', jti: 'one' }));
      const fault = await auth.revoke(rule as Revocation).catch((error: unknown) => error);
      expect(fault).to.be.instanceOf(TypeError);
      await settled(client);
      expect(auth.stats()).to.include({ revoked: 0 });
    });
  }

  describe('with a store', () => {
    const rules: object[] = [];
    const ids = new Set<unknown>();
    beforeEach(() => {
      rules.splice(0);
      ids.clear();
    });
    const memory = {
      add: ({ id, ...rule }: RevocationRule) => {
        ids.add(id);
        rules.push(rule);
      },
      isRevoked: () => false,
    };

    it('gives each revocation an id, so that copies are recognized', async () => {
      guard({ revocation: memory });
      for (let times = 0; times < 2; times += 1) await auth.revoke({ jti: 'one' });
      expect(ids.size).to.equal(2);
      for (const id of ids) expect(id).to.be.a('string');
    });

    it('passes each rule to it, in ms and seconds since the epoch', async () => {
      guard({ revocation: memory });
      const before = Date.now();
      const { issuedBefore } = await auth.revoke({ sub: 'bob', iss: 'a', grace: 60_000 });
      await auth.revoke({ sid: 'one', iss: 'a' });
      const [first, second] = rules as [{ revokedAt: number; graceUntil: number }, object];
      expect(first).to.include({ sub: 'bob', iss: 'a', issuedBefore, expiresAt: null });
      expect(first.revokedAt).to.be.within(before, Date.now());
      expect(first.graceUntil).to.equal(first.revokedAt + 60_000);
      expect(second).to.deep.equal({ sid: 'one', iss: 'a', expiresAt: null });
    });

    it('passes when each rule can be forgotten, if that is known', async () => {
      guard({ revocation: memory, clockTolerance: 5 });
      await auth.revoke({ sub: 'bob', issuedBefore: LATER });
      await auth.revoke({ sub: 'bob', issuedBefore: LATER, exp: LATER + 100 });
      await auth.revoke({ jti: 'unknown' });
      const exp = now() + 60;
      await show(await world.connected(), createToken({ jti: 'known', exp }));
      await auth.revoke({ jti: 'known' });
      await show(await world.connected(), createToken({ jti: 'endless' }));
      await auth.revoke({ jti: 'endless' });
      expect(rules).to.deep.equal([
        { sub: 'bob', issuedBefore: LATER, expiresAt: null },
        { sub: 'bob', issuedBefore: LATER, expiresAt: (LATER + 105) * 1000 },
        { jti: 'unknown', expiresAt: null },
        { jti: 'known', expiresAt: (exp + 5) * 1000 },
        { jti: 'endless', expiresAt: null },
      ]);
    });

    it('passes the latest end, if several tokens have the same jti', async () => {
      guard({ revocation: memory });
      const ends = [60, 90, 30].map((seconds) => now() + seconds);
      for (const exp of ends) await show(await world.connected(), createToken({ jti: 'shared', exp }));
      await auth.revoke({ jti: 'shared' });
      expect(rules).to.deep.equal([{ jti: 'shared', expiresAt: Number(ends[1]) * 1000 }]);
    });

    it('passes when a rule can be forgotten, by maxAge', async () => {
      guard({ revocation: memory, maxAge: '1h', clockTolerance: 5 });
      await auth.revoke({ sub: 'bob', issuedBefore: LATER });
      expect(rules).to.deep.equal([{ sub: 'bob', issuedBefore: LATER, expiresAt: (LATER + 3605) * 1000 }]);
    });

    it('that answers by a promise of its own has its answer heard, whatever then() returns', async () => {
      const answer = {
        then: (resolve: (revoked: unknown) => void) => {
          resolve(Promise.resolve(true));
        },
      };
      guard({ revocation: { add: () => undefined, isRevoked: () => answer as never } });
      const { error } = await show(await world.connected(), createToken());
      expect(error).to.include({ code: 'invalid_token', reason: 'revoked' });
    });

    const failures: [how: string, answer: () => unknown][] = [
      ['rejects', () => Promise.reject(new Error('down'))],
      [
        'throws',
        () => {
          throw new Error('down');
        },
      ],
      ['is silent', () => new Promise(() => undefined)],
    ];
    for (const [how, answer] of failures) {
      it(`that ${how} has every token refused, and the client may try again`, async () => {
        guard({ keyTimeout: 50, revocation: { add: () => undefined, isRevoked: answer as () => boolean } });
        const { error } = await show(await world.connected(), createToken());
        expect(error).to.deep.include({ code: 'revocation_unavailable', retryable: true });
        expect(error?.message).not.to.include('down');
      });

      it(`that ${how} makes revoke reject, but local sessions are ended, and tokens refused`, async () => {
        guard({ keyTimeout: 50, revocation: { add: answer, isRevoked: () => false } });
        const client = await world.connected();
        const token = createToken({ sub: 'bob' });
        await show(client, token);
        const fault = await auth.revoke({ sub: 'bob' }).catch((error: unknown) => error);
        expect(fault).to.be.instanceOf(Error);
        expect(await refusal(client)).to.include({ reason: 'revoked' });
        expect((await show(await world.connected(), token)).error).to.include({ reason: 'revoked' });
      });
    }

    it('that lists no rules is asked again about each session, if recheckInterval is set', async () => {
      let isRevoked = false;
      guard({ recheckInterval: 20, revocation: { add: () => undefined, isRevoked: () => isRevoked } });
      const client = await world.connected();
      await show(client, createToken({ sub: 'bob' }));
      isRevoked = true;
      expect(await refusal(client)).to.include({ reason: 'revoked', retryable: true });
      await client.until('disconnect');
    });

    it('that answers anything but false has the token refused', async () => {
      guard({ revocation: { add: () => undefined, isRevoked: (() => undefined) as never } });
      expect((await show(await world.connected(), createToken())).error).to.include({ reason: 'revoked' });
    });
  });

  it('ignores invalid rules from other nodes', async () => {
    guard();
    const client = await world.connected();
    await show(client, createToken({ sub: 'bob' }));
    const rule = { sub: 'bob', issuedBefore: 9e9, expiresAt: null };
    const hear = (message: unknown): boolean =>
      EventEmitter.prototype.emit.call(world.io.of('/'), 'socketio-authorize:revoke', message);
    for (const message of [
      null,
      7,
      {},
      { rule },
      { rule: {}, guarded: ['/'] },
      { rule, guarded: ['/other'] },
      { rule, guarded: 7 },
    ]) {
      hear(message);
    }
    expect(auth.stats()).to.include({ revoked: 0 });
    hear({ rule, guarded: ['/other', '/'] });
    expect(await refusal(client)).to.include({ reason: 'revoked' });
  });

  describe('with grace', () => {
    it('refuses other logins at once, asks for a fresh token, and spares the session that sends one', async () => {
      const time = world.stopTime();
      guard();
      const former = createToken({ sub: 'bob', role: 'user' });
      const [saved, idle] = [await world.connected(), await world.connected()];
      for (const client of [saved, idle]) await show(client, former);
      const revokedAt = Date.now();
      const revoked = auth.revoke({ sub: 'bob', grace: 1_500 });
      expect((await show(await world.connected(), former)).error).to.include({
        reason: 'revoked',
        retryable: true,
      });
      // Until this second is over, so that what is issued now counts.
      time.pass(1_000);
      const { issuedBefore } = await revoked;
      for (const client of [saved, idle]) {
        const [payload] = (await client.until('token_expiring')) as [
          { expiresAt: number; expiresIn: number },
        ];
        expect(payload.expiresAt).to.equal(revokedAt + 1_500);
        expect(payload.expiresIn).to.be.within(1, 1_500);
      }
      expect(now()).to.be.at.least(issuedBefore);
      expect(await show(saved, former)).to.include({ ok: false });
      const answer = await show(saved, createToken({ sub: 'bob', role: 'admin' }));
      expect(answer).to.include({ ok: true, expiresAt: null });
      time.pass(499);
      expect(auth.stats()).to.include({ authenticated: 2, revoked: 0 });
      time.pass(1);
      expect(await refusal(idle)).to.include({ reason: 'revoked', retryable: true });
      expect(await idle.until('disconnect')).to.include('io server disconnect');
      expect(auth.stats()).to.include({ authenticated: 1, revoked: 1, expired: 0 });
      const [socket] = await world.io.fetchSockets();
      expect(socket?.data).to.have.nested.property('auth.claims.role', 'admin');
    });

    it('lets a session end at its own end, if that is earlier', async () => {
      const time = world.stopTime();
      guard();
      const client = await world.connected();
      const exp = now() + 3;
      await show(client, createToken({ sub: 'bob', exp }));
      const revoked = auth.revoke({ sub: 'bob', grace: 60_000 });
      time.pass(1_000);
      await revoked;
      const notice = (await client.until('token_expiring')) as [{ expiresAt: number }];
      expect(notice[0].expiresAt).to.equal(exp * 1_000);
      time.pass(2_000);
      expect(await refusal(client)).to.include({ reason: 'expired' });
    });

    it('tells the client the end of the grace, not of a token whose exp is ignored', async () => {
      const time = world.stopTime();
      guard({ onExpired: 'ignore' });
      const client = await world.connected();
      await show(client, createToken({ sub: 'bob', exp: now() + 1 }));
      time.pass(2_000);
      const revoked = auth.revoke({ sub: 'bob', grace: 60_000 });
      const end = Date.now() + 60_000;
      time.pass(1_000);
      await revoked;
      const [notice] = (await client.until('token_expiring')) as [{ expiresAt: number; expiresIn: number }];
      expect(notice.expiresAt).to.equal(end);
      expect(notice.expiresIn).to.be.within(59_000, 60_000);
    });

    it('ends the session even if exp is ignored', async () => {
      const time = world.stopTime();
      guard({ onExpired: 'ignore' });
      const client = await world.connected();
      await show(client, createToken({ sub: 'bob', exp: now() + 60 }));
      const revoked = auth.revoke({ sub: 'bob', grace: 1_100 });
      time.pass(1_100);
      await revoked;
      expect(await refusal(client)).to.include({ reason: 'revoked' });
      expect(await client.until('disconnect')).to.include('io server disconnect');
    });
  });

  it("sends no message if there is no other node: Socket.IO's in-memory adapter would warn", async () => {
    const warnings = new Warnings();
    const said: unknown[] = [];
    const { warn } = console;
    console.warn = (...args: unknown[]) => said.push(args);
    try {
      guard();
      await auth.revoke({ sub: 'bob' });
    } finally {
      console.warn = warn;
      warnings.close();
    }
    expect(said).to.deep.equal([]);
  });
});
