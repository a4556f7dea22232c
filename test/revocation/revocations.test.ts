import { expect } from 'chai';
import { Deadlines } from '../../lib/runtime/deadlines';
import { parseRule, Revocations } from '../../lib/revocation/revocations';
import type { RevocableSession } from '../../lib/revocation/revocations';
import type { RevocationRule, RevocationStore } from '../../lib/types';
import { Warnings } from '../support/warnings';

describe('what comes from another node', () => {
  const good: RevocationRule[] = [
    { jti: 'one', expiresAt: null },
    { sub: 'bob', issuedBefore: 5, expiresAt: 7 },
  ];
  for (const rule of good) {
    it(`is a rule: ${JSON.stringify(rule)}`, () =>
      expect(parseRule({ ...rule, more: 1 })).to.deep.equal(rule));
  }
  for (const value of [
    undefined,
    null,
    7,
    'bob',
    {},
    { jti: 1, expiresAt: null },
    { jti: 'one' },
    { sub: 'bob', expiresAt: null },
  ]) {
    it(`is none: ${JSON.stringify(value)}`, () => expect(parseRule(value)).to.equal(undefined));
  }
});

describe('a node that begins to listen', () => {
  let deadlines: Deadlines;
  let ended: string[];

  beforeEach(() => {
    deadlines = new Deadlines();
    ended = [];
  });
  afterEach(() => deadlines.close());

  function node(store: RevocationStore): Revocations {
    return new Revocations({
      deadlines,
      store,
      maxTokenLife: undefined,
      lifeAfterExp: 0,
      storeTimeout: 20,
      publish: () => undefined,
    });
  }

  const session = (jti: string): RevocableSession => ({
    identity: { jti },
    endsAt: Infinity,
    revoke: () => ended.push(jti),
  });

  async function rechecked(isRevoked: (jti: unknown) => unknown): Promise<void> {
    let done = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      done = resolve;
    });
    const revocations = node({
      add: () => undefined,
      isRevoked: (({ jti }) => {
        if (jti === 'last') done();
        return isRevoked(jti);
      }) as RevocationStore['isRevoked'],
    });
    revocations.recheckEarlySessions();
    revocations.recheckEarlySessions();
    const gone = session('gone');
    for (const one of [gone, session('revoked'), session('good'), session('last')]) revocations.register(one);
    revocations.unregister(gone);
    await asked;
    await new Promise(setImmediate);
    revocations.register(session('later'));
  }

  it('looks up once more what it let in before it could hear', async () => {
    await rechecked((jti) => jti === 'revoked');
    expect(ended).to.deep.equal(['revoked']);
  });

  it('looks it up in a store that answers later, too', async () => {
    await rechecked(async (jti) => jti === 'revoked');
    expect(ended).to.deep.equal(['revoked']);
  });

  it('reports a store that fails, and ends nobody', async () => {
    const warnings = new Warnings();
    await rechecked((jti) => {
      if (jti === 'revoked') throw new Error('down');
      return jti === 'good' ? Promise.reject(new Error('down')) : false;
    });
    for (let times = 0; times < 2; times += 1)
      expect((await warnings.next()).message).to.match(/revocation store/);
    warnings.close();
    expect(ended).to.deep.equal([]);
  });

  it('writes what it hears to the store, once, and reports if that fails', async () => {
    const warnings = new Warnings();
    const kept: RevocationRule[] = [];
    const revocations = node({
      add: (rule) => {
        kept.push(rule);
        return kept.length > 1 ? Promise.reject(new Error('down')) : undefined;
      },
      isRevoked: () => false,
    });
    revocations.register(session('one'));
    const rule = { jti: 'one', expiresAt: null };
    revocations.receive(rule);
    revocations.receive(rule);
    expect(ended).to.deep.equal(['one', 'one']);
    expect(kept).to.deep.equal([rule]);
    revocations.receive({ jti: 'two', expiresAt: null });
    expect((await warnings.next()).message).to.match(/revocation store/);
    warnings.close();
    expect(revocations.refuses({ jti: 'two' })).to.equal(true);
  });
});
