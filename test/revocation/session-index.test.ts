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

  it('finds nothing when it is empty', () => {
    for (const rule of [byJti('one'), bySid('one'), bySub('bob')]) expect(find(rule)).to.deep.equal([]);
  });

  it('finds every session of a token, of a user, and of a session at the provider', () => {
    const sessions = [1, 2, 3].map((iat) => add({ jti: 'one', sub: 'bob', sid: 's', iat }));
    add({ jti: 'two', sub: 'eve', sid: 't' });
    for (const rule of [byJti('one'), bySub('bob'), bySid('s')]) expect(find(rule)).to.deep.equal(sessions);
  });

  it("finds a user's sessions whose token was issued before a moment, or has no iat", () => {
    const [old, silent] = [add({ sub: 'bob', iat: 9 }), add({ sub: 'bob' })];
    add({ sub: 'bob', iat: 10 });
    expect(find(bySub('bob'))).to.deep.equal([old, silent]);
  });

  it("finds all of a user's sessions that began before a moment, if the rule is for every session", () => {
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

  it('removes one session and keeps the others, even if it is removed twice', () => {
    const [first, second] = [add({ sub: 'bob' }), add({ sub: 'bob' })];
    index.delete(first);
    index.delete(first);
    expect(find(bySub('bob'))).to.deep.equal([second]);
    expect([index.size, index.has(first), index.has(second)]).to.deep.equal([1, false, true]);
    index.delete(second);
    expect(find(bySub('bob'))).to.deep.equal([]);
  });

  it('removes only the session that it is given', () => {
    const session = add({ sub: 'bob', jti: 'one' });
    index.delete({ identity: { ...session.identity } });
    expect(find(byJti('one'))).to.deep.equal([session]);
    expect([...index.keys()]).to.deep.equal([session]);
  });

  it('returns a list that does not change while its sessions are removed', () => {
    const sessions = [add({ sub: 'bob' }), add({ sub: 'bob' })];
    const seen: Session[] = [];
    for (const session of find(bySub('bob'))) {
      seen.push(session);
      index.delete(session);
    }
    expect(seen).to.deep.equal(sessions);
  });

  it('finds the same sessions as a search through a plain list', () => {
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
