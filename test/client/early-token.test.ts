import { expect } from 'chai';
import { createToken } from '../support/tokens';
import { fetcher, steadyKit } from './kit';
import type { ScriptedServer } from './scripted-server';

const NOT_ACTIVE = { code: 'invalid_token', reason: 'not_active' };

/** Counts in half a second; a server that counts in whole ones takes it within two. */
function earlyToken(): string {
  return createToken({ sub: 'bob', nbf: Date.now() / 1000 + 0.5 });
}

/** The clock of an issuer may be ahead of the server's: a fresh token would be as early again. */
describe('a token that is not active yet', () => {
  const kit = steadyKit();

  for (const handshake of [false, true]) {
    for (const what of ['a function', 'a string'] as const) {
      it(`is sent again, by the real clock, in ${handshake ? 'handshake' : 'event'} mode, from ${what}`, async () => {
        await kit.start();
        kit.world.authorize({ handshake }).attach(kit.world.io);
        const early = earlyToken();
        const token = fetcher(() => early);
        const client = kit.client(what === 'a string' ? early : token);
        await client.until('error');
        await client.auth.ready;
        expect([token.calls, client.count('unauthorized')]).to.deep.equal([what === 'a string' ? 0 : 1, 0]);
      });
    }
  }

  it('is sent again even if the server disconnects after each refusal', async () => {
    await kit.start();
    kit.world.authorize({ callback: false }).attach(kit.world.io);
    const early = earlyToken();
    const token = fetcher(() => early);
    const client = kit.client(token);
    await client.until('disconnect');
    await client.auth.ready;
    expect(token.calls).to.equal(1);
  });

  describe("by the server's answer", () => {
    let server: ScriptedServer;

    beforeEach(async () => {
      server = await kit.startScripted();
    });

    it('is sent again after `retryAfter`', async () => {
      const clock = kit.stopTimers();
      server.refusals.set('alice 1', { ...NOT_ACTIVE, retryAfter: 3_000 });
      const token = fetcher((call) => `alice ${call}`);
      const client = kit.client(token);
      await client.until('error');
      server.refusals.clear();
      clock.tick(3_999);
      expect(client.count('sent authenticate')).to.equal(0);
      clock.tick(1);
      await client.auth.ready;
      expect([token.calls, server.users]).to.deep.equal([1, ['alice 1']]);
    });

    it('renews a session later, which continues meanwhile', async () => {
      const clock = kit.stopTimers();
      server.session = { expiresAt: 1, expiresIn: 100_000 };
      let current = 'first';
      server.userOf = () => 'alice';
      const client = kit.client(fetcher(() => current));
      await client.until('authenticated');
      server.refusals.set('second', { ...NOT_ACTIVE, retryAfter: 3_000 });
      current = 'second';
      clock.tick(80_000);
      await client.until('error');
      expect(client.auth.state).to.equal('authenticated');
      server.refusals.clear();
      clock.tick(4_000);
      await client.until('authenticated');
      expect(client.count('sent authenticate')).to.equal(2);
    });

    it('is waited for a minute in total, and finally refused when two tokens took longer', async () => {
      const clock = kit.stopTimers();
      let fetched = '';
      const token = fetcher((call) => {
        fetched = `alice ${call}`;
        server.refusals.set(fetched, NOT_ACTIVE);
        return fetched;
      });
      const client = kit.client(token);
      let waited = 0;
      for (const pause of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]) {
        await client.until('error');
        expect(token.calls).to.equal(1);
        clock.tick(pause);
        waited += pause;
      }
      expect(waited).to.equal(60_000);
      // From here on it is a refusal like others: a fresh token, then the end.
      await client.until('error');
      clock.tick(15_000);
      await client.until('unauthorized');
      expect([token.calls, client.auth.state]).to.deep.equal([2, 'unauthorized']);
    });

    it('for more than a minute is not waited for', async () => {
      const clock = kit.stopTimers();
      server.refusals.set('alice 1', { ...NOT_ACTIVE, retryAfter: 60_000 });
      const token = fetcher((call) => `alice ${call}`);
      const client = kit.client(token);
      await client.until('error');
      clock.tick(61_000);
      await client.auth.ready;
      expect([token.calls, server.users]).to.deep.equal([2, ['alice 2']]);
    });

    it('is dropped when the connection is lost: the next connection uses a fresh token', async () => {
      const clock = kit.stopTimers();
      server.refusals.set('alice 1', { ...NOT_ACTIVE, retryAfter: 3_000 });
      const token = fetcher((call) => `alice ${call}`);
      const client = kit.client(token);
      await client.until('error');
      clock.tick(1_000);
      server.cut();
      await client.auth.ready;
      expect([token.calls, server.users]).to.deep.equal([2, ['alice 2']]);
    });

    it('is dropped when its user logs out', async () => {
      server.refusals.set('alice', { ...NOT_ACTIVE, retryAfter: 3_000 });
      let user = 'alice';
      const client = kit.client(() => user);
      await client.until('error');
      void client.auth.logout();
      user = 'bob';
      await client.auth.login();
      expect(server.users).to.deep.equal(['bob']);
    });

    it('is not sent again if the refusal is not retryable', async () => {
      server.refusals.set('alice', { ...NOT_ACTIVE, retryable: false });
      const client = kit.client(() => 'alice');
      await client.until('unauthorized');
      expect(client.count('error')).to.equal(0);
    });
  });
});
