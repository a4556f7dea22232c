import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions, Revocation, RevocationRule } from '../../lib';
import { NamespaceInbox } from '../support/namespace-inbox';
import { connectError, refusal, settled, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { Warnings } from '../support/warnings';
import { World } from '../support/world';

const now = (): number => Math.floor(Date.now() / 1000);

describe('revoke', () => {
  let world: World;
  let auth: Authorizer;
  let told: NamespaceInbox;

  beforeEach(async () => {
    world = await new World().listen();
    told = new NamespaceInbox(world.io.of('/'));
  });

  afterEach(() => world.close());

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io);
  }

  it('ends the sessions of a subject, and refuses its tokens from then on', async () => {
    guard();
    const [bob, eve] = [await world.connected(), await world.connected()];
    const token = createToken({ sub: 'bob' });
    await show(bob, token);
    await show(eve, createToken({ sub: 'eve' }));
    await auth.revoke({ sub: 'bob' });
    expect(await refusal(bob)).to.include({ code: 'invalid_token', reason: 'revoked', retryable: false });
    expect(await bob.until('disconnect')).to.include('io server disconnect');
    expect((await told.take('deauthenticated'))[1]).to.equal('revoked');
    expect((await show(await world.connected(), token)).error).to.include({
      reason: 'revoked',
      retryable: false,
    });
    world.io.emit('still here');
    await eve.until('still here');
    expect(auth.stats()).to.include({ revoked: 1, authenticated: 1 });
  });

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

  it('takes issuedBefore as a Date or as seconds, and spares what was issued then or later', async () => {
    guard();
    const second = now() - 100;
    const tokens = [-1, 0].map((offset) => createToken({ sub: 'bob', iat: second + offset }));
    for (const issuedBefore of [second, new Date(second * 1000)]) {
      await auth.revoke({ sub: 'bob', issuedBefore });
      expect(await show(await world.connected(), tokens[0])).to.include({ ok: false });
      expect(await show(await world.connected(), tokens[1])).to.include({ ok: true });
    }
  });

  it('without issuedBefore refuses what was issued up to and including this second, and lets in what comes later', async () => {
    guard();
    const former = createToken({ sub: 'bob', iat: now() });
    await auth.revoke({ sub: 'bob' });
    const later = createToken({ sub: 'bob', iat: now() + 2 });
    expect(await show(await world.connected(), former)).to.include({ ok: false });
    expect(await show(await world.connected(), later)).to.include({ ok: true });
  });

  it('matches a token without iat, and subjects that are numbers', async () => {
    guard();
    await auth.revoke({ sub: '7', issuedBefore: 1 });
    const token = createToken({ sub: 7 }, { noTimestamp: true });
    expect((await show(await world.connected(), token)).error).to.include({ reason: 'revoked' });
  });

  it('judges a renewed session by its own jti and iat', async () => {
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

  it('holds at the handshake', async () => {
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
  ];
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
    const rules: RevocationRule[] = [];
    beforeEach(() => rules.splice(0));
    const memory = { add: (rule: RevocationRule) => rules.push(rule), isRevoked: () => false };

    it('says when each rule can be forgotten, as far as that can be known', async () => {
      guard({ revocation: memory, clockTolerance: 5 });
      await auth.revoke({ sub: 'bob', issuedBefore: 100 });
      await auth.revoke({ sub: 'bob', issuedBefore: 100, exp: 200 });
      await auth.revoke({ jti: 'unknown' });
      const exp = now() + 60;
      await show(await world.connected(), createToken({ jti: 'known', exp }));
      await auth.revoke({ jti: 'known' });
      await show(await world.connected(), createToken({ jti: 'endless' }));
      await auth.revoke({ jti: 'endless' });
      expect(rules).to.deep.equal([
        { sub: 'bob', issuedBefore: 100, expiresAt: null },
        { sub: 'bob', issuedBefore: 100, expiresAt: 205_000 },
        { jti: 'unknown', expiresAt: null },
        { jti: 'known', expiresAt: (exp + 5) * 1000 },
        { jti: 'endless', expiresAt: null },
      ]);
    });

    it('says the latest end, where one jti was given to several tokens', async () => {
      guard({ revocation: memory });
      const ends = [60, 90, 30].map((seconds) => now() + seconds);
      for (const exp of ends) await show(await world.connected(), createToken({ jti: 'shared', exp }));
      await auth.revoke({ jti: 'shared' });
      expect(rules).to.deep.equal([{ jti: 'shared', expiresAt: Number(ends[1]) * 1000 }]);
    });

    it('says so by maxAge', async () => {
      guard({ revocation: memory, maxAge: '1h', clockTolerance: 5 });
      await auth.revoke({ sub: 'bob', issuedBefore: 100 });
      expect(rules).to.deep.equal([{ sub: 'bob', issuedBefore: 100, expiresAt: (100 + 3600 + 5) * 1000 }]);
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
      it(`that ${how} lets nobody in, and the client may try again`, async () => {
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

    it('that answers anything but false keeps the token out', async () => {
      guard({ revocation: { add: () => undefined, isRevoked: (() => undefined) as never } });
      expect((await show(await world.connected(), createToken())).error).to.include({ reason: 'revoked' });
    });
  });

  it('takes nothing for a rule that is none, whoever says it on the cluster', async () => {
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

  it('is told to nobody where there is nobody: Socket.IO in memory would warn', async () => {
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
