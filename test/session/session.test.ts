import { expect } from 'chai';
import { Deadlines } from '../../lib/runtime/deadlines';
import { Session } from '../../lib/session/session';
import type { SessionContext } from '../../lib/session/context';
import { toSettings } from '../../lib/authorizer/settings';
import { emptyStats } from '../../lib/session/statistics';
import { SECRET } from '../support/tokens';

describe('a session that is not authenticated', () => {
  it('names nobody and has no end, shows nothing, and cannot be revoked', () => {
    const stats = emptyStats();
    const context = { settings: toSettings({ secret: SECRET }), deadlines: new Deadlines(), stats };
    const session = new Session(context as unknown as SessionContext, () => expect.fail('abandoned'));
    expect(session.identity).to.deep.equal({});
    expect(session.endsAt).to.equal(Infinity);
    expect(session.kept).to.equal(undefined);
    session.revoke();
    expect(stats).to.deep.equal(emptyStats());
  });
});
