import { expect } from 'chai';
import { assert, dictionary, jsonValue, property, string } from 'fast-check';
import type { JwtClaims } from '../../lib';
import { Rejections } from '../support/rejections';
import { claimText, identityOf, namedUserClaim, userKeyOf } from '../../lib/token/user';

const bySub = namedUserClaim('sub');
const keyOf = (claims: object, userClaim = bySub): string =>
  userKeyOf(claims as JwtClaims, identityOf(claims as JwtClaims, userClaim));
const parse = (text: string): JwtClaims => JSON.parse(text) as JwtClaims;

describe('a claim as text', () => {
  const texts: [claim: unknown, text: string | undefined][] = [
    ['bob', 'bob'],
    [7, '7'],
    [0, '0'],
    [-0, '0'],
    [-7, '-7'],
    [2 ** 53 - 1, '9007199254740991'],
    ['', undefined],
    [2 ** 53, undefined],
    [1.5, undefined],
    [NaN, undefined],
    [Infinity, undefined],
    [null, undefined],
    [undefined, undefined],
    [true, undefined],
    [['bob'], undefined],
    [{ sub: 'bob' }, undefined],
  ];
  for (const [claim, text] of texts) {
    it(`is ${JSON.stringify(text)} for ${JSON.stringify(claim)}`, () =>
      expect(claimText(claim)).to.equal(text));
  }
});

describe('the query to revocation about a token', () => {
  it('has jti, user, sid and iss as text, and iat as a number', () => {
    const claims = {
      jti: 1,
      sub: 'bob',
      sid: 's',
      iss: 'https://issuer.example',
      iat: 5,
      exp: 6,
      name: 'Bob',
    };
    expect(identityOf(claims as unknown as JwtClaims, bySub)).to.deep.equal({
      jti: '1',
      sub: 'bob',
      sid: 's',
      iss: 'https://issuer.example',
      iat: 5,
    });
  });

  it('leaves out claims that are missing, or no text', () => {
    expect(identityOf({}, bySub)).to.deep.equal({});
    const odd = { jti: {}, sub: '', sid: null, iss: true, iat: '5' };
    expect(identityOf(odd as unknown as JwtClaims, bySub)).to.deep.equal({});
  });

  it('has the user by another claim, or by a function', () => {
    const claims = { sub: 'client-7', user_id: 7 };
    expect(identityOf(claims, namedUserClaim('user_id'))).to.deep.equal({ sub: '7' });
    expect(identityOf(claims, ({ user_id }) => `user-${String(user_id)}`)).to.deep.equal({ sub: 'user-7' });
    expect(identityOf(claims, ({ user_id }) => user_id)).to.deep.equal({ sub: '7' });
  });

  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    it(`has no user by ${name}, unless the token has it`, () => {
      expect(identityOf({ sub: 'bob' }, namedUserClaim(name))).to.deep.equal({});
      expect(identityOf(parse(`{"${name}":"bob"}`), namedUserClaim(name))).to.deep.equal({ sub: 'bob' });
    });
  }

  for (const nobody of [undefined, null, '']) {
    it(`has no user if a function returns ${JSON.stringify(nobody)}`, () => {
      expect(identityOf({ sub: 'bob' }, () => nobody)).to.deep.equal({});
    });
  }

  const nonsense: [what: string, given: () => unknown][] = [
    ['true', () => true],
    ['an object', () => ({ sub: 'bob' })],
    ['a list', () => ['bob']],
    ['NaN', () => NaN],
    ['a number that is not exact', () => 2 ** 60],
    ['a function', () => () => 'bob'],
    ['a symbol', () => Symbol('bob')],
    ['a promise', () => Promise.resolve('bob')],
    ['a promise that rejects', () => Promise.reject(new Error('oops'))],
  ];
  for (const [what, given] of nonsense) {
    it(`is impossible if a function returns ${what}`, async () => {
      const rejections = new Rejections();
      expect(() => identityOf({}, given)).to.throw(TypeError, 'options.userClaim must give a string');
      await rejections.close();
    });
  }
});

describe('the user of a token', () => {
  const same: [what: string, one: object, other: object][] = [
    [
      'the same issuer and sub, whatever else',
      { iss: 'a', sub: 'bob', jti: 1, role: 'x' },
      { iss: 'a', sub: 'bob' },
    ],
    ['no issuer and the same sub', { sub: 'bob', exp: 1 }, { sub: 'bob', exp: 2 }],
    ['no issuer, told as null', { iss: null, sub: 'bob' }, { sub: 'bob' }],
    ['the same sub as number and as text', { sub: 7 }, { sub: '7' }],
    [
      'no sub, and all but exp, nbf, iat and jti',
      { id: 1, exp: 1, nbf: 1, iat: 1, jti: 'a' },
      { id: 1, exp: 2, iat: 2, jti: 'b' },
    ],
    [
      'no sub, and the same claims in another order',
      { id: 1, a: { b: 1, c: [2] } },
      { a: { c: [2], b: 1 }, id: 1 },
    ],
    ['an empty sub, and the same claims', { sub: '', id: 1 }, { id: 1, sub: '' }],
    ['no claims at all', {}, { exp: 1 }],
    ['fractions that are the same', { at: 1.5 }, { at: 1.5 }],
  ];
  for (const [what, one, other] of same) {
    it(`is the same: ${what}`, () => expect(keyOf(one)).to.equal(keyOf(other)));
  }

  const others: [what: string, one: object, other: object][] = [
    ['another sub', { sub: 'bob' }, { sub: 'eve' }],
    ['another issuer', { iss: 'a', sub: 'bob' }, { iss: 'b', sub: 'bob' }],
    ['an issuer and none', { iss: 'a', sub: 'bob' }, { sub: 'bob' }],
    ['an empty issuer and none', { iss: '', sub: 'bob' }, { sub: 'bob' }],
    ['issuers that are no text', { iss: { a: 1 }, sub: 'bob' }, { iss: { a: 2 }, sub: 'bob' }],
    ['an issuer that reads as the end of another', { iss: 'a', sub: 'b,c' }, { iss: 'a,b', sub: 'c' }],
    ['an issuer with quotes in its name', { iss: 'a","b', sub: 'c' }, { iss: 'a', sub: 'b","c' }],
    ['a sub and none', { sub: 'bob' }, {}],
    ['an empty sub and none', { sub: '', id: 1 }, { id: 1 }],
    ['no sub, and another id', { id: 1 }, { id: 2 }],
    ['no sub, and an id as number and as text', { id: 1 }, { id: '1' }],
    ['no sub, and a claim of another name', { id: 1 }, { uid: 1 }],
    ['no sub, and a claim of another name within', { a: { id: 1 } }, { a: { uid: 1 } }],
    ['no sub, and one claim more', { id: 1 }, { id: 1, admin: true }],
    ['no sub, and lists in another order', { roles: ['a', 'b'] }, { roles: ['b', 'a'] }],
    ['no sub, and a list in a list', { a: [[1], 2] }, { a: [[1, 2]] }],
    ['no sub, and an empty list and object', { a: [] }, { a: {} }],
    ['no sub, and null and nothing', { a: null }, {}],
    ['no sub, and a list that looks like an object', { a: ['b', 1] }, { a: { b: 1 } }],
    ['names that look like their users', { sub: 'claims x' }, { id: 'user x' }],
    ['a claim that is called as another level', { a: { b: 1 }, c: 2 }, { a: { b: 1, c: 2 } }],
  ];
  for (const [what, one, other] of others) {
    it(`is a different one: ${what}`, () => expect(keyOf(one)).not.to.equal(keyOf(other)));
  }

  it('is a different one: no sub, and another __proto__', () => {
    expect(keyOf(parse('{"id":1,"__proto__":{"a":1}}'))).not.to.equal(
      keyOf(parse('{"id":1,"__proto__":{"a":2}}')),
    );
    expect(keyOf(parse('{"id":1,"__proto__":{"a":1}}'))).not.to.equal(keyOf({ id: 1 }));
    expect(keyOf(parse('{"a":{"__proto__":1}}'))).not.to.equal(keyOf(parse('{"a":{"__proto__":2}}')));
  });

  it('is never the same by an inexact number, for which the issuer may have written two', () => {
    const [one, other] = ['9007199254740993', '9007199254740992'];
    for (const claim of ['id', 'sub', 'iss'])
      expect(keyOf(parse(`{"${claim}":${one}}`)), claim).not.to.equal(keyOf(parse(`{"${claim}":${other}}`)));
    expect(keyOf(parse('{"iss":1e400,"sub":"bob"}'))).not.to.equal(keyOf(parse('{"iss":1e500,"sub":"bob"}')));
  });

  it('can be computed from deeply nested claims, without recursion', () => {
    const nested = (middle: string): JwtClaims =>
      parse(`{"a":${'['.repeat(100_000)}${middle}${']'.repeat(100_000)}}`);
    expect(keyOf(nested('1')))
      .to.equal(keyOf(nested('1')))
      .and.not.to.equal(keyOf(nested('2')));
  });

  it('can be computed from claims with many members', () => {
    const wide = (last: number): JwtClaims => ({ a: [...Array.from({ length: 200_000 }, () => 1), last] });
    expect(keyOf(wide(1)))
      .to.equal(keyOf(wide(1)))
      .and.not.to.equal(keyOf(wide(2)));
  });

  it('is text that JSON keeps, and of bounded length if the token names no user', () => {
    const key = keyOf({ text: 'x'.repeat(10_000) });
    expect(key).to.have.length.below(100);
    for (const some of [key, keyOf({ sub: 'b\u{1f511}b\ud800' })])
      expect(JSON.parse(JSON.stringify(some))).to.equal(some);
  });

  it('is the same for equal claims, and different for others', () => {
    // Not named by any of the claims that tell tokens apart, or the user.
    const claims = dictionary(
      string().map((name) => `c${name}`),
      jsonValue(),
    );
    const reordered = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reordered);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([name, member]) => [name, reordered(member)]),
      );
    };
    const isExact = (text: string): boolean => !/\d{16}|e[+-]?\d/i.test(text);
    assert(
      property(claims, claims, (one, other) => {
        if (isExact(JSON.stringify(one))) expect(keyOf(reordered(one) as object)).to.equal(keyOf(one));
        const [names, otherNames] = [one, other].map((some) => Object.keys(some).toSorted());
        if (String(names) !== String(otherNames)) expect(keyOf(one)).not.to.equal(keyOf(other));
      }),
    );
  });
});
