import { expect } from 'chai';
import { fromMessage, toMessage, toRule } from '../../lib/revocation/rule-messages';
import type { RevocationRule } from '../../lib/types';

describe('a rule on its way to another node', () => {
  const rules: RevocationRule[] = [
    { jti: 'one', expiresAt: null },
    { id: 'x', sid: 'session', iss: 'a', expiresAt: 7 },
    { sub: 'bob', issuedBefore: 5, expiresAt: 7 },
    { id: 'x', sub: 'bob', issuedBefore: 5, revokedAt: 1000, graceUntil: 4000, expiresAt: null },
  ];
  const travel = (rule: RevocationRule, sentAt: number, writtenAt: number): unknown =>
    fromMessage({ ...(JSON.parse(JSON.stringify(toMessage(rule, sentAt))) as object), more: 1 }, writtenAt);

  for (const rule of rules) {
    it(`arrives as it was sent: ${JSON.stringify(rule)}`, () =>
      expect(travel(rule, 1000, 1000)).to.deep.equal(rule));
  }

  it('contains the ms that are left, because the clocks of nodes differ', () => {
    const rule: RevocationRule = {
      sub: 'bob',
      issuedBefore: 5,
      revokedAt: 1000,
      graceUntil: 4000,
      expiresAt: null,
    };
    expect(travel(rule, 1500, 90_000)).to.include({ revokedAt: 90_000, graceUntil: 92_500 });
    expect(travel(rule, 4001, 90_000)).to.include({ graceUntil: 90_000 });
  });

  const none: unknown[] = [
    undefined,
    null,
    7,
    'bob',
    {},
    { jti: 1, expiresAt: null },
    { jti: '', expiresAt: null },
    { jti: 'one' },
    { jti: 'one', expiresAt: 'never' },
    { jti: 'one', expiresAt: NaN },
    { jti: 'one', sid: 'one', expiresAt: null },
    { jti: 'one', id: 7, expiresAt: null },
    { sid: 'one', iss: 7, expiresAt: null },
    { sub: 'bob', expiresAt: null },
    { sub: 'bob', issuedBefore: Infinity, expiresAt: null },
    { sub: 'bob', issuedBefore: 1, graceLeft: 'long', expiresAt: null },
    { sub: 'bob', issuedBefore: 1, revokedAt: 'then', expiresAt: null },
  ];
  for (const value of none) {
    it(`is ignored: ${JSON.stringify(value)}`, () => expect(fromMessage(value, 0)).to.equal(undefined));
  }

  it('is ignored in the list of a store too, if it is no object', () =>
    expect(toRule(7)).to.equal(undefined));
});
