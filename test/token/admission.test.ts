import { expect } from 'chai';
import { toSettings } from '../../lib/authorizer/settings';
import { UnauthorizedError } from '../../lib';
import type { AnySocket, AuthorizeOptions, JwtClaims, VerifierOptions } from '../../lib';
import type { TokenIdentity } from '../../lib/types';
import { Deadlines } from '../../lib/runtime/deadlines';
import { Revocations } from '../../lib/revocation/revocations';
import { Admission } from '../../lib/token/admission';
import type { Outcome } from '../../lib/token/admission';
import { toKeptSession } from '../../lib/token/permit';
import type { Permit } from '../../lib/token/permit';
import { createToken, SECRET, tokenEndingIn } from '../support/tokens';
import { Warnings } from '../support/warnings';

const SOCKET = { handshake: { address: '192.0.2.1' } } as AnySocket;

describe('an admission', () => {
  let now: number;
  let deadlines: Deadlines;
  let warnings: Warnings;
  let revoked: unknown;
  let asked: TokenIdentity[];

  beforeEach(() => {
    now = Date.now();
    deadlines = new Deadlines({ now: () => now });
    warnings = new Warnings();
    revoked = false;
    asked = [];
  });
  afterEach(() => {
    deadlines.close();
    warnings.close();
  });

  function admission(options: Partial<AuthorizeOptions> | VerifierOptions = {}): Admission {
    const settings = toSettings('verify' in options ? options : { secret: SECRET, ...options });
    const isRevoked = (identity: TokenIdentity): boolean => {
      asked.push(identity);
      return revoked as boolean;
    };
    const revocations = new Revocations({
      deadlines,
      store: { add: () => undefined, isRevoked },
      maxTokenLife: undefined,
      lifeAfterExp: 0,
      storeTimeout: 1_000,
      recheckInterval: 0,
      publish: () => undefined,
    });
    return new Admission(settings, deadlines, revocations);
  }

  async function permitOf(outcome: Outcome | Promise<Outcome>): Promise<Permit> {
    const permit = await outcome;
    if (permit instanceof UnauthorizedError) throw permit;
    return permit;
  }

  async function refusalOf(outcome: Outcome | Promise<Outcome>): Promise<UnauthorizedError> {
    const refusal = await outcome;
    expect(refusal).to.be.instanceOf(UnauthorizedError);
    return refusal as UnauthorizedError;
  }

  it('calls in this order: limiter, key, user, validate, additional_auth, customDecoded, revocation', async () => {
    const order: string[] = [];
    const say = (step: string): void => void order.push(step);
    const rules = {
      limiter: { consume: (key: string) => say(`limiter ${key}`) },
      secret: () => {
        say('key');
        return SECRET;
      },
      userClaim: ({ sub }: JwtClaims) => {
        say('user');
        return sub;
      },
      validate: () => say('validate'),
      additional_auth: (_claims: JwtClaims, onSuccess: () => void) => {
        say('additional_auth');
        onSuccess();
      },
      customDecoded: () => say('customDecoded'),
    };
    const judging = admission(rules).judge(createToken(), SOCKET);
    await Promise.resolve(judging);
    expect(asked).to.have.length(1);
    expect(order).to.deep.equal([
      'limiter 192.0.2.1',
      'key',
      'user',
      'validate',
      'additional_auth',
      'customDecoded',
    ]);
  });

  it('is synchronous if there is nothing to wait for', () => {
    expect(admission().judge(createToken(), SOCKET)).to.include({ userKey: 'user "bob" of null' });
    expect(admission({ verify: () => ({ sub: 'bob' }) }).judge('opaque', SOCKET)).to.have.property('claims');
  });

  it('calls nothing else for a token that is not verified', async () => {
    const never = (): never => expect.fail('asked');
    const rules = { userClaim: never, validate: never, additional_auth: never, customDecoded: never };
    for (const secret of [SECRET, () => Promise.resolve(SECRET)]) {
      const { data } = await refusalOf(admission({ secret, ...rules }).judge(tokenEndingIn(-5000), SOCKET));
      expect(data).to.include({ reason: 'expired' });
    }
    await refusalOf(
      admission({ verify: () => Promise.resolve(undefined), ...rules } as never).judge('x', SOCKET),
    );
    expect(asked).to.deep.equal([]);
  });

  describe('reads the user and the end before validate, which', () => {
    const meddle = (claims: JwtClaims): void => {
      Object.assign(claims, { sub: 'eve', iss: 'eve', sid: 'eve', jti: 'eve', iat: 1, exp: 99_999_999_999 });
    };

    it('may change the claims for the application', async () => {
      const { claims } = await permitOf(admission({ validate: meddle }).judge(createToken(), SOCKET));
      expect(claims).to.include({ sub: 'eve' });
    });

    it('cannot change the query to revocation, the user, or the end of the session', async () => {
      const token = createToken({ sub: 'bob', iss: 'a', sid: 's', jti: 'j', iat: 5, exp: 20_000_000_000 });
      const plain = await permitOf(admission().judge(token, SOCKET));
      const meddled = await permitOf(admission({ validate: meddle }).judge(token, SOCKET));
      for (const name of ['identity', 'userKey', 'endsAt'] as const)
        expect(meddled[name]).to.deep.equal(plain[name]);
      expect(asked).to.deep.equal([plain.identity, plain.identity]);
    });

    it('cannot make a renewal of another user look like one of the same', async () => {
      const toBob = (claims: JwtClaims): void => void (claims.sub = 'bob');
      const rules = { validate: toBob };
      const bob = await permitOf(admission(rules).judge(createToken({ sub: 'bob' }), SOCKET));
      const { code } = await refusalOf(admission(rules).judge(createToken({ sub: 'eve' }), SOCKET, bob));
      expect(code).to.equal('identity_mismatch');
    });

    it('cannot make a restored session somebody else’s', async () => {
      const judge = admission({ validate: meddle });
      const permit = await permitOf(judge.judge(createToken({ sub: 'bob' }), SOCKET));
      const kept = JSON.parse(JSON.stringify(toKeptSession(permit))) as unknown;
      const restored = judge.restore(kept);
      expect(restored).to.deep.include({ identity: permit.identity, userKey: permit.userKey });
      expect(await judge.mayRestore(kept)).to.equal(true);
      expect(asked.at(-1)).to.deep.equal(permit.identity);
    });
  });

  it('lets a key function refuse by an UnauthorizedError, which is passed on', async () => {
    const secret = (): never => {
      throw new UnauthorizedError('no_such_tenant');
    };
    expect((await refusalOf(admission({ secret }).judge(createToken(), SOCKET))).code).to.equal(
      'no_such_tenant',
    );
  });

  it('refuses with unknown if userClaim fails, and reports the first failure', async () => {
    const functions: (() => unknown)[] = [
      () => {
        throw new Error('oops');
      },
      () => ({}),
      () => Promise.reject(new Error('oops')),
      () => {
        throw new UnauthorizedError('meant for nobody');
      },
    ];
    for (const userClaim of functions) {
      const judge = admission({ userClaim: userClaim as () => string });
      for (let times = 0; times < 2; times += 1)
        expect((await refusalOf(judge.judge(createToken(), SOCKET))).code).to.equal('unknown');
      expect((await warnings.next()).message).to.equal('options.userClaim failed');
    }
  });

  const answers: [what: string, revoked: unknown, code: string][] = [
    ['yes', true, 'invalid_token'],
    ['nothing', undefined, 'invalid_token'],
    ['null', null, 'invalid_token'],
    ['0', 0, 'invalid_token'],
    ['a promise of yes', Promise.resolve(true), 'invalid_token'],
  ];
  for (const [what, answer, code] of answers) {
    it(`needs false from the store: ${what} refuses`, async () => {
      revoked = answer;
      expect((await refusalOf(admission().judge(createToken(), SOCKET))).code).to.equal(code);
    });
  }

  it('is refused if the token expires meanwhile', async () => {
    let open = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      open = resolve;
    });
    const judging = admission({ validate: () => wait }).judge(tokenEndingIn(60_000), SOCKET);
    // The token was made a little later than the test's clock says.
    now += 61_000;
    open();
    expect((await refusalOf(judging)).data).to.include({ reason: 'expired' });
  });

  describe('of the stored copy of a dropped session', () => {
    const kept = { claims: { sub: 'bob' }, identity: { sub: 'bob' }, userKey: 'key' };
    const cases: [what: string, kept: object | undefined, holds: boolean][] = [
      ['without end', { ...kept, expiresAt: null }, true],
      ['whose end is ahead', { ...kept, expiresAt: 1e14 }, true],
      ['whose end is past', { ...kept, expiresAt: 1 }, false],
      ['whose end is now', { ...kept, expiresAt: 5e13 }, false],
      ['as version 1 kept it', { claims: kept.claims, expiresAt: null }, false],
      ['that is nothing', undefined, false],
    ];
    for (const [what, some, holds] of cases) {
      it(`is ${holds ? 'accepted' : 'refused'}: one ${what}`, async () => {
        now = 5e13;
        expect(await admission().mayRestore(some)).to.equal(holds);
      });
    }

    it('asks whether it is revoked, and restores nothing if there is no answer', async () => {
      const one = { ...kept, expiresAt: null };
      for (const answer of [true, undefined, Promise.resolve(true), Promise.reject(new Error('down'))]) {
        revoked = answer;
        expect(await admission().mayRestore(one)).to.equal(false);
      }
      expect(asked).to.deep.equal([kept.identity, kept.identity, kept.identity, kept.identity]);
    });

    it('is a permit with the stored user, and the claims as customDecoded returns them', () => {
      const one = { ...kept, expiresAt: 5 };
      const customDecoded = ({ sub }: JwtClaims): unknown => ({ user: sub });
      expect(admission({ customDecoded }).restore(one)).to.deep.equal({
        claims: { sub: 'bob' },
        identity: { sub: 'bob' },
        userKey: 'key',
        decoded: { user: 'bob' },
        token: undefined,
        endsAt: 5,
      });
      expect(admission().restore({ ...kept, expiresAt: null })).to.include({
        decoded: kept.claims,
        endsAt: Infinity,
      });
      expect(admission().restore({ claims: {} })).to.equal(undefined);
    });

    it('lets a promise of customDecoded reject without harm', async () => {
      const customDecoded = (): Promise<never> => Promise.reject(new Error('oops'));
      const permit = admission({ customDecoded }).restore({ ...kept, expiresAt: null });
      expect(permit?.decoded).to.be.instanceOf(Promise);
      expect((await warnings.next()).message).to.equal('options.customDecoded failed');
    });

    it('is refused if customDecoded throws', async () => {
      const customDecoded = (): never => {
        throw new Error('oops');
      };
      expect(admission({ customDecoded }).restore({ ...kept, expiresAt: null })).to.equal(undefined);
      expect((await warnings.next()).message).to.equal('options.customDecoded failed');
    });
  });

  it('lets a promise of customDecoded reject without harm', async () => {
    const customDecoded = (): Promise<never> => Promise.reject(new Error('oops'));
    const { decoded } = await permitOf(admission({ customDecoded }).judge(createToken(), SOCKET));
    expect(decoded).to.be.instanceOf(Promise);
    expect((await warnings.next()).message).to.equal('options.customDecoded failed');
  });
});
