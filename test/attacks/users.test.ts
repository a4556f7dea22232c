import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions, JwtClaims } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { Warnings } from '../support/warnings';
import type { TestClient } from '../support/world';

describe('a token of another user', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io);
  }

  async function loggedIn(claims: object): Promise<TestClient> {
    const client = await world.connected();
    expect(await show(client, createToken(claims))).to.include({ ok: true });
    return client;
  }

  const users: [what: string, one: object, other: object, options?: Partial<AuthorizeOptions>][] = [
    ['by sub', { sub: 'bob' }, { sub: 'eve' }],
    ['by iss: the same sub of two issuers', { iss: 'a', sub: 'bob' }, { iss: 'b', sub: 'bob' }],
    ['by iss and none', { sub: 'bob' }, { iss: 'b', sub: 'bob' }],
    ['without sub, by id', { id: 1 }, { id: 2 }],
    ['without sub, by any claim', { id: 1, name: 'Bob' }, { id: 1, name: 'Eve' }],
    ['without sub, by one claim more', { id: 1 }, { id: 1, admin: true }],
    ['with sub and without', { sub: 'bob', id: 1 }, { id: 1 }],
    ['without sub and with', { id: 1 }, { sub: 'bob', id: 1 }],
    ['with an empty sub', { sub: '', id: 1 }, { sub: '', id: 2 }],
    ['by userClaim', { sub: 'app', user_id: 1 }, { sub: 'app', user_id: 2 }, { userClaim: 'user_id' }],
    [
      'by a function',
      { sub: 'app', a: { b: 1 } },
      { sub: 'app', a: { b: 2 } },
      { userClaim: ({ a }) => `user ${(a as { b: number }).b}` },
    ],
    ['by a userClaim that both lack', { sub: 'bob' }, { sub: 'eve' }, { userClaim: 'uid' }],
  ];
  for (const [what, one, other, options] of users) {
    it(`renews nothing, and the session continues: ${what}`, async () => {
      guard(options);
      const client = await loggedIn(one);
      expect((await show(client, createToken(other))).error).to.include({
        code: 'identity_mismatch',
        retryable: false,
      });
      expect(await told.socket('authenticated'))
        .to.have.property('decoded_token')
        .that.deep.includes(one);
      expect(await show(client, createToken(one))).to.include({ ok: true });
    });
  }

  const renewals: [what: string, one: object, other: object, options?: Partial<AuthorizeOptions>][] = [
    ['without sub', { id: 1, name: 'Bob', jti: 'a', iat: 1 }, { name: 'Bob', id: 1, jti: 'b', iat: 2 }],
    ['by userClaim', { user_id: 1, role: 'a' }, { user_id: 1, role: 'b' }, { userClaim: 'user_id' }],
    [
      'by another user’s token, with sameSubject: false',
      { sub: 'bob' },
      { sub: 'eve' },
      { sameSubject: false },
    ],
  ];
  for (const [what, one, other, options] of renewals) {
    it(`is distinguished from a genuine renewal: ${what}`, async () => {
      guard(options);
      const client = await loggedIn(one);
      for (const claims of [other, one])
        expect(await show(client, createToken(claims))).to.include({ ok: true });
      expect(told.events).to.deep.equal(['authenticated', 'reauthenticated', 'reauthenticated']);
    });
  }

  it("remains another user's, even if validate changes the claims", async () => {
    guard({ validate: (claims) => void (claims.sub = 'everybody') });
    const client = await loggedIn({ sub: 'bob' });
    expect((await show(client, createToken({ sub: 'eve' }))).error).to.include({ code: 'identity_mismatch' });
    await auth.revoke({ sub: 'bob' });
    expect(await client.until('disconnect')).to.include('io server disconnect');
  });

  it('is revoked by the user that userClaim names', async () => {
    guard({ userClaim: 'user_id' });
    const [bob, eve] = [
      await loggedIn({ user_id: 1, sub: 'app' }),
      await loggedIn({ user_id: 2, sub: 'app' }),
    ];
    await auth.revoke({ sub: '1' });
    expect(await bob.until('disconnect')).to.include('io server disconnect');
    expect(eve.socket.connected).to.equal(true);
  });

  describe('where userClaim', () => {
    let unharmed: Unharmed;
    let warnings: Warnings;

    const faults: [what: string, userClaim: (claims: JwtClaims) => unknown][] = [
      [
        'throws',
        () => {
          throw new Error('hunter2');
        },
      ],
      ['reads what is not there', ({ user }) => (user as { id: string }).id],
      ['gives an object', () => ({ id: 1 })],
      ['gives a promise that rejects', () => Promise.reject(new Error('hunter2'))],
    ];
    for (const [what, userClaim] of faults) {
      it(`${what}, the token is refused with unknown, and one warning reports it`, async () => {
        warnings = new Warnings();
        guard({ userClaim: userClaim as () => string, maxAttempts: Infinity });
        const client = await world.connected();
        for (let times = 0; times < 3; times += 1) {
          const { error } = await show(client, createToken());
          expect(error).to.deep.include({ code: 'unknown', message: 'unauthorized' });
        }
        expect((await warnings.next()).message).to.equal('options.userClaim failed');
        warnings.close();
      });
    }

    it('gives nothing, tokens with equal claims belong to one user', async () => {
      unharmed = new Unharmed();
      guard({ userClaim: () => undefined });
      const client = await loggedIn({ sub: 'bob' });
      expect((await show(client, createToken({ sub: 'eve' }))).error).to.include({
        code: 'identity_mismatch',
      });
      expect(await show(client, createToken({ sub: 'bob' }))).to.include({ ok: true });
      unharmed.close();
    });
  });
});
