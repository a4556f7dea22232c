import { expect } from 'chai';
import { Admission } from '../../lib/token/admission';
import { Deadlines } from '../../lib/runtime/deadlines';
import { Revocations } from '../../lib/revocation/revocations';
import { toSettings } from '../../lib/authorizer/settings';
import { SECRET } from '../support/tokens';

describe('what was kept of a dropped session', () => {
  const cases: [kept: object, holds: boolean][] = [
    [{ claims: { sub: 'bob' }, expiresAt: null }, true],
    [{ claims: { sub: 'bob' }, expiresAt: Date.now() + 60_000 }, true],
    [{ claims: { sub: 'bob' }, expiresAt: Date.now() - 1 }, false],
    [{ claims: { sub: 'bob' }, expiresAt: 'never' }, false],
    [{ claims: { sub: 'bob' } }, false],
    [{ claims: null, expiresAt: null }, false],
    [{ expiresAt: null }, false],
  ];
  for (const [kept, holds] of cases) {
    it(`${holds ? 'holds' : 'does not hold'}: ${JSON.stringify(kept).replace(/\d+/, '…')}`, async () => {
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
      expect(await admission.mayRestore(kept)).to.equal(holds);
      deadlines.close();
    });
  }
});
