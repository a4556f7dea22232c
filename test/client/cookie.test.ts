import { expect } from 'chai';
import type { AuthorizeOptions } from '../../lib';
import { UnauthorizedError } from '../../lib/client';
import { endlessToken, gate, shortToken, steadyKit } from './kit';
import type { Watched } from './kit';

/** What a browser would keep for the page, and send with each HTTP request. */
class Jar {
  readonly headers = { cookie: '' };

  set token(token: string) {
    this.headers.cookie = `theme=dark; session=${token}`;
  }
}

describe('the client, with a session in a cookie,', () => {
  const kit = steadyKit();
  let jar: Jar;
  let refreshed: number;

  beforeEach(async () => {
    jar = new Jar();
    refreshed = 0;
    await kit.start();
  });

  function serve(options: Partial<AuthorizeOptions> = {}): void {
    kit.world.authorize({ cookie: 'session', required: false, ...options }).attach(kit.world.io);
  }

  /** A client of a page whose endpoint answers a refresh with another cookie. */
  function client(refresh: () => unknown = () => undefined, options = {}): Watched {
    const watched = kit.keep(kit.socket({ extraHeaders: jar.headers, ...options }), {
      refresh: () => {
        refreshed += 1;
        return refresh();
      },
      timeout: 1_000,
    });
    watched.socket.connect();
    return watched;
  }

  /** As whom the server takes its clients. */
  function users(): unknown[] {
    return [...kit.world.io.sockets.sockets.values()].map(
      (socket) => (socket.data as { auth?: { claims: { sub: string } } }).auth?.claims.sub,
    );
  }

  for (const handshake of [false, true]) {
    describe(`in ${handshake ? 'handshake' : 'event'} mode`, () => {
      it('logs in with the cookie alone', async () => {
        serve({ handshake });
        jar.token = endlessToken();
        const clock = kit.stopTimers();
        const one = client();
        expect(await one.auth.ready).to.deep.equal({ expiresAt: null, expiresIn: null });
        // Whatever the server says to what was sent in vain.
        await one.socket.emitWithAck('authenticate', {}).catch(() => undefined);
        expect([one.auth.state, users(), refreshed, clock.countTimers()]).to.deep.equal([
          'authenticated',
          ['bob'],
          0,
          0,
        ]);
        expect([one.count('error'), one.count('unauthorized'), one.count('connect')]).to.deep.equal([
          0, 0, 1,
        ]);
      });

      it('has the cookie refreshed before the session ends, and connects again, because browsers send cookies only with HTTP requests', async () => {
        serve({ handshake });
        jar.token = shortToken(100_000);
        const clock = kit.stopTimers();
        const one = client(() => {
          jar.token = shortToken(200_000);
        });
        await one.until('authenticated');
        clock.tick(79_000);
        expect(refreshed).to.equal(0);
        clock.tick(1_000);
        const { expiresIn } = await one.until<{ expiresIn: number }>('authenticated');
        expect(expiresIn).to.be.within(190_000, 200_000);
        expect([refreshed, one.count('connect'), one.count('error')]).to.deep.equal([1, 2, 0]);
      });

      it('has the cookie refreshed when the server asks for a fresh token', async () => {
        serve({ handshake });
        jar.token = endlessToken();
        const clock = kit.stopTimers();
        const one = client();
        await one.until('authenticated');
        clock.tick(1_000);
        kit.world.io.emit('token_expiring', {});
        await one.until('disconnect');
        await one.until('authenticated');
        expect(refreshed).to.equal(1);
      });

      it('has the cookie refreshed after the session has expired, and reconnects', async () => {
        const time = kit.world.stopTime();
        serve({ handshake, renewNotice: 0 });
        jar.token = shortToken(300);
        const clock = kit.stopTimers();
        const one = client(() => {
          jar.token = endlessToken();
        });
        await one.until('authenticated');
        time.pass(301);
        expect(await one.until('disconnect')).to.equal('io server disconnect');
        clock.tick(1_000);
        await one.until('authenticated');
        expect([refreshed, one.auth.state]).to.deep.equal([1, 'authenticated']);
      });

      it('gives up when the refreshed cookie is refused too', async () => {
        serve({ handshake });
        jar.token = 'no token';
        const clock = kit.stopTimers();
        const one = client();
        expect((await one.until<UnauthorizedError>('error')).code).to.equal('invalid_token');
        clock.tick(1_000);
        await one.until('unauthorized');
        expect([refreshed, one.auth.state, clock.countTimers()]).to.deep.equal([1, 'unauthorized', 0]);
      });

      it('sends a cookie that is not active yet again, without refreshing it', async () => {
        serve({ handshake });
        jar.token = shortToken(100_000, 'bob', { nbf: Date.now() / 1000 + 0.5 });
        const one = client();
        await one.until('error');
        await one.auth.ready;
        expect(refreshed).to.equal(0);
      });

      it('stays logged out, although the browser continues to send the cookie', async () => {
        serve({ handshake });
        jar.token = endlessToken();
        const one = client();
        await one.auth.ready;
        await one.auth.logout();
        expect(users()).to.deep.equal([undefined]);
        one.socket.io.engine.close();
        await one.until('connect');
        await one.until('connect');
        // Answered after the logout that the client may have had to send again.
        if (handshake) await one.until('sent deauthenticate');
        if (handshake) await one.until('sent deauthenticate');
        await one.socket.emitWithAck('deauthenticate');
        expect([users(), one.auth.state, one.count('authenticated')]).to.deep.equal([
          [undefined],
          'unauthorized',
          1,
        ]);
      });

      it('logs in as another user with another cookie, on a new connection', async () => {
        serve({ handshake });
        jar.token = endlessToken('alice');
        const one = client();
        await one.auth.ready;
        void one.auth.logout();
        jar.token = endlessToken('bob');
        await one.auth.login();
        expect([users(), refreshed, one.count('connect')]).to.deep.equal([['bob'], 0, 2]);
      });
    });
  }

  const failures: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['never answers', () => new Promise(() => {})],
    ['is answered with HTTP 503', () => Promise.resolve(new Response('', { status: 503 }))],
    ['is answered with HTTP 404', () => new Response('', { status: 404 })],
  ];
  for (const [what, refresh] of failures) {
    it(`reports a \`refresh\` that ${what}, keeps the connection, and tries again`, async () => {
      serve();
      jar.token = shortToken(100_000);
      const clock = kit.stopTimers();
      const one = client(() => (refreshed === 1 ? refresh() : undefined));
      await one.until('authenticated');
      clock.tick(80_000);
      if (what === 'never answers') clock.tick(1_000);
      await one.until('error');
      expect([one.auth.state, one.count('connect')]).to.deep.equal(['authenticated', 1]);
      clock.tick(1_000);
      await one.until('disconnect');
      await one.until('authenticated');
      expect(refreshed).to.equal(2);
    });
  }

  it('reports a `refresh` that fails after the session has ended', async () => {
    const time = kit.world.stopTime();
    serve({ renewNotice: 0, required: true });
    jar.token = shortToken(300);
    const clock = kit.stopTimers();
    const one = client(() => {
      if (refreshed === 1) throw new Error('down');
      jar.token = endlessToken();
    });
    await one.until('authenticated');
    time.pass(301);
    await one.until('disconnect');
    clock.tick(1_000);
    await one.until('error');
    clock.tick(2_000);
    await one.until('authenticated');
    expect(refreshed).to.equal(2);
  });

  for (const status of [401, 403]) {
    it(`after HTTP ${status}, connects again and lets the server refuse the old cookie`, async () => {
      serve();
      jar.token = 'no token';
      const clock = kit.stopTimers();
      const one = client(() => new Response('', { status }));
      await one.until('error');
      clock.tick(1_000);
      expect((await one.until<UnauthorizedError>('unauthorized')).code).to.equal('invalid_token');
    });
  }

  it('gives up if `refresh` throws an error that is not retryable', async () => {
    serve();
    jar.token = 'no token';
    const clock = kit.stopTimers();
    const refusal = new UnauthorizedError('signed_out', { message: 'please sign in again' });
    const one = client(() => Promise.reject(refusal));
    await one.until('error');
    clock.tick(1_000);
    expect(await one.until('unauthorized')).to.equal(refusal);
  });

  it('connects again with the refreshed cookie, although another namespace keeps the transport open', async () => {
    const time = kit.world.stopTime();
    serve({ renewNotice: 0 });
    kit.world.io.of('/other');
    jar.token = shortToken(300);
    const other = kit.socket({ forceNew: false, extraHeaders: jar.headers }, '/other').connect();
    await new Promise<void>((resolve) => other.once('connect', resolve));
    const clock = kit.stopTimers();
    const one = client(
      () => {
        jar.token = endlessToken();
      },
      { forceNew: false },
    );
    await one.until('authenticated');
    time.pass(301);
    await one.until('disconnect');
    expect(other.connected).to.equal(true);
    clock.tick(1_000);
    await one.until('authenticated');
    expect(users()).to.deep.equal(['bob']);
  });

  it('connects again with the refreshed cookie, although Socket.IO is told not to reconnect', async () => {
    serve();
    jar.token = endlessToken('alice');
    const one = client(undefined, { reconnection: false });
    await one.auth.ready;
    await one.auth.logout();
    jar.token = endlessToken('bob');
    await one.auth.login();
    expect(users()).to.deep.equal(['bob']);
  });

  it('does not reconnect if the application disconnects while the cookie is being refreshed', async () => {
    serve();
    jar.token = endlessToken();
    const clock = kit.stopTimers();
    const asked = gate();
    const answer = gate();
    const one = client(() => {
      asked.open();
      return answer.promise;
    });
    await one.until('authenticated');
    clock.tick(1_000);
    kit.world.io.emit('token_expiring', {});
    await asked.promise;
    one.socket.disconnect();
    answer.open();
    await answer.promise;
    await Promise.resolve();
    expect([one.socket.active, clock.countTimers()]).to.deep.equal([false, 0]);
  });

  it('uses the cookie of the new connection if the old connection is lost while the cookie is being refreshed', async () => {
    serve();
    jar.token = endlessToken();
    const clock = kit.stopTimers();
    const one = client(() => new Promise(() => {}));
    await one.until('authenticated');
    clock.tick(1_000);
    kit.world.io.emit('token_expiring', {});
    await one.until('came token_expiring');
    one.socket.io.engine.close();
    await one.until('authenticated');
    expect([clock.countTimers(), one.count('error')]).to.deep.equal([0, 0]);
  });

  it('lets the server restore a session: it sends no second `authenticate`, and loses no message', async () => {
    const server = await kit.startScripted();
    jar.token = 'alice';
    server.session = { expiresAt: 1, expiresIn: 100_000 };
    const clock = kit.stopTimers();
    const one = client(() => server.io.emit('news', 'meanwhile'));
    await one.until('authenticated');
    clock.tick(80_000);
    await one.until('authenticated');
    await one.until('came news');
    await one.socket.emitWithAck('say', 'everything is here');
    expect([one.socket.recovered, one.count('sent authenticate')]).to.deep.equal([true, 1]);
    expect([refreshed, one.auth.state]).to.deep.equal([1, 'authenticated']);
  });

  it('logs in on a connection that is already open', async () => {
    serve();
    jar.token = endlessToken();
    const socket = kit.socket({ extraHeaders: jar.headers }).connect();
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const one = kit.keep(socket, { refresh: () => undefined });
    await one.auth.ready;
    expect(one.count('connect')).to.equal(0);
  });

  it('logs in again while the transport is still opening', async () => {
    serve();
    jar.token = endlessToken();
    const one = client();
    void one.auth.logout();
    await one.auth.login();
    expect(users()).to.deep.equal(['bob']);
  });

  it('connects when `login` is called before there is a connection', async () => {
    serve();
    jar.token = endlessToken();
    const one = kit.keep(kit.socket({ extraHeaders: jar.headers }), { refresh: () => undefined });
    await one.auth.logout();
    await one.auth.login();
    expect(users()).to.deep.equal(['bob']);
  });
});
