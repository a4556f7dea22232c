import { expect } from 'chai';
import { sign } from 'jsonwebtoken';
import { assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import type { JwtClaims } from '../../lib';
import { UnauthorizedError } from '../../lib';
import { toVerificationKeys } from '../../lib/token/keys';
import type { VerificationKey } from '../../lib/token/keys';
import type { LifeRules } from '../../lib/token/token-life';
import { SECRET, tokenLife, tokenVerifier } from '../support/tokens';

const now = 1_700_000_000;
const LAST = 253_402_300_799;

describe('the end of a session', () => {
  const ends: [what: string, claims: JwtClaims, end: number, rules?: Partial<LifeRules>][] = [
    ['at exp', { exp: 100 }, 100_000],
    ['at a fraction of a second', { exp: 100.25 }, 100_250],
    ['at exp and the tolerance', { exp: 100 }, 105_000, { clockTolerance: 5 }],
    ['at iat and maxAge', { iat: 50, exp: 100 }, 60_000, { maxAge: 10 }],
    ['at exp, if that is earlier', { iat: 50, exp: 55 }, 55_000, { maxAge: 10 }],
    ['never without either', { iat: 50 }, Infinity],
    ['never, if no iat tells the age', {}, Infinity, { maxAge: 10 }],
    ['never with ignoreExpiration', { exp: 100 }, Infinity, { ignoreExpiration: true }],
    [
      'at iat and maxAge also with ignoreExpiration',
      { iat: 50, exp: 55 },
      60_000,
      { maxAge: 10, ignoreExpiration: true },
    ],
    ['no later than a Date can say', { exp: LAST }, 8.64e15, { clockTolerance: 1e300 }],
  ];
  for (const [what, claims, end, rules] of ends) {
    it(`comes ${what}`, () => {
      expect(tokenLife(rules).endOf(claims)).to.equal(end);
    });
  }
});

describe('a moment in a token', () => {
  for (const name of ['exp', 'nbf', 'iat']) {
    it(`is refused after the year 9999, such as ${name} in ms`, () => {
      for (const moment of [LAST + 1, now * 1000, 1e300, Infinity]) {
        const fault = tokenLife().faultOf({ [name]: moment });
        expect(fault?.data).to.include({ reason: 'claim', message: `invalid ${name} value` });
      }
    });

    it(`may be the last second of the year 9999, or no number at all, as ${name}`, () => {
      for (const moment of [LAST, 0, -1, undefined, 'tomorrow'])
        expect(tokenLife().faultOf({ [name]: moment })).to.equal(undefined);
    });
  }
});

describe("claims of the application's verifier", () => {
  const refused: [
    what: string,
    claims: object,
    reason: string,
    message: string,
    rules?: Partial<LifeRules>,
  ][] = [
    ['that have expired', { exp: now }, 'expired', 'jwt expired'],
    ['whose exp is no number', { exp: 'soon' }, 'claim', 'invalid exp value'],
    ['whose exp is null', { exp: null }, 'claim', 'invalid exp value'],
    ['whose exp is in ms', { exp: now * 1000 }, 'claim', 'invalid exp value'],
    ['whose nbf is no number', { nbf: '0' }, 'claim', 'invalid nbf value'],
    ['whose nbf is ahead', { nbf: now + 1 }, 'not_active', 'jwt not active'],
    [
      'that are from more than five minutes ahead, where an age is asked for',
      { iat: now + 301 },
      'not_active',
      'jwt not active',
      { maxAge: 60 },
    ],
    [
      'that are from farther ahead than five minutes and the tolerance',
      { iat: now + 306, exp: now },
      'not_active',
      'jwt not active',
      { maxAge: 60, clockTolerance: 5, ignoreExpiration: true },
    ],
    ['that are too old', { iat: now - 60 }, 'expired', 'maxAge exceeded', { maxAge: 60 }],
    [
      'that are too old, where exp does not count',
      { iat: now - 60, exp: now + 60 },
      'expired',
      'maxAge exceeded',
      { maxAge: 60, ignoreExpiration: true },
    ],
    [
      'without iat, where an age is asked for',
      {},
      'claim',
      'iat required when maxAge is specified',
      { maxAge: 60 },
    ],
  ];
  for (const [what, claims, reason, message, rules] of refused) {
    it(`${what} are refused as ${reason}`, () => {
      const refusal = tokenLife(rules).judge(claims as JwtClaims, now * 1000 + 500);
      expect(refusal?.code).to.equal('invalid_token');
      expect(refusal?.data).to.include({ reason, message });
    });
  }

  const good: [what: string, claims: object, rules?: Partial<LifeRules>][] = [
    ['without any moment', {}],
    ['in their last second', { exp: now + 1, nbf: now, iat: now }],
    [
      'that have expired within the tolerance',
      { exp: now, iat: now - 60 },
      { clockTolerance: 1, maxAge: 60 },
    ],
    ['that are from five minutes ahead, where an age is asked for', { iat: now + 300 }, { maxAge: 60 }],
    [
      'that are from five minutes and the tolerance ahead',
      { iat: now + 305 },
      { maxAge: 60, clockTolerance: 5 },
    ],
    ['that are from far ahead, where no age is asked for', { iat: now + 100_000 }],
    ['that have expired, where exp does not count', { exp: 1 }, { ignoreExpiration: true }],
    ['whose exp is no number, where it does not count', { exp: 'soon' }, { ignoreExpiration: true }],
    ['whose nbf is ahead within the tolerance', { nbf: now + 2 }, { clockTolerance: 2 }],
  ];
  for (const [what, claims, rules] of good) {
    it(`${what} are accepted`, () => {
      expect(tokenLife(rules).judge(claims as JwtClaims, now * 1000 + 500)).to.equal(undefined);
    });
  }

  it('are checked as jsonwebtoken checks a token', () => {
    const [key] = toVerificationKeys(SECRET) as [VerificationKey];
    const second = Math.floor(Date.now() / 1000);
    const moment = oneof(
      // Not within the seconds that this test may take.
      integer({ min: -60, max: 60 })
        .filter((one) => Math.abs(one) > 25)
        .map((one) => second + one),
      // Far ahead.
      integer({ min: 350, max: 400 }).map((one) => second + one),
      constantFrom(undefined, 'soon', null),
    );
    const claims = record({ exp: moment, nbf: moment, iat: moment });
    const rules = record({
      maxAge: constantFrom(undefined, 40),
      clockTolerance: constantFrom(0, 10),
      ignoreExpiration: constantFrom(false, true),
    });
    assert(
      property(claims, rules, (some, { maxAge, ...others }) => {
        const life = tokenLife({ maxAge, ...others });
        const passed = { ...others, ...(maxAge !== undefined && { maxAge }) };
        // As text, since who signs would stumble over such claims.
        const token = sign(JSON.stringify(some), SECRET);
        const outcome = tokenVerifier({ passed }, life).verify(token, [key]);
        const theirs = outcome instanceof UnauthorizedError ? outcome.data.message : 'good';
        expect(life.judge(some as JwtClaims, Date.now())?.data.message ?? 'good').to.equal(theirs);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a token that is not active yet', () => {
  it('may be sent again from the second of its nbf on', () => {
    for (const [nbf, clockTolerance, retryAfter] of [
      [now + 3, 0, 2500],
      [now + 3, 2, 500],
      [now + 2.5, 0, 2500],
    ] as const) {
      const { data } = tokenLife({ clockTolerance }).notActive(nbf, now * 1000 + 500);
      expect(data).to.deep.include({
        code: 'invalid_token',
        reason: 'not_active',
        retryable: true,
        retryAfter,
      });
    }
  });

  it('may be sent again once its iat is five minutes ahead', () => {
    const refusal = tokenLife({ maxAge: 60, clockTolerance: 5 }).judge({ iat: now + 310 }, now * 1000 + 500);
    expect(refusal?.data).to.include({ reason: 'not_active', retryAfter: 4500 });
  });

  it('waits for whole milliseconds, though a clock may tell fractions', () => {
    expect(tokenLife().notActive(now + 3, now * 1000 + 0.5).data.retryAfter).to.equal(3000);
  });

  it('never has a negative retryAfter', () => {
    expect(tokenLife().notActive(now, now * 1000).data.retryAfter).to.equal(1);
  });
});
