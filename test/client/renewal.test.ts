import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { isUnauthorizedError } from '../../lib/client';
import { UnauthorizedError } from '../../lib';
import type { Authorizer, AuthorizeOptions, JwtClaims } from '../../lib';
import type { AuthenticatedPayload } from '../../lib/client';
import { SECRET } from '../support/tokens';
import { endlessToken, fetcher, shortToken, slowSecret, steadyKit } from './kit';

const DAY = 24 * 3_600_000;

describe('the client renews its session', () => {
  const kit = steadyKit();
  let auth: Authorizer;

  beforeEach(async () => {
    await kit.start();
    auth = kit.world.authorize({ onExpired: 'ignore' });
    auth.attach(kit.world.io);
  });

  /** A server that refuses for good whoever's token says that the account is locked. */
  async function lockAccounts(options: Partial<AuthorizeOptions> = { onExpired: 'ignore' }): Promise<void> {
    await kit.world.close();
    await kit.start();
    const validate = ({ locked }: JwtClaims): void => {
      if (locked === true) throw new UnauthorizedError('account_locked');
    };
    kit.world.authorize({ ...options, validate }).attach(kit.world.io);
  }

  for (const [random, share] of [
    [0, 0.8],
    [1, 0.72],
  ] as const) {
    it(`at ${share * 100} % of the token's life if Math.random gives ${random}`, async () => {
      restore();
      stub(Math, 'random').returns(random);
      const token = fetcher(() => shortToken(100_000));
      const clock = kit.stopTimers();
      const client = kit.client(token);
      const { expiresIn } = await client.until<{ expiresIn: number }>('authenticated');
      clock.tick(expiresIn * share - 1);
      expect(token.calls).to.equal(1);
      clock.tick(2);
      expect(token.calls).to.equal(2);
      const renewed = await client.until<AuthenticatedPayload>('authenticated');
      expect(renewed.expiresIn).to.be.within(90_000, 100_000);
      expect(client.count('connect')).to.equal(1);
    });
  }

  it('before it ends, by the real clock, again and again, on the same connection', async () => {
    auth.close();
    await kit.world.close();
    await kit.start();
    kit.world.authorize({ renewNotice: 0 }).attach(kit.world.io);
    const client = kit.client(fetcher(() => shortToken(1_500)));
    const renewals = (): number => client.count('authenticated') - client.count('connect');
    // On a machine that stands still for 300 ms a renewal may come too late: then the next connection has its own.
    while (renewals() < 3) await client.until('authenticated');
  });

  it('when the server says that the token is expiring', async () => {
    const clock = kit.stopTimers();
    const token = fetcher(() => shortToken(60_000));
    const client = kit.client(token);
    await client.until('authenticated');
    clock.tick(1_000);
    // Twice: one token is enough.
    kit.world.io.emit('token_expiring', { expiresAt: 0, expiresIn: 12_000 });
    kit.world.io.emit('token_expiring', { expiresAt: 0, expiresIn: 12_000 });
    await client.until('authenticated');
    expect([token.calls, client.count('connect'), clock.countTimers()]).to.deep.equal([2, 1, 1]);
  });

  it('once, if the server asks while the new token is being verified', async () => {
    await kit.world.close();
    await kit.start();
    const { secret, key, asked } = slowSecret();
    kit.world.authorize({ secret, onExpired: 'ignore' }).attach(kit.world.io);
    const clock = kit.stopTimers();
    const token = fetcher(() => shortToken(60_000));
    const client = kit.client(token);
    await client.until('authenticated');
    clock.tick(48_000);
    await asked.promise;
    kit.world.io.emit('token_expiring', { expiresAt: 0, expiresIn: 12_000 });
    await client.until('came token_expiring');
    key.open(SECRET);
    await client.until('authenticated');
    expect([token.calls, client.count('sent authenticate')]).to.deep.equal([2, 1]);
  });

  it('once, however often it has reconnected', async () => {
    const token = fetcher(() => shortToken(100_000));
    const clock = kit.stopTimers();
    const client = kit.client(token);
    for (let connection = 1; connection <= 4; connection += 1) {
      await client.until('authenticated');
      if (connection === 4) break;
      clock.tick(1_000);
      client.socket.io.engine.close();
      await client.until('disconnect');
    }
    clock.tick(80_000);
    await client.until('authenticated');
    expect([token.calls, client.count('sent authenticate')]).to.deep.equal([5, 1]);
  });

  it('by the time that is left, whatever the clock of the machine says', async () => {
    const token = fetcher(() => shortToken(100_000));
    const clock = kit.stopTimers();
    const client = kit.client(token);
    client.socket.on('authenticated', () => stub(Date, 'now').returns(0));
    await client.until('authenticated');
    clock.tick(79_000);
    expect(token.calls).to.equal(1);
    clock.tick(1_000);
    expect(token.calls).to.equal(2);
  });

  it('even if it lasts longer than a timer can wait', async () => {
    const token = fetcher(() => shortToken(100 * DAY));
    const clock = kit.stopTimers();
    const client = kit.client(token);
    await client.until('authenticated');
    clock.tick(80 * DAY - 1_000);
    expect(token.calls).to.equal(1);
    clock.tick(1_000);
    expect(token.calls).to.equal(2);
  });

  it('never if it has no end', async () => {
    const clock = kit.stopTimers();
    await kit.client(() => endlessToken()).auth.ready;
    expect(clock.countTimers()).to.equal(0);
  });

  it('never if the token is a string, even if the server asks', async () => {
    const clock = kit.stopTimers();
    const client = kit.client(shortToken(60_000));
    await client.auth.ready;
    expect(clock.countTimers()).to.equal(0);
    kit.world.io.emit('token_expiring', { expiresAt: 0, expiresIn: 12_000 });
    await client.until('came token_expiring');
    expect([clock.countTimers(), client.count('sent authenticate')]).to.deep.equal([0, 0]);
  });

  it('later, if the function returns the token that is already in use, which is not sent again', async () => {
    const cached = shortToken(100_000);
    const fresh = shortToken(200_000);
    const token = fetcher((call) => (call < 4 ? cached : fresh));
    const clock = kit.stopTimers();
    const client = kit.client(token);
    await client.until('authenticated');
    for (const pause of [80_000, 1_000, 2_000]) {
      await clock.tickAsync(pause);
      await Promise.resolve();
    }
    await client.until('authenticated');
    expect([token.calls, client.count('sent authenticate'), client.count('error')]).to.deep.equal([4, 1, 0]);
  });

  it('no more after a final refusal of the renewal, but stays authenticated', async () => {
    await lockAccounts();
    const clock = kit.stopTimers();
    const token = fetcher((call) => shortToken(100_000, 'bob', { locked: call > 1 }));
    const client = kit.client(token);
    await client.until('authenticated');
    clock.tick(80_000);
    const error = await client.until('unauthorized');
    expect(isUnauthorizedError(error) && error.data.code).to.equal('account_locked');
    expect([client.auth.state, clock.countTimers()]).to.deep.equal(['authenticated', 0]);
    client.socket.io.engine.close();
    await client.until('disconnect');
    expect(client.auth.state).to.equal('unauthorized');
    await client.until('connect');
    await client.until('connect');
    expect([client.auth.state, token.calls]).to.deep.equal(['unauthorized', 2]);
  });

  it('after a refused renewal, with a second token that is good', async () => {
    const clock = kit.stopTimers();
    const token = fetcher((call) => (call === 2 ? 'no token' : shortToken(call * 100_000)));
    const client = kit.client(token);
    await client.until('authenticated');
    clock.tick(80_000);
    const error = await client.until('error');
    expect(isUnauthorizedError(error) && error.data.reason).to.equal('malformed');
    expect(client.auth.state).to.equal('authenticated');
    clock.tick(1_000);
    await client.until('authenticated');
    expect([client.count('connect'), client.count('unauthorized')]).to.deep.equal([1, 0]);
  });

  it('no more after a session whose renewal was finally refused has ended', async () => {
    const time = kit.world.stopTime();
    await lockAccounts({ onExpired: 'disconnect', renewNotice: 0 });
    const clock = kit.stopTimers();
    const token = fetcher((call) => shortToken(call === 1 ? 2_000 : 60_000, 'bob', { locked: call > 1 }));
    const client = kit.client(token);
    await client.until('authenticated');
    clock.tick(1_600);
    expect((await client.until<{ code: string }>('unauthorized')).code).to.equal('account_locked');
    time.pass(2_001);
    expect((await client.until<{ code: string }>('unauthorized')).code).to.equal('invalid_token');
    await client.until('disconnect');
    expect([client.auth.state, client.socket.active, token.calls]).to.deep.equal(['unauthorized', false, 2]);
  });

  describe('with the token of another user', () => {
    let told: string[];

    beforeEach(() => {
      told = [];
      kit.world.io.on('authenticated', (socket: { decoded_token: JwtClaims }) =>
        told.push(`in: ${socket.decoded_token.sub}`),
      );
      kit.world.io.on('deauthenticated', (_: unknown, reason: string) => told.push(`out: ${reason}`));
    });

    it('by logging the former user out and the other one in with a fresh token, on the same connection', async () => {
      const clock = kit.stopTimers();
      const asked: boolean[] = [];
      const client = kit.client(
        fetcher((call, { forceRefresh }) => {
          asked.push(forceRefresh);
          return shortToken(100_000, call === 1 ? 'alice' : 'bob');
        }),
      );
      await client.until('authenticated');
      clock.tick(80_000);
      expect((await client.until<{ code: string }>('error')).code).to.equal('identity_mismatch');
      // Answered after the logout that the client has sent.
      await client.socket.emitWithAck('deauthenticate');
      clock.tick(1_000);
      await client.until('authenticated');
      expect(told).to.deep.equal(['in: alice', 'out: logout', 'in: bob']);
      expect([client.auth.state, client.count('connect'), client.count('unauthorized')]).to.deep.equal([
        'authenticated',
        1,
        0,
      ]);
      expect(asked).to.deep.equal([false, true, true]);
      await client.auth.ready;
    });

    it('also after a final refusal of a renewal, when the application logs in as that user', async () => {
      await lockAccounts();
      const client = kit.client(
        fetcher((call) => shortToken(100_000, call < 3 ? 'alice' : 'bob', { locked: call === 2 })),
      );
      await client.until('authenticated');
      kit.world.io.emit('token_expiring', {});
      await client.until('unauthorized');
      const ready = client.auth.login();
      // Until the other user's token is there, the session goes on.
      expect(client.auth.state).to.equal('authenticated');
      expect((await client.until<{ code: string }>('error')).code).to.equal('identity_mismatch');
      await ready;
      const claims = [...kit.world.io.sockets.sockets.values()].map(
        ({ data }) => (data as { auth: { claims: JwtClaims } }).auth.claims,
      );
      expect(claims.map(({ sub }) => sub)).to.deep.equal(['bob']);
    });
  });
});
