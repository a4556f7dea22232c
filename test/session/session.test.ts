import { expect } from 'chai';
import { Deadlines } from '../../lib/runtime/deadlines';
import { LoginAttempts } from '../../lib/session/login-attempts';
import { Session } from '../../lib/session/session';
import type { SessionContext } from '../../lib/session/context';
import { toSettings } from '../../lib/authorizer/settings';
import { emptyStats } from '../../lib/session/statistics';
import { SECRET } from '../support/tokens';

describe('a session that is not authenticated', () => {
  it('has no user, no end and no claims, and cannot be revoked or shortened', () => {
    const stats = emptyStats();
    const context = { settings: toSettings({ secret: SECRET }), deadlines: new Deadlines(), stats };
    const attempts = new LoginAttempts(5);
    const place = {
      mustLogIn: () => expect.fail('it has no sockets'),
      hasLoggedIn: () => expect.fail('it has no token'),
      hasTimedOut: () => expect.fail('it has no sockets'),
      hasLoggedOut: () => expect.fail('it has no client'),
      hasClosed: () => expect.fail('it is open'),
      mayAnswer: () => true,
      onLeave: () => expect.fail('nobody is there'),
    };
    const session = new Session(context as unknown as SessionContext, place, attempts);
    expect(session.identity).to.deep.equal({});
    expect(session.endsAt).to.equal(Infinity);
    expect(session.permit).to.equal(undefined);
    expect(session.claims).to.deep.equal({});
    session.revoke({ retryable: false });
    session.shorten(Date.now());
    expect(stats).to.deep.equal(emptyStats());
  });
});
