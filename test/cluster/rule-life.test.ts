import { expect } from 'chai';
import { authorize } from '../../lib';
import type { AuthorizeOptions, Revocation, RevocationRule } from '../../lib';

describe('a rule is kept at least as long as the tokens that it refuses would be accepted:', () => {
  const cases: [string, Partial<AuthorizeOptions>, Revocation, number | null][] = [
    ['exp', {}, { jti: 'one', exp: 1000 }, 1_000_000],
    ['exp with clockTolerance', { clockTolerance: 300 }, { jti: 'one', exp: 1000 }, 1_300_000],
    ['exp with ignoreExpiration', { ignoreExpiration: true }, { jti: 'one', exp: 1000 }, null],
    [
      'exp with ignoreExpiration, and maxAge, which counts all the same',
      { ignoreExpiration: true, maxAge: 60, clockTolerance: 5 },
      { sub: 'bob', issuedBefore: 1000, exp: 1010 },
      1_065_000,
    ],
    ['exp of a session at the provider', { clockTolerance: 300 }, { sid: 'one', exp: 1000 }, 1_300_000],
    ['exp of a subject', { clockTolerance: 300 }, { sub: 'bob', exp: 1000 }, 1_300_000],
    ['maxAge of a subject', { maxAge: 60, clockTolerance: 5 }, { sub: 'bob', issuedBefore: 1000 }, 1_065_000],
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
