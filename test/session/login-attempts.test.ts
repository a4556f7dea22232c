import { expect } from 'chai';
import { unauthorized } from '../../lib/errors';
import { CODES, REASONS } from '../../lib/protocol';
import { LoginAttempts } from '../../lib/session/login-attempts';
import type { Outcome } from '../../lib/token/admission';

const BAD = unauthorized(CODES.invalidToken);
/** The design's settled point 1: failures of the key source, the store and the limiter do not count. */
const NOT_THE_TOKENS_FAULT: ReadonlySet<string> = new Set([
  CODES.invalidSecret,
  CODES.revocationUnavailable,
  CODES.rateLimited,
  CODES.serverBusy,
  CODES.authenticationInProgress,
]);

describe('the login attempts of a connection', () => {
  for (const max of [1, 5]) {
    it(`are exhausted by ${max} refused tokens if maxAttempts is ${max}`, () => {
      const attempts = new LoginAttempts(max);
      for (let count = 1; count <= max; count += 1) {
        expect(attempts.isExhausted).to.equal(false);
        expect(attempts.fail(BAD)).to.equal(count === max);
      }
      expect(attempts.isExhausted).to.equal(true);
      expect(attempts.fail(BAD)).to.equal(true);
    });
  }

  it('are never exhausted if maxAttempts is Infinity', () => {
    const attempts = new LoginAttempts(Infinity);
    for (let count = 0; count < 1000; count += 1) expect(attempts.fail(BAD)).to.equal(false);
  });

  it('count since the last good token', () => {
    const attempts = new LoginAttempts(3);
    for (let times = 0; times < 3; times += 1) {
      attempts.fail(BAD);
      attempts.fail(BAD);
      attempts.succeed();
    }
    expect(attempts.isExhausted).to.equal(false);
    expect(attempts.isBlank).to.equal(true);
  });

  for (const code of [...Object.values(CODES), 'account_locked']) {
    const counts = !NOT_THE_TOKENS_FAULT.has(code);
    it(`${counts ? 'count' : 'do not count'} ${code}`, () => {
      const attempts = new LoginAttempts(1);
      expect(attempts.fail(unauthorized(code))).to.equal(counts);
      expect(attempts.isExhausted).to.equal(counts);
      expect(attempts.isBlank).to.equal(!counts);
    });
  }

  it('count a refusal once that comes before its socket, and again if the application refuses with the same error', () => {
    const attempts = new LoginAttempts(3);
    attempts.failEarly(BAD);
    expect(attempts.fail(BAD)).to.equal(false);
    attempts.failEarly(BAD);
    attempts.failEarly(BAD);
    expect(attempts.isExhausted).to.equal(true);
    attempts.succeed();
    expect(attempts.fail(BAD)).to.equal(false);
    expect(attempts.fail(BAD)).to.equal(false);
    expect(attempts.isBlank).to.equal(false);
  });

  it('do not count a refusal before its socket that is not the fault of the token', () => {
    const attempts = new LoginAttempts(1);
    attempts.failEarly(unauthorized(CODES.invalidSecret));
    expect(attempts.isBlank).to.equal(true);
  });

  it('do not count a token that is not active yet', () => {
    const attempts = new LoginAttempts(1);
    expect(attempts.fail(unauthorized(CODES.invalidToken, { reason: REASONS.notActive }))).to.equal(false);
    expect(attempts.fail(unauthorized(CODES.invalidToken, { reason: REASONS.expired }))).to.equal(true);
  });

  it('are not forgotten while a token is being verified', async () => {
    const attempts = new LoginAttempts(1);
    expect(attempts.isBlank).to.equal(true);
    let finish: (outcome: Outcome) => void = () => undefined;
    attempts.verification.submit({
      judge: () => new Promise((resolve) => (finish = resolve)),
      settle: () => undefined,
    });
    expect(attempts.isBlank).to.equal(false);
    finish(BAD);
    await new Promise(setImmediate);
    expect(attempts.isBlank).to.equal(true);
  });
});
