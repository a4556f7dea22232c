import { expect } from 'chai';
import { parseKeptSession, toKeptSession, toSocketAuth } from '../../lib/token/permit';

const identity = { sub: 'bob', iat: 1 };
const permit = {
  claims: { sub: 'eve' },
  identity,
  userKey: 'key',
  decoded: {},
  token: 'x',
  endsAt: Infinity,
};

describe('the copy of a session that recovery keeps', () => {
  it('survives JSON, with the user as read before the claims were changed', () => {
    for (const endsAt of [Infinity, 1000]) {
      const kept = toKeptSession({ ...permit, endsAt });
      expect(kept)
        .to.include(toSocketAuth({ ...permit, endsAt }))
        .and.not.to.have.any.keys('token', 'decoded');
      expect(parseKeptSession(JSON.parse(JSON.stringify(kept)))).to.deep.equal(kept);
    }
  });

  const kept = { claims: {}, expiresAt: null, identity: {}, userKey: 'key' };
  const { userKey: _, ...older } = kept;
  const others: [what: string, kept: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'kept'],
    ['what version 1 kept', older],
    ['one without claims', { ...kept, claims: null }],
    ['one without an identity', { ...kept, identity: 'bob' }],
    ['one whose user is no text', { ...kept, userKey: 7 }],
    ['one without an end', { ...kept, expiresAt: undefined }],
    ['one whose end is no number', { ...kept, expiresAt: 'never' }],
    ['one whose end is NaN', { ...kept, expiresAt: NaN }],
  ];
  for (const [what, some] of others) {
    it(`is not ${what}`, () => expect(parseKeptSession(some)).to.equal(undefined));
  }
});
