import { expect } from 'chai';
import { array, assert, boolean, constantFrom, nat, option, property, record } from 'fast-check';
import type { TokenIdentity } from '../../lib/types';
import type { RevocationRule } from '../../lib/types';
import { SessionIndex } from '../../lib/revocation/session-index';

interface Session {
  identity: TokenIdentity;
}

const byJti = (jti: string): RevocationRule => ({ jti, expiresAt: null });
const bySub = (sub: string, issuedBefore = 10): RevocationRule => ({ sub, issuedBefore, expiresAt: null });

describe('the index of live sessions', () => {
  let index: SessionIndex<Session>;
  beforeEach(() => (index = new SessionIndex()));

  function add(identity: TokenIdentity): Session {
    const session = { identity };
    index.add(session);
    return session;
  }

  it('finds none where there is none', () => {
    expect(index.find(byJti('one'))).to.deep.equal([]);
    expect(index.find(bySub('bob'))).to.deep.equal([]);
  });

  it('finds every session of a token, and of a subject', () => {
    const sessions = [1, 2, 3].map((iat) => add({ jti: 'one', sub: 'bob', iat }));
    add({ jti: 'two', sub: 'eve' });
    expect(index.find(byJti('one'))).to.deep.equal(sessions);
    expect(index.find(bySub('bob'))).to.deep.equal(sessions);
  });

  it('finds of a subject those whose token was issued before, or does not say', () => {
    const [old, silent] = [add({ sub: 'bob', iat: 9 }), add({ sub: 'bob' })];
    add({ sub: 'bob', iat: 10 });
    expect(index.find(bySub('bob'))).to.deep.equal([old, silent]);
  });

  it('finds a number by the text that it reads as', () => {
    const session = add({ jti: 7, sub: 8 } as unknown as JwtClaims);
    expect(index.find(byJti('7'))).to.deep.equal([session]);
    expect(index.find(bySub('8'))).to.deep.equal([session]);
  });

  it('finds nobody by a claim that is no name', () => {
    const session = add({ jti: {}, sub: ['bob'] } as unknown as JwtClaims);
    expect(index.find(bySub('bob'))).to.deep.equal([]);
    expect(index.find(byJti('[object Object]'))).to.deep.equal([]);
    index.delete(session);
  });

  it('forgets one and keeps the others, though it is told twice', () => {
    const [first, second] = [add({ sub: 'bob' }), add({ sub: 'bob' })];
    index.delete(first);
    index.delete(first);
    expect(index.find(bySub('bob'))).to.deep.equal([second]);
    index.delete(second);
    expect(index.find(bySub('bob'))).to.deep.equal([]);
  });

  it('forgets nobody but the one', () => {
    const session = add({ sub: 'bob', jti: 'one' });
    index.delete({ claims: { ...session.claims } });
    expect(index.find(byJti('one'))).to.deep.equal([session]);
  });

  it('gives a list that stays as it is while those in it are forgotten', () => {
    const sessions = [add({ sub: 'bob' }), add({ sub: 'bob' })];
    const seen: Session[] = [];
    for (const session of index.find(bySub('bob'))) {
      seen.push(session);
      index.delete(session);
    }
    expect(seen).to.deep.equal(sessions);
  });

  it('finds like a list that is looked through', () => {
    const name = constantFrom('a', 'b', 'c');
    const operation = record({
      claims: record({ jti: name, sub: name, iat: nat(20) }, { requiredKeys: [] }),
      removes: option(nat(30)),
      rule: record({ name, second: nat(20), isSub: boolean() }),
    });
    assert(
      property(array(operation, { maxLength: 60 }), (operations) => {
        index = new SessionIndex();
        const all: Session[] = [];
        for (const { claims, removes, rule } of operations) {
          all.push(add(claims));
          const [removed] = removes === null ? [] : all.splice(removes, 1);
          if (removed !== undefined) index.delete(removed);
          const matches = ({ claims: { jti, sub, iat } }: Session): boolean =>
            rule.isSub ? sub === rule.name && (iat === undefined || iat < rule.second) : jti === rule.name;
          const found = index.find(rule.isSub ? bySub(rule.name, rule.second) : byJti(rule.name));
          expect(new Set(found)).to.deep.equal(new Set(all.filter(matches)));
        }
      }),
    );
  });
});
