import { expect } from 'chai';
import { array, assert, constantFrom, nat, oneof, option, property, record } from 'fast-check';
import { claimText } from '../../lib/token/user';
import { issuedBefore, RevocationRules } from '../../lib/revocation/rules';

describe('revocation rules in memory', () => {
  it('are forgotten when the tokens that they refuse have expired, and kept while they have not', () => {
    let now = 1000;
    const rules = new RevocationRules(() => now);
    rules.add({ jti: 'kept', expiresAt: null });
    rules.add({ sub: 'kept', issuedBefore: 5, expiresAt: 1e9 });
    for (let index = 0; index < 5000; index += 1) {
      now += 1;
      rules.add(
        index % 2
          ? { jti: `${index}`, expiresAt: now + 10 }
          : { sub: `${index}`, issuedBefore: 5, expiresAt: now + 10 },
      );
    }
    expect(rules.size).to.be.below(1100);
    expect(rules.isRevoked({ jti: 'kept' })).to.equal(true);
    expect(rules.isRevoked({ sub: 'kept', iat: 4 })).to.equal(true);
    expect(rules.isRevoked({ sub: 'kept', iat: 5 })).to.equal(false);
  });

  it('are all kept while their tokens live, however many', () => {
    const rules = new RevocationRules(() => 0);
    for (let index = 0; index < 5000; index += 1) rules.add({ jti: `${index}`, expiresAt: 1 });
    expect(rules.size).to.equal(5000);
    expect(rules.isRevoked({ jti: '0' })).to.equal(true);
  });

  it('of one subject are one: the later moment, kept for the longer time', () => {
    let now = 0;
    const rules = new RevocationRules(() => now);
    expect(rules.add({ sub: 'bob', issuedBefore: 10, expiresAt: 100 })).to.equal(true);
    expect(rules.add({ sub: 'bob', issuedBefore: 5, expiresAt: null })).to.equal(false);
    expect(rules.add({ sub: 'bob', issuedBefore: 10, expiresAt: 100 })).to.equal(false);
    expect(rules.add({ sub: 'bob', issuedBefore: 11, expiresAt: 1 })).to.equal(true);
    expect(rules.size).to.equal(1);
    now = 1e12;
    for (let index = 0; index < 2000; index += 1) rules.add({ jti: `${index}`, expiresAt: 1 });
    expect(rules.isRevoked({ sub: 'bob', iat: 10 })).to.equal(true);
    expect(rules.isRevoked({ sub: 'bob', iat: 11 })).to.equal(false);
  });

  it('of one token are one, kept for the longer time', () => {
    const rules = new RevocationRules(() => 10);
    expect(rules.add({ jti: 'one', expiresAt: null })).to.equal(true);
    expect(rules.add({ jti: 'one', expiresAt: 5 })).to.equal(false);
    for (let index = 0; index < 2000; index += 1) rules.add({ jti: `other ${index}`, expiresAt: 1 });
    expect(rules.isRevoked({ jti: 'one' })).to.equal(true);
  });

  it('go by the wall clock unless told otherwise', () => {
    const rules = new RevocationRules();
    rules.add({ jti: 'live', expiresAt: Date.now() + 3_600_000 });
    for (let index = 0; index < 1024; index += 1) rules.add({ jti: `${index}`, expiresAt: Date.now() - 1 });
    expect(rules.isRevoked({ jti: 'live' })).to.equal(true);
    expect(rules.size).to.be.below(10);
  });

  const strangers: JwtClaims[] = [
    {},
    { sub: 'eve', iat: 1 },
    { jti: 'bob' },
    { sub: 'one' },
    { sub: null, jti: {} } as unknown as JwtClaims,
  ];
  for (const claims of strangers) {
    it(`do not refuse a stranger: ${JSON.stringify(claims)}`, () => {
      const rules = new RevocationRules();
      rules.add({ jti: 'one', expiresAt: null });
      rules.add({ sub: 'bob', issuedBefore: 10, expiresAt: null });
      expect(rules.isRevoked(claims)).to.equal(false);
    });
  }

  it('refuse like a list that is looked through', () => {
    const name = constantFrom('a', 'b', '1', '__proto__');
    const rule = oneof(
      record({ jti: name, expiresAt: option(nat()) }),
      record({ sub: name, issuedBefore: nat(20), expiresAt: option(nat()) }),
    );
    const claim = oneof(name, nat(2));
    const claims = record({ jti: claim, sub: claim, iat: nat(20) }, { requiredKeys: [] });
    assert(
      property(array(rule), claims, (list, token) => {
        const rules = new RevocationRules(() => 0);
        for (const one of list) rules.add(one);
        const isRefused = list.some((one) =>
          'jti' in one
            ? String(token.jti) === one.jti
            : String(token.sub) === one.sub && (token.iat === undefined || token.iat < one.issuedBefore),
        );
        expect(rules.isRevoked(token as JwtClaims)).to.equal(isRefused);
      }),
    );
  });
});

describe('what a rule compares', () => {
  const ages: [claims: object, isBefore: boolean][] = [
    [{ iat: 9 }, true],
    [{ iat: 9.999 }, true],
    [{ iat: 10 }, false],
    [{ iat: 11 }, false],
    [{}, true],
    [{ iat: '11' }, true],
    [{ iat: null }, true],
  ];
  for (const [claims, isBefore] of ages) {
    it(`is iat, and a token that does not say counts as old: ${JSON.stringify(claims)}`, () =>
      expect(issuedBefore(claims as JwtClaims, 10)).to.equal(isBefore));
  }

  const names: [claim: unknown, key: string | undefined][] = [
    ['bob', 'bob'],
    ['', ''],
    [7, '7'],
    [0, '0'],
    [true, undefined],
    [null, undefined],
    [undefined, undefined],
    [{}, undefined],
    [['bob'], undefined],
  ];
  for (const [claim, key] of names) {
    it(`is a name as text, if it is one: ${JSON.stringify(claim)}`, () =>
      expect(claimText(claim)).to.equal(key));
  }
});
