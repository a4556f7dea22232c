import { expect } from 'chai';
import { authorize } from '../../lib';
import type { AuthorizeOptions, Revocation, RevocationRule } from '../../lib';

/** In seconds: 2100-01-01. */
const END = 4_102_444_800;

describe('a rule is kept at least as long as the tokens that it refuses would be accepted:', () => {
  const cases: [string, Partial<AuthorizeOptions>, Revocation, number | null][] = [
    ['exp', {}, { jti: 'one', exp: END }, END * 1000],
    ['exp with clockTolerance', { clockTolerance: 300 }, { jti: 'one', exp: END }, (END + 300) * 1000],
    ['exp with ignoreExpiration', { ignoreExpiration: true }, { jti: 'one', exp: END }, null],
    [
      'exp with ignoreExpiration, and maxAge, which counts all the same',
      { ignoreExpiration: true, maxAge: 60, clockTolerance: 5 },
      { sub: 'bob', issuedBefore: END, exp: END + 10 },
      (END + 65) * 1000,
    ],
    [
      'exp of a session at the provider',
      { clockTolerance: 300 },
      { sid: 'one', exp: END },
      (END + 300) * 1000,
    ],
    ['exp of a subject', { clockTolerance: 300 }, { sub: 'bob', exp: END }, (END + 300) * 1000],
    [
      'maxAge of a subject',
      { maxAge: 60, clockTolerance: 5 },
      { sub: 'bob', issuedBefore: END },
      (END + 65) * 1000,
    ],
    ['nothing known', {}, { sub: 'bob' }, null],
    ['nothing known of a session at the provider', {}, { sid: 'one' }, null],
  ];

  it('maxAge of a token from an issuer whose clock is ahead, within clockTolerance and five minutes', async () => {
    for (const ignoreExpiration of [false, true]) {
      for (const [revocation, life] of [
        [{ jti: 'one' }, 365_000],
        [{ sid: 'one' }, 365_000],
        // Whatever is ahead, this one does not refuse.
        [{ sub: 'bob' }, 65_000],
      ] as [Revocation, number][]) {
        const rules: RevocationRule[] = [];
        const auth = authorize({
          secret: 'secret',
          maxAge: 60,
          clockTolerance: 5,
          ignoreExpiration,
          revocation: { add: (rule) => rules.push(rule), isRevoked: () => false },
        });
        const before = Date.now();
        await auth.revoke(revocation);
        auth.close();
        expect(rules[0]?.expiresAt).to.be.within(before + life, Date.now() + life);
      }
    }
  });

  it('now, if all of them have expired: it is still to end sessions on nodes that find it in the store', async () => {
    for (const revocation of [
      { jti: 'one', exp: 1000 },
      { sid: 'one', exp: 1000 },
      { sub: 'bob', exp: 1000 },
      { sub: 'bob', issuedBefore: 1000 },
    ]) {
      const rules: RevocationRule[] = [];
      const auth = authorize({
        secret: 'secret',
        maxAge: 60,
        revocation: { add: (rule) => rules.push(rule), isRevoked: () => false },
      });
      const before = Date.now();
      await auth.revoke(revocation);
      auth.close();
      expect(rules[0]?.expiresAt).to.be.within(before, Date.now());
    }
  });

  it('by every authorizer to which the store was given', async () => {
    const rules: RevocationRule[] = [];
    const revocation = { add: (rule: RevocationRule) => rules.push(rule), isRevoked: () => false };
    const strict = authorize({ secret: 'secret', maxAge: 60, revocation });
    const lax = authorize({ secret: 'secret', clockTolerance: 300, revocation });
    await strict.revoke({ sub: 'bob', issuedBefore: END });
    await strict.revoke({ jti: 'one', exp: END });
    lax.close();
    await strict.revoke({ sub: 'bob', issuedBefore: END });
    strict.close();
    expect(rules.map(({ expiresAt }) => expiresAt)).to.deep.equal([
      null,
      (END + 300) * 1000,
      (END + 60) * 1000,
    ]);
  });

  for (const [title, options, revocation, expiresAt] of cases) {
    it(title, async () => {
      const rules: RevocationRule[] = [];
      const auth = authorize({
        secret: 'a secret of 32 bytes or more, for Redis',
        ...options,
        revocation: { add: (rule) => rules.push(rule), isRevoked: () => false },
      });
      await auth.revoke(revocation);
      auth.close();
      expect(rules.map((rule) => rule.expiresAt)).to.deep.equal([expiresAt]);
    });
  }
});
