import { createSecretKey } from 'node:crypto';
import { expect } from 'chai';
import { assert, dictionary, jsonValue, property, string } from 'fast-check';
import jsonwebtoken from 'jsonwebtoken';
import { restore, spy, useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import { UnauthorizedError } from '../../lib';
import type { JwtClaims } from '../../lib';
import { toVerificationKey } from '../../lib/keys';
import { VerifiedTokens } from '../../lib/verified-tokens';
import { TokenVerifier } from '../../lib/verify';
import { createToken, RULES, SECRET } from '../support/tokens';

const key = toVerificationKey(SECRET);
const NOW = 1_800_000_000;

function expectRefusal(outcome: JwtClaims | UnauthorizedError, message = ''): void {
  expect(outcome).to.be.instanceOf(UnauthorizedError).with.property('message').that.includes(message);
}

describe('a token that was good before', () => {
  let clock: SinonFakeTimers;
  let verify: ReturnType<typeof spyOnVerify>;
  const spyOnVerify = () => spy(jsonwebtoken, 'verify');

  beforeEach(() => {
    clock = useFakeTimers({ now: NOW * 1000, toFake: ['Date'] });
    verify = spyOnVerify();
  });

  afterEach(() => restore());

  it('is recognised, and its signature not checked again', () => {
    const verifier = new TokenVerifier(RULES);
    const token = createToken({ sub: 'bob', list: [1] }, { expiresIn: 60 });
    const first = verifier.verify(token, [key]);
    expect(verifier.verify(token, [key])).to.deep.equal(first);
    expect(verify.callCount).to.equal(1);
  });

  it('gives claims of their own each time: what one session does to them no other sees', () => {
    const verifier = new TokenVerifier(RULES);
    const token = createToken({ sub: 'bob', roles: ['member'] });
    for (let time = 0; time < 3; time += 1) {
      const claims = verifier.verify(token, [key]) as JwtClaims;
      expect(claims).to.deep.include({ sub: 'bob', roles: ['member'] });
      (claims['roles'] as string[]).push('admin');
      claims.sub = 'alice';
    }
  });

  it('is read as jsonwebtoken reads it, whatever it claims', () => {
    const verifier = new TokenVerifier(RULES);
    assert(
      property(dictionary(string(), jsonValue()), string(), (claims, sub) => {
        const token = createToken({ claims, sub: `${sub}.`, 'ключ €': '"\\\u0000' });
        expect(verifier.verify(token, [key])).to.deep.equal(verifier.verify(token, [key]));
      }),
      { numRuns: 200 },
    );
    expect(verify.callCount).to.be.at.most(200);
  });

  it('is refused when it has expired', () => {
    const verifier = new TokenVerifier(RULES);
    const token = createToken({ sub: 'bob' }, { expiresIn: 60 });
    verifier.verify(token, [key]);
    clock.setSystemTime((NOW + 59) * 1000);
    verifier.verify(token, [key]);
    clock.setSystemTime((NOW + 60) * 1000);
    expectRefusal(verifier.verify(token, [key]), 'jwt expired');
  });

  it('is refused when it has grown too old', () => {
    const verifier = new TokenVerifier({ ...RULES, passed: { maxAge: 10 }, maxAge: 10 });
    const token = createToken({ sub: 'bob' });
    verifier.verify(token, [key]);
    clock.setSystemTime((NOW + 10) * 1000);
    expectRefusal(verifier.verify(token, [key]), 'maxAge');
  });

  it('is refused when the clock was set back to before it is active', () => {
    const verifier = new TokenVerifier(RULES);
    const token = createToken({ sub: 'bob' }, { notBefore: 0 });
    verifier.verify(token, [key]);
    clock.setSystemTime((NOW - 1) * 1000);
    expectRefusal(verifier.verify(token, [key]), 'jwt not active');
  });

  it('is refused when its key is accepted no longer, and counts again when it is', () => {
    const verifier = new TokenVerifier(RULES);
    const other = toVerificationKey('another secret, and just as long as the first');
    const token = createToken();
    verifier.verify(token, [other, key]);
    expectRefusal(verifier.verify(token, [other]), 'invalid signature');
    verifier.verify(token, [key]);
    expect(verify.callCount, 'other, key, other').to.equal(3);
  });

  it('is verified anew under another key object, even one of the same bytes', () => {
    const verifier = new TokenVerifier(RULES);
    const token = createToken();
    verifier.verify(token, [key]);
    verifier.verify(token, [toVerificationKey(createSecretKey(Buffer.from(SECRET)))]);
    expect(verify.callCount).to.equal(2);
  });

  it('is not taken for another that differs in one character', () => {
    const verifier = new TokenVerifier(RULES);
    const token = createToken();
    verifier.verify(token, [key]);
    for (let place = 0; place < token.length - 1; place += 1) {
      const other = `${token.slice(0, place)}${token[place] === 'A' ? 'B' : 'A'}${token.slice(place + 1)}`;
      expectRefusal(verifier.verify(other, [key]), '');
    }
  });

  it('is verified anew after it was forgotten', () => {
    const verifier = new TokenVerifier(RULES);
    const token = createToken();
    verifier.verify(token, [key]);
    verifier.forget(token);
    verifier.verify(token, [key]);
    expect(verify.callCount).to.equal(2);
  });

  it('that was refused is verified each time', () => {
    const verifier = new TokenVerifier(RULES);
    const forged = createToken({ sub: 'bob' }, {}, 'a secret of somebody else, and long enough');
    for (let time = 1; time <= 3; time += 1) {
      expectRefusal(verifier.verify(forged, [key]), 'invalid signature');
      expect(verify.callCount).to.equal(time);
    }
  });
});

describe('the tokens that are remembered', () => {
  const MEBI = 2 ** 20;
  const named = (name: string): string => name.padEnd(MEBI, '.');

  it('are those shown last: at least four, at most eight million characters', () => {
    const tokens = new VerifiedTokens();
    const names = Array.from({ length: 20 }, (_, index) => named(`token ${index} `));
    for (const name of names) tokens.add(name, key);
    const kept = names.filter((name) => tokens.keyOf(name) !== undefined);
    expect(kept.length).to.be.within(4, 8);
    expect(kept).to.deep.equal(names.slice(-kept.length));
  });

  it('stay as long as they are shown now and then', () => {
    const tokens = new VerifiedTokens();
    tokens.add(named('regular '), key);
    for (let index = 0; index < 40; index += 1) {
      tokens.add(named(`passer-by ${index} `), key);
      if (index % 3 === 0) tokens.add(named('regular '), key);
    }
    expect(tokens.keyOf(named('regular '))).to.equal(key);
  });

  it('take no room for being shown again', () => {
    const tokens = new VerifiedTokens();
    tokens.add(named('first '), key);
    for (let index = 0; index < 100; index += 1) tokens.add(named('second '), key);
    expect(tokens.keyOf(named('first '))).to.equal(key);
  });

  it('are not pushed out by one that is remembered and forgotten without end', () => {
    const tokens = new VerifiedTokens();
    tokens.add(named('first '), key);
    for (let index = 0; index < 100; index += 1) {
      tokens.add(named('second '), key);
      tokens.delete(named('second '));
    }
    expect(tokens.keyOf(named('first '))).to.equal(key);
  });

  it('are gone when deleted, from whichever half', () => {
    const tokens = new VerifiedTokens();
    const names = Array.from({ length: 5 }, (_, index) => named(`token ${index} `));
    for (const name of names) tokens.add(name, key);
    for (const name of names) tokens.delete(name);
    expect(names.filter((name) => tokens.keyOf(name) !== undefined)).to.deep.equal([]);
  });
});
