import { expect } from 'chai';
import { Admission } from '../../lib/token/admission';
import { Deadlines } from '../../lib/runtime/deadlines';
import { Revocations } from '../../lib/revocation/revocations';
import { toSettings } from '../../lib/authorizer/settings';
import { SECRET } from '../support/tokens';

describe('what was kept of a dropped session', () => {
  const permit = { claims: { sub: 'bob' }, identity: { sub: 'bob' }, userKey: 'bob' };
  const cases: [kept: unknown, holds: boolean][] = [
    [{ ...permit, expiresAt: null }, true],
    [{ ...permit, expiresAt: Date.now() + 60_000 }, true],
    [{ ...permit, expiresAt: Date.now() - 1 }, false],
    [{ ...permit, expiresAt: 'never' }, false],
    [permit, false],
    [{ ...permit, claims: null, expiresAt: null }, false],
    [{ ...permit, identity: undefined, expiresAt: null }, false],
    [{ ...permit, userKey: 1, expiresAt: null }, false],
    [{ expiresAt: null }, false],
    [null, false],
    [undefined, false],
    ['bob', false],
  ];
  for (const [kept, holds] of cases) {
    it(`${holds ? 'holds' : 'does not hold'}: ${String(JSON.stringify(kept)).replace(/\d+/, '…')}`, async () => {
      const deadlines = new Deadlines();
      const context = {
        deadlines,
        store: undefined,
        maxTokenLife: undefined,
        storeTimeout: 10,
        publish: () => undefined,
      };
      const revocations = new Revocations(context as never);
      const admission = new Admission(toSettings({ secret: SECRET }), deadlines, revocations);
      expect(await admission.stillHolds(kept)).to.equal(holds);
      deadlines.close();
    });
  }
});
