import { expect } from 'chai';
import { array, assert, boolean, constantFrom, nat, option, property, record } from 'fast-check';
import type { RevocationRule, TokenIdentity } from '../../lib/types';
import { SessionIndex } from '../../lib/revocation/session-index';

interface Session {
  identity: TokenIdentity;
}

const byJti = (jti: string): RevocationRule => ({ jti, expiresAt: null });
const bySid = (sid: string): RevocationRule => ({ sid, expiresAt: null });
const bySub = (sub: string, issuedBefore = 10): RevocationRule => ({ sub, issuedBefore, expiresAt: null });

describe('the index of live sessions', () => {
  let index: SessionIndex<Session>;
  beforeEach(() => (index = new SessionIndex()));

  function add(identity: TokenIdentity, since = 0): Session {
    const session = { identity };
    index.add(session, since);
    return session;
  }

  const find = (rule: RevocationRule): Session[] => index.find(rule, Infinity);

  it('finds none where there is none', () => {
    for (const rule of [byJti('one'), bySid('one'), bySub('bob')]) expect(find(rule)).to.deep.equal([]);
  });

  it('finds every session of a token, of a user, and of a session at the provider', () => {
    const sessions = [1, 2, 3].map((iat) => add({ jti: 'one', sub: 'bob', sid: 's', iat }));
    add({ jti: 'two', sub: 'eve', sid: 't' });
    for (const rule of [byJti('one'), bySub('bob'), bySid('s')]) expect(find(rule)).to.deep.equal(sessions);
  });

  it('finds of a user those whose token was issued before, or does not say', () => {
    const [old, silent] = [add({ sub: 'bob', iat: 9 }), add({ sub: 'bob' })];
    add({ sub: 'bob', iat: 10 });
    expect(find(bySub('bob'))).to.deep.equal([old, silent]);
  });

  it('finds of a user all that began until a moment, if the rule is for every session', () => {
    const early = add({ sub: 'bob', iat: 99 }, 500);
    add({ sub: 'bob', iat: 99 }, 501);
    const old = add({ sub: 'bob', iat: 9 }, 502);
    const rule: RevocationRule = { sub: 'bob', issuedBefore: 10, revokedAt: 500, expiresAt: null };
    expect(index.find(rule, 500)).to.deep.equal([early, old]);
    expect(index.find(bySub('bob'), 500)).to.deep.equal([old]);
  });

  it('finds only sessions of the issuer that a rule names', () => {
    const [a] = [add({ jti: 'one', sub: 'bob', sid: 's', iss: 'a' })];
    add({ jti: 'one', sub: 'bob', sid: 's', iss: 'b' });
    add({ jti: 'one', sub: 'bob', sid: 's' });
    for (const rule of [byJti('one'), bySub('bob'), bySid('s')]) {
      expect(find({ ...rule, iss: 'a' })).to.deep.equal([a]);
      expect(find(rule)).to.have.length(3);
    }
  });

  it('forgets one and keeps the others, though it is told twice', () => {
    const [first, second] = [add({ sub: 'bob' }), add({ sub: 'bob' })];
    index.delete(first);
    index.delete(first);
    expect(find(bySub('bob'))).to.deep.equal([second]);
    expect([index.size, index.has(first), index.has(second)]).to.deep.equal([1, false, true]);
    index.delete(second);
    expect(find(bySub('bob'))).to.deep.equal([]);
  });

  it('forgets nobody but the one', () => {
    const session = add({ sub: 'bob', jti: 'one' });
    index.delete({ identity: { ...session.identity } });
    expect(find(byJti('one'))).to.deep.equal([session]);
    expect([...index.keys()]).to.deep.equal([session]);
  });

  it('gives a list that stays as it is while those in it are forgotten', () => {
    const sessions = [add({ sub: 'bob' }), add({ sub: 'bob' })];
    const seen: Session[] = [];
    for (const session of find(bySub('bob'))) {
      seen.push(session);
      index.delete(session);
    }
    expect(seen).to.deep.equal(sessions);
  });

  it('finds like a list that is looked through', () => {
    const name = constantFrom('a', 'b', 'c');
    const operation = record({
      identity: record({ jti: name, sub: name, iat: nat(20) }, { requiredKeys: [] }),
      removes: option(nat(30)),
      rule: record({ name, second: nat(20), isSub: boolean() }),
    });
    assert(
      property(array(operation, { maxLength: 60 }), (operations) => {
        index = new SessionIndex();
        const all: Session[] = [];
        for (const { identity, removes, rule } of operations) {
          all.push(add(identity));
          const [removed] = removes === null ? [] : all.splice(removes, 1);
          if (removed !== undefined) index.delete(removed);
          const matches = ({ identity: { jti, sub, iat } }: Session): boolean =>
            rule.isSub ? sub === rule.name && (iat ?? -1) < rule.second : jti === rule.name;
          const found = find(rule.isSub ? bySub(rule.name, rule.second) : byJti(rule.name));
          expect(new Set(found)).to.deep.equal(new Set(all.filter(matches)));
          expect(index.size).to.equal(all.length);
        }
      }),
    );
  });
});
