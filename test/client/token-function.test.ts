import { expect } from 'chai';
import { UnauthorizedError as ServersError } from '../../lib';
import { authenticate, UnauthorizedError } from '../../lib/client';
import { endlessToken, fetcher, gate, steadyKit } from './kit';
import type { ScriptedServer } from './scripted-server';

describe('the `token` function', () => {
  const kit = steadyKit();
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await kit.startScripted();
  });

  describe('learns by `forceRefresh` whether the token must be a new one:', () => {
    let asked: boolean[];
    const token = (): ReturnType<typeof fetcher<string>> =>
      fetcher((_, { forceRefresh }) => {
        asked.push(forceRefresh);
        return 'alice';
      });

    beforeEach(() => {
      asked = [];
    });

    it('not at a login, nor at a reconnection, nor at a login after a logout', async () => {
      const clock = kit.stopTimers();
      const client = kit.client(token());
      await client.until('authenticated');
      clock.tick(1_000);
      server.cut();
      await client.until('authenticated');
      await client.auth.logout();
      await client.auth.login();
      expect(asked).to.deep.equal([false, false, false]);
    });

    it('for a renewal, and again until it returns another token', async () => {
      server.session = { expiresAt: 1, expiresIn: 100_000 };
      const clock = kit.stopTimers();
      const client = kit.client(token());
      await client.until('authenticated');
      clock.tick(80_000);
      await settled();
      clock.tick(1_000);
      expect(asked).to.deep.equal([false, true, true]);
    });

    it('when the server announces the end of the session', async () => {
      const clock = kit.stopTimers();
      const client = kit.client(token());
      await client.until('authenticated');
      clock.tick(1_000);
      server.io.emit('token_expiring', { expiresAt: 1, expiresIn: 1_000 });
      await client.until('came token_expiring');
      expect(asked).to.deep.equal([false, true]);
    });

    it('after a refusal, and after an expiry', async () => {
      server.refusals.set('alice', { code: 'invalid_token', reason: 'signature' });
      const clock = kit.stopTimers();
      const client = kit.client(token());
      await client.until('error');
      server.refusals.clear();
      clock.tick(1_000);
      await client.until('authenticated');
      server.refuse(server.io, { code: 'invalid_token', reason: 'expired' });
      await client.until('came unauthorized');
      await client.until('came unauthorized');
      clock.tick(1_000);
      expect(asked).to.deep.equal([false, true, true]);
    });

    it('after a final refusal, when the application logs in again', async () => {
      server.refusals.set('alice', { code: 'email_not_verified', retryable: false });
      const client = kit.client(token());
      await client.until('unauthorized');
      server.refusals.clear();
      await client.auth.login();
      expect(asked).to.deep.equal([false, true]);
    });

    it('not at a login after a logout, although the former token was refused', async () => {
      server.refusals.set('alice', { code: 'invalid_token', reason: 'signature' });
      const client = kit.client(token());
      await client.until('error');
      void client.auth.logout();
      server.refusals.clear();
      await client.auth.login();
      expect(asked).to.deep.equal([false, false]);
    });

    it('still after a failed fetch', async () => {
      const clock = kit.stopTimers();
      const forced: boolean[] = [];
      const client = kit.client(
        fetcher((call, { forceRefresh }) => {
          forced.push(forceRefresh);
          return call === 2 ? Promise.reject(new Error('down')) : `alice ${call}`;
        }),
      );
      await client.until('authenticated');
      clock.tick(1_000);
      server.io.emit('token_expiring', {});
      await client.until('error');
      clock.tick(1_000);
      expect(forced).to.deep.equal([false, true, true]);
    });
  });

  describe('returns null', () => {
    it('at the connection: the socket is a guest, and the function is not called until `login`', async () => {
      const clock = kit.stopTimers();
      let user: string | null = null;
      const token = fetcher(() => user);
      const client = kit.client(token);
      await client.until('connect');
      clock.tick(60_000);
      server.cut();
      await client.until('connect');
      await client.until('came hello');
      expect([client.auth.state, token.calls, server.users]).to.deep.equal(['unauthorized', 1, [undefined]]);
      expect(
        ['unauthorized', 'error', 'sent authenticate'].map((event) => client.count(event)),
      ).to.deep.equal([0, 0, 0]);
      for (const [auth] of server.inbox.all('CONNECT')) expect(auth).not.to.have.property('token');
      user = 'alice';
      await client.auth.login();
      expect(server.users).to.deep.equal(['alice']);
    });

    it('at the connection: `ready` rejects', async () => {
      const client = kit.client(() => null);
      const reason: unknown = await client.auth.ready.catch((error: unknown) => error);
      expect(reason).to.be.instanceOf(UnauthorizedError).and.include({ code: 'not_authenticated' });
    });

    it('on an open connection', async () => {
      const socket = kit.socket().connect();
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      const client = kit.watch(socket, () => Promise.resolve(null));
      await client.auth.ready.catch(() => undefined);
      expect(client.auth.state).to.equal('unauthorized');
    });

    it('at a renewal: the user has logged out, so the session ends', async () => {
      const clock = kit.stopTimers();
      const client = kit.client(fetcher((call) => (call === 1 ? 'alice' : null)));
      await client.until('authenticated');
      clock.tick(1_000);
      server.io.emit('token_expiring', {});
      await server.inbox.take('deauthenticate');
      expect([client.auth.state, server.users]).to.deep.equal(['unauthorized', [undefined]]);
    });
  });

  describe('gives up', () => {
    const refusals: [string, Error][] = [
      ["the client's error", new UnauthorizedError('signed_out', { message: 'please sign in again' })],
      ["the server's error", new ServersError('signed_out', { message: 'please sign in again' })],
    ];
    for (const [what, refusal] of refusals) {
      it(`by ${what}: the client emits \`unauthorized\`, and tries nothing until \`login\``, async () => {
        const clock = kit.stopTimers();
        const token = fetcher((call) => (call === 1 ? Promise.reject(refusal) : 'alice'));
        const client = kit.client(token);
        expect(await client.until('unauthorized'))
          .to.equal(refusal)
          .and.include({ code: 'signed_out' });
        expect(await client.auth.ready.catch((error: unknown) => error)).to.equal(refusal);
        await client.until('connect');
        expect([client.auth.state, clock.countTimers(), client.count('error')]).to.deep.equal([
          'unauthorized',
          0,
          0,
        ]);
        await client.auth.login();
        expect([client.auth.state, token.calls]).to.deep.equal(['authenticated', 2]);
      });
    }

    it('at a renewal: the session continues until its end', async () => {
      const clock = kit.stopTimers();
      const refusal = new UnauthorizedError('signed_out', { message: 'please sign in again' });
      const client = kit.client(fetcher((call) => (call === 1 ? 'alice' : Promise.reject(refusal))));
      await client.until('authenticated');
      clock.tick(1_000);
      server.io.emit('token_expiring', {});
      await client.until('unauthorized');
      expect([client.auth.state, server.users, clock.countTimers()]).to.deep.equal([
        'authenticated',
        ['alice'],
        0,
      ]);
    });

    it('until the server reports a login, such as one by another namespace', async () => {
      const refusal = new UnauthorizedError('signed_out', { message: 'please sign in again' });
      const clock = kit.stopTimers();
      const token = fetcher((call) => (call === 1 ? Promise.reject(refusal) : 'alice'));
      const client = kit.client(token);
      await client.until('unauthorized');
      await client.until('came hello');
      server.io.emit('authenticated', server.session);
      await client.until('authenticated');
      clock.tick(1_000);
      server.io.emit('token_expiring', {});
      await client.until('authenticated');
      expect([client.auth.state, token.calls]).to.deep.equal(['authenticated', 2]);
    });

    it('but not by a retryable error: that is reported, and the function is called again', async () => {
      const clock = kit.stopTimers();
      const refusal = new UnauthorizedError('busy', { message: 'try again', retryable: true });
      const client = kit.client(fetcher((call) => (call === 1 ? Promise.reject(refusal) : 'alice')));
      expect(await client.until('error')).to.equal(refusal);
      clock.tick(1_000);
      await client.auth.ready;
    });
  });

  it("counts as failed if the application's own `auth` function throws: that is reported, and tried again", async () => {
    const clock = kit.stopTimers();
    let isBroken = true;
    const client = kit.client(
      fetcher(() => 'alice'),
      {
        auth: (send: (data: object) => void) => {
          if (isBroken) throw new Error('a fault of the application');
          send({});
        },
      },
    );
    expect(await client.until('error')).to.have.property('message', 'a fault of the application');
    isBroken = false;
    server.cut();
    const opened = gate();
    client.socket.io.once('open', () => opened.open());
    await opened.promise;
    clock.tick(1_000);
    await client.auth.ready;
  });

  it('or `refresh` is required, and not both', () => {
    const socket = kit.socket();
    const both = { token: endlessToken(), refresh: () => undefined };
    for (const options of [{}, { token: '' }, { token: undefined }, both]) {
      expect(() => authenticate(socket, options as { token: string }), JSON.stringify(options)).to.throw(
        TypeError,
        'token or refresh',
      );
    }
    expect(socket.listeners('connect')).to.deep.equal([]);
  });
});

/** What was resolved has been taken. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
