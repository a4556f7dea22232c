import { spawnSync } from 'node:child_process';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { assert, property, string } from 'fast-check';
import { isUnauthorizedError, UnauthorizedError } from '../../lib';
import { toWire, unauthorized } from '../../lib/errors';
import { CODES } from '../../lib/protocol';
import type { UnauthorizedCode } from '../../lib/protocol';
import { ROOT } from '../support/repository';

/** Whether a client may try again without a person, for every code there is. */
const RETRYABLE: Record<UnauthorizedCode, boolean> = {
  credentials_required: true,
  credentials_bad_format: false,
  missing_authorization_header: false,
  invalid_token: true,
  invalid_secret: true,
  revocation_unavailable: true,
  identity_mismatch: false,
  authentication_in_progress: true,
  not_authenticated: true,
  insufficient_scope: false,
  authentication_timeout: true,
  too_many_attempts: false,
  server_busy: true,
  rate_limited: true,
  server_misconfigured: false,
  unknown: false,
};

describe('a refusal', () => {
  it('has a code, for which the table says whether another try can succeed', () => {
    expect(Object.keys(RETRYABLE)).to.have.members(Object.values(CODES));
  });

  for (const [code, retryable] of Object.entries(RETRYABLE)) {
    it(`${code} is ${retryable ? '' : 'not '}retryable, and has a message for people`, () => {
      const error = new UnauthorizedError(code);
      expect(error.data).to.deep.equal({
        message: error.message,
        code,
        type: 'UnauthorizedError',
        retryable,
      });
      expect(error.message).to.be.a('string').and.not.to.equal('').and.not.to.equal(code);
    });
  }

  it('for a revoked token is not retryable, and for any other reason it is', () => {
    const isRetryable = (reason: 'revoked' | 'expired'): boolean =>
      new UnauthorizedError(CODES.invalidToken, { reason }).data.retryable;
    expect([isRetryable('revoked'), isRetryable('expired')]).to.deep.equal([false, true]);
  });

  it('under a code of the application is not retryable unless it says so', () => {
    const given = [undefined, false, true].map(
      (retryable) =>
        new UnauthorizedError('account_locked', retryable === undefined ? {} : { retryable }).data.retryable,
    );
    expect(given).to.deep.equal([false, false, true]);
  });

  it('of the library can be made not retryable', () => {
    expect(new UnauthorizedError(CODES.invalidToken, { retryable: false }).data.retryable).to.equal(false);
  });

  it('with any code has that code, as text', () => {
    assert(
      property(string(), (code) => {
        const { data, message } = new UnauthorizedError(code);
        expect([data.code, typeof data.message, data.message]).to.deep.equal([code, 'string', message]);
      }),
    );
  });

  for (const code of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    it(`with the code ${code}, which every object inherits, has that code as its message`, () => {
      expect(new UnauthorizedError(code).data).to.include({ code, message: code });
    });
  }

  it('keeps the texts that clients of socketio-jwt compare', () => {
    const messageOf = (code: string): string => new UnauthorizedError(code).message;
    expect(messageOf(CODES.credentialsRequired)).to.equal('no token provided');
    expect(messageOf(CODES.credentialsBadFormat)).to.equal('Format is Authorization: Bearer [token]');
    expect(messageOf(CODES.missingAuthorizationHeader)).to.equal('Server requires Authorization Header');
  });

  it('is an Error whose name, code and data agree', () => {
    const error = new UnauthorizedError('account_locked', { message: 'ask your administrator' });
    expect(error).to.be.instanceOf(Error);
    expect(error.code).to.equal(error.data.code);
    expect(error.inner).to.deep.equal({ message: 'ask your administrator' });
    expect(String(error)).to.equal('UnauthorizedError: ask your administrator');
    expect(error.stack).to.include('errors.test');
    expect(Object.keys(error)).to.have.members(['code', 'data', 'inner']);
  });
});

describe('a refusal on the wire', () => {
  const full = new UnauthorizedError(CODES.rateLimited, {
    message: 'slowly',
    reason: 'claim',
    retryAfter: 0,
    event: 'news',
    cause: new Error('the database said: hunter2'),
  });

  it('has the members of the protocol, and no others', () => {
    expect(toWire(full)).to.deep.equal({
      message: 'slowly',
      inner: { message: 'slowly' },
      data: {
        message: 'slowly',
        code: 'rate_limited',
        type: 'UnauthorizedError',
        reason: 'claim',
        retryable: true,
        retryAfter: 0,
        event: 'news',
      },
    });
  });

  it('does not contain its cause, which only the operator sees', () => {
    expect((full.cause as Error).message).to.include('hunter2');
    expect(inspect(full)).to.include('hunter2');
    for (const value of [toWire(full), full, full.data]) {
      expect(JSON.stringify(value)).not.to.include('hunter2').and.not.to.include('stack');
    }
  });

  it('contains no field that other code has added to the error', () => {
    const error = Object.assign(new UnauthorizedError('mine'), { token: 'hunter2' });
    expect(JSON.stringify(toWire(error))).not.to.include('hunter2');
  });

  it('can be changed without changing the error', () => {
    const wire = toWire(full);
    wire.data.code = 'changed';
    expect(full.data.code).to.equal('rate_limited');
  });

  it('has no cause if none was given', () => {
    expect('cause' in new UnauthorizedError('mine')).to.equal(false);
  });
});

describe('isUnauthorizedError', () => {
  it('accepts errors of this and of any other copy, and what clients get', () => {
    const error = new UnauthorizedError('mine');
    for (const value of [error, JSON.parse(JSON.stringify(toWire(error))) as unknown])
      expect(isUnauthorizedError(value)).to.equal(true);
  });

  const others = [undefined, null, 'error', new Error('x'), {}, { data: null }, { data: { type: 'Error' } }];
  for (const value of others) {
    it(`does not accept ${value instanceof Error ? 'any Error' : JSON.stringify(value)}`, () =>
      expect(isUnauthorizedError(value)).to.equal(false));
  }
});

describe('a refusal that the library makes', () => {
  it('has no stack, so that a flood of refusals costs little', () => {
    const { stack } = unauthorized('account_locked', { message: 'ask Bob' });
    expect(stack).to.equal('UnauthorizedError: ask Bob');
    expect(new Error('another').stack).to.match(/\n {4}at /);
  });

  it('can be made even if Error is frozen', () => {
    const script = `
      Object.freeze(Error);
      const { unauthorized } = require('./.build/lib/errors');
      const { TokenVerifier } = require('./.build/lib/token/verifier');
      const { stack } = unauthorized('account_locked');
      const rules = { passed: {}, clockTolerance: 0, ignoreExpiration: false };
      const { code } = new TokenVerifier(rules).verify('a.b.c', [{ key: {}, algorithms: ['HS256'] }]);
      process.stdout.write([stack.split('\\n')[0], code].join());
    `;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' });
    expect(stdout).to.equal('UnauthorizedError: account_locked,invalid_token');
  });
});
