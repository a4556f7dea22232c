import { expect } from 'chai';
import { array, assert, constantFrom, nat, oneof, option, property, record } from 'fast-check';
import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import { Deadlines } from '../../lib/runtime/deadlines';
import { identityOf } from '../../lib/token/user';
import { issuedBefore, keyOf } from '../../lib/revocation/rule-keys';
import { CLOCK_MARGIN, RevocationRules } from '../../lib/revocation/rules';
import type { RevocationRule, TokenIdentity } from '../../lib/types';

const HOUR = 3_600_000;

describe('revocation rules in memory', () => {
  let clock: SinonFakeTimers;
  let rules: RevocationRules;
  beforeEach(() => {
    clock = useFakeTimers({ now: 0 });
    rules = new RevocationRules(new Deadlines());
  });
  afterEach(() => clock.restore());

  const refuses = (identity: TokenIdentity): boolean => rules.refusalOf(identity) !== undefined;

  it('are kept until a minute after the tokens that they refuse have expired', () => {
    rules.add({ jti: 'kept', expiresAt: null });
    rules.add({ sub: 'kept', issuedBefore: 5, expiresAt: HOUR + 1 });
    rules.add({ sid: 'over', expiresAt: HOUR });
    clock.tick(HOUR + CLOCK_MARGIN - 1);
    expect(rules.size).to.equal(3);
    clock.tick(1);
    expect(rules.size).to.equal(2);
    expect([refuses({ jti: 'kept' }), refuses({ sub: 'kept', iat: 4 })]).to.deep.equal([true, true]);
    expect([refuses({ sub: 'kept', iat: 5 }), refuses({ sid: 'over' })]).to.deep.equal([false, false]);
    clock.tick(CLOCK_MARGIN);
    expect(refuses({ sub: 'kept', iat: 4 })).to.equal(false);
    expect(refuses({ jti: 'kept' })).to.equal(true);
  });

  it('are forgotten after a burst, though no other rule follows', () => {
    for (let index = 0; index < 1000; index += 1) rules.add({ jti: `${index}`, expiresAt: 1 });
    clock.tick(2 * CLOCK_MARGIN);
    expect(rules.size).to.equal(0);
    expect(clock.countTimers()).to.equal(0);
    rules.add({ jti: 'later', expiresAt: Date.now() + 1 });
    expect(refuses({ jti: 'later' })).to.equal(true);
    clock.tick(2 * CLOCK_MARGIN);
    expect(rules.size).to.equal(0);
  });

  it('are all kept while their tokens are valid, however many there are', () => {
    for (let index = 0; index < 5000; index += 1) rules.add({ jti: `${index}`, expiresAt: 1 });
    expect(rules.size).to.equal(5000);
    expect(refuses({ jti: '0' })).to.equal(true);
  });

  it('for one user are merged: the later moment, kept for the longer time', () => {
    rules.add({ sub: 'bob', issuedBefore: 10, expiresAt: 100 });
    rules.add({ sub: 'bob', issuedBefore: 5, expiresAt: null });
    rules.add({ sub: 'bob', issuedBefore: 11, expiresAt: 1 });
    expect(rules.size).to.equal(1);
    clock.tick(HOUR);
    expect(refuses({ sub: 'bob', iat: 10 })).to.equal(true);
    expect(refuses({ sub: 'bob', iat: 11 })).to.equal(false);
  });

  it('for one token are merged, and kept for the longer time', () => {
    rules.add({ jti: 'one', expiresAt: null });
    rules.add({ jti: 'one', expiresAt: 5 });
    clock.tick(HOUR);
    expect(refuses({ jti: 'one' })).to.equal(true);
  });

  it('allow a fresh token after a rule by sub, and not after one by jti or sid', () => {
    rules.add({ jti: 'one', expiresAt: null });
    rules.add({ sid: 'session', expiresAt: null });
    rules.add({ sub: 'bob', issuedBefore: 10, expiresAt: null });
    expect(rules.refusalOf({ sub: 'bob' })).to.deep.equal({ retryable: true });
    for (const identity of [{ jti: 'one' }, { sid: 'session' }, { sub: 'bob', sid: 'session', jti: 'two' }])
      expect(rules.refusalOf(identity)).to.deep.equal({ retryable: false });
  });

  it('with iss refuse only tokens of that issuer, and without it those of every issuer', () => {
    rules.add({ sub: 'bob', issuedBefore: 10, iss: 'a', expiresAt: null });
    rules.add({ sid: 'session', iss: 'a', expiresAt: null });
    rules.add({ jti: 'one', expiresAt: null });
    for (const identity of [
      { sub: 'bob', iss: 'a' },
      { sid: 'session', iss: 'a' },
      { jti: 'one', iss: 'b' },
    ])
      expect(refuses(identity), JSON.stringify(identity)).to.equal(true);
    for (const identity of [{ sub: 'bob', iss: 'b' }, { sub: 'bob' }, { sid: 'session', iss: 'b' }])
      expect(refuses(identity), JSON.stringify(identity)).to.equal(false);
  });

  const strangers: TokenIdentity[] = [
    {},
    { sub: 'eve', iat: 1 },
    { jti: 'bob' },
    { sub: 'one' },
    { sid: 'bob' },
  ];
  for (const identity of strangers) {
    it(`do not refuse another user: ${JSON.stringify(identity)}`, () => {
      rules.add({ jti: 'one', expiresAt: null });
      rules.add({ sub: 'bob', issuedBefore: 10, expiresAt: null });
      expect(refuses(identity)).to.equal(false);
    });
  }

  it('refuse the same tokens as a search through a plain list', () => {
    const name = constantFrom('a', 'b', '1', '__proto__', '["a","b"]');
    const common = { iss: option(name, { nil: undefined }), expiresAt: option(nat()) };
    const rule = oneof(
      record({ jti: name, ...common }),
      record({ sid: name, ...common }),
      record({ sub: name, issuedBefore: nat(20), ...common }),
    );
    const token = record({ jti: name, sid: name, sub: name, iss: name, iat: nat(20) }, { requiredKeys: [] });
    assert(
      property(array(rule), token, (list, identity) => {
        rules = new RevocationRules(new Deadlines());
        for (const one of list) rules.add(one as RevocationRule);
        const names = (one: (typeof list)[number]): boolean => {
          if ('jti' in one) return identity.jti === one.jti;
          if ('sid' in one) return identity.sid === one.sid;
          return identity.sub === one.sub && (identity.iat ?? -1) < one.issuedBefore;
        };
        const isRefused = list.some(
          (one) => names(one) && (one.iss === undefined || one.iss === identity.iss),
        );
        expect(refuses(identity)).to.equal(isRefused);
      }),
    );
  });
});

describe('a claim that a rule compares', () => {
  const ages: [identity: TokenIdentity, isBefore: boolean][] = [
    [{ iat: 9 }, true],
    [{ iat: 9.999 }, true],
    [{ iat: 10 }, false],
    [{ iat: 11 }, false],
    [{}, true],
  ];
  for (const [identity, isBefore] of ages) {
    it(`is iat, and a token without it counts as old: ${JSON.stringify(identity)}`, () =>
      expect(issuedBefore(identity, 10)).to.equal(isBefore));
  }

  const names: [claim: unknown, text: string | undefined][] = [
    ['bob', 'bob'],
    ['', undefined],
    [7, '7'],
    [0, '0'],
    [true, undefined],
    [null, undefined],
    [undefined, undefined],
    [{}, undefined],
    [['bob'], undefined],
  ];
  for (const [claim, text] of names) {
    it(`is compared as text, if it is a string or a number: ${JSON.stringify(claim)}`, () => {
      const claims = { jti: claim, sid: claim, iss: claim, iat: claim };
      const { iat, ...texts } = identityOf(claims as never, () => text);
      expect(iat).to.equal(typeof claim === 'number' ? claim : undefined);
      expect(texts).to.deep.equal(text === undefined ? {} : { jti: text, sid: text, iss: text, sub: text });
    });
  }

  it('is never confused with another, whatever characters it has', () => {
    const targets = [
      { kind: 'sub', value: 'b', iss: 'a' },
      { kind: 'sub', value: '["a","b"]', iss: undefined },
      { kind: 'sub', value: 'a","b', iss: '' },
      { kind: 'sub', value: 'b', iss: undefined },
      { kind: 'sid', value: 'b', iss: undefined },
      { kind: 'jti', value: 'sub:b', iss: undefined },
      { kind: 'sub', value: '@["a","b"]', iss: undefined },
    ] as const;
    const keys = targets.map(keyOf).map(({ group, name }) => `${group}:${name}`);
    expect(new Set(keys).size).to.equal(targets.length);
  });
});
