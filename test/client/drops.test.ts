import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { UnauthorizedError } from '../../lib/client';
import { fetcher, gate, Kit } from './kit';
import type { Watched } from './kit';
import type { ScriptedServer } from './scripted-server';

/** A server that restores whatever it can, and has nothing of this library that could help. */
describe('a logout is final, whatever the network does', () => {
  const kit = new Kit();
  let server: ScriptedServer;
  let user: string | null;
  /** What the `token` function does. */
  let give: () => string | null | Promise<string>;

  beforeEach(async () => {
    user = 'alice';
    give = () => user;
    server = await kit.startScripted();
  });
  afterEach(async () => {
    restore();
    await kit.close();
  });

  /** Alice, whose session the server can resume. */
  async function alice(timeout?: number): Promise<Watched> {
    const client = kit.client(() => give(), {}, timeout);
    await client.until('authenticated');
    await client.until('came hello');
    await client.until('connect');
    return client;
  }

  /** Waits for the next connection; tells as whom the server takes a message on it. */
  async function userOfNext(client: Watched): Promise<unknown> {
    await client.until('connect');
    expect(client.socket.recovered).to.equal(false);
    return speak(client);
  }

  async function speak({ socket }: Watched): Promise<unknown> {
    await socket.emitWithAck('say', 'anything');
    return server.inbox.all('say').at(-1)?.[0];
  }

  it("without a logout, these tests' server and client restore a session", async () => {
    const client = await alice();
    server.cut();
    await client.until('connect');
    await client.until('authenticated');
    expect([client.socket.recovered, await speak(client)]).to.deep.equal([true, 'alice']);
  });

  const drops: [string, (client: Watched, logOut: () => Promise<void>) => Promise<void>][] = [
    [
      'while the connection is down',
      async (client, logOut) => {
        server.cut();
        await client.until('disconnect');
        await logOut();
      },
    ],
    [
      'when the connection is broken, and nobody has noticed',
      async (_, logOut) => {
        server.cut();
        await logOut();
      },
    ],
    [
      'when the connection breaks before the acknowledgement',
      async (_, logOut) => {
        server.acknowledges = false;
        const loggedOut = logOut();
        await server.inbox.take('deauthenticate');
        server.cut();
        await loggedOut;
      },
    ],
    [
      'after a sleep in which the heartbeats have stopped',
      async (_, logOut) => {
        // Socket.IO still says that it is connected, and buffers what is sent.
        const anHourLater = Date.now() + 3_600_000;
        const clock = stub(Date, 'now').returns(anHourLater);
        const loggedOut = logOut();
        clock.restore();
        await loggedOut;
      },
    ],
  ];
  for (const [when, drop] of drops) {
    describe(when, () => {
      it('the next connection is a guest', async () => {
        const client = await alice();
        await drop(client, () => client.auth.logout());
        expect(await userOfNext(client)).to.equal(undefined);
        expect([client.auth.state, client.count('authenticated')]).to.deep.equal(['unauthorized', 1]);
      });

      it('and another user logs in: no session of the former user comes back', async () => {
        const client = await alice();
        let ready: Promise<unknown> = Promise.resolve();
        await drop(client, () => {
          const loggedOut = client.auth.logout();
          user = 'bob';
          ready = client.auth.login();
          return loggedOut;
        });
        expect(await userOfNext(client)).to.equal('bob');
        await ready;
        expect([client.auth.state, server.users, client.count('error')]).to.deep.equal([
          'authenticated',
          ['bob'],
          0,
        ]);
      });

      it('twice in a row', async () => {
        const client = await alice();
        await drop(client, async () => {
          await Promise.all([client.auth.logout(), client.auth.logout()]);
        });
        await client.auth.logout();
        expect(await userOfNext(client)).to.equal(undefined);
      });

      it('and the client is closed', async () => {
        const client = await alice();
        await drop(client, () => {
          const loggedOut = client.auth.logout();
          client.auth.close();
          return loggedOut;
        });
        expect(await userOfNext(client)).to.equal(undefined);
      });
    });
  }

  describe('while a session is being restored: the CONNECT packet is not answered yet', () => {
    /** Alice's connection, on its way back. */
    async function returning(): Promise<{ client: Watched; answer: () => void }> {
      const client = await alice();
      await server.inbox.take('CONNECT');
      const door = gate();
      server.door = door.promise;
      server.cut();
      const [auth] = await server.inbox.take('CONNECT');
      expect(auth).to.include.keys('pid', 'token');
      return { client, answer: () => door.open() };
    }

    it('the session ends as soon as it is restored', async () => {
      const { client, answer } = await returning();
      const loggedOut = client.auth.logout();
      answer();
      await loggedOut;
      expect([await speak(client), client.auth.state, client.count('authenticated')]).to.deep.equal([
        undefined,
        'unauthorized',
        1,
      ]);
    });

    it('and another user logs in', async () => {
      const { client, answer } = await returning();
      void client.auth.logout();
      user = 'bob';
      const ready = client.auth.login();
      answer();
      await ready;
      expect([await speak(client), server.users]).to.deep.equal(['bob', ['bob']]);
    });

    it('and the connection is lost again before the logout has arrived: the answer brought a new recovery id', async () => {
      const { client, answer } = await returning();
      server.acknowledges = false;
      const loggedOut = client.auth.logout();
      client.socket.once('connect', () => server.cut());
      answer();
      await loggedOut;
      await client.until('connect');
      expect(await userOfNext(client)).to.equal(undefined);
    });

    it("and the application logs out in its own listener, which runs before the client's", async () => {
      // Registered before the client's.
      const socket = kit.socket();
      let isOver = false;
      socket.on('connect', () => {
        if (isOver) void client.auth.logout();
      });
      const client = kit.watch(socket, () => user);
      socket.connect();
      await client.until('came hello');
      isOver = true;
      server.cut();
      await client.until('came hello');
      expect([await speak(client), server.inbox.all('deauthenticate')]).to.deep.equal([
        undefined,
        [['alice']],
      ]);
    });

    it('and the client is closed: the session is not restored', async () => {
      const { client, answer } = await returning();
      const loggedOut = client.auth.logout();
      client.auth.close();
      await loggedOut;
      answer();
      expect(await userOfNext(client)).to.equal(undefined);
    });
  });

  it('on an open connection, which stays open although the client is closed at once', async () => {
    const client = await alice();
    const loggedOut = client.auth.logout();
    client.auth.close();
    await loggedOut;
    expect([await speak(client), client.count('disconnect')]).to.deep.equal([undefined, 0]);
  });

  it('when the server disconnects, and the application connects the socket again in the same moment', async () => {
    server.io.of('/other');
    // Keeps the transport open.
    const other = kit.socket({ forceNew: false }, '/other').connect();
    await new Promise<void>((resolve) => other.once('connect', resolve));
    const client = kit.watch(kit.socket({ forceNew: false }), () => user);
    client.socket.connect();
    await client.until('authenticated');
    client.socket.once('disconnect', () => client.socket.connect());
    server.acknowledges = false;
    void client.auth.logout();
    user = 'bob';
    const ready = client.auth.login();
    await server.inbox.take('deauthenticate');
    for (const socket of server.io.sockets.sockets.values()) socket.disconnect();
    await ready;
    // The logout that Socket.IO has given up closes nothing that is new.
    expect([server.users, client.count('disconnect')]).to.deep.equal([['bob'], 1]);
  });

  it('and another user logs in on the open connection: that session can be restored after the next drop', async () => {
    const client = await alice();
    await client.auth.logout();
    user = 'bob';
    await client.auth.login();
    server.cut();
    expect(await userOfNext(client)).to.equal('bob');
    await client.until('came hello');
    server.cut();
    await client.until('connect');
    expect([client.socket.recovered, await speak(client)]).to.deep.equal([true, 'bob']);
  });

  it('if the server does not acknowledge it: the client closes the connection instead', async () => {
    server.acknowledges = false;
    const client = await alice(50);
    await client.auth.logout();
    expect(await userOfNext(client)).to.equal(undefined);
  });

  it('and the client stops waiting for it when the connection is lost, and begins the next login', async () => {
    server.acknowledges = false;
    const client = await alice(50);
    void client.auth.logout();
    user = 'bob';
    await client.auth.login();
    expect(server.users).to.deep.equal(['bob']);
  });

  it('if the server still reports a login: the client logs out again', async () => {
    const client = await alice();
    await client.auth.logout();
    for (let time = 1; time <= 2; time += 1) server.io.emit('authenticated', server.session);
    await server.inbox.take('deauthenticate');
    await server.inbox.take('deauthenticate');
    expect([await speak(client), client.auth.state, client.count('authenticated')]).to.deep.equal([
      undefined,
      'unauthorized',
      1,
    ]);
  });

  it('at a reconnection for which there is no token any more: the client is a guest, and not the former user', async () => {
    const client = await alice();
    user = null;
    server.cut();
    expect(await userOfNext(client)).to.equal(undefined);
    expect(client.auth.state).to.equal('unauthorized');
  });

  it('at a reconnection for which the `token` function gives up', async () => {
    const client = await alice();
    give = () => Promise.reject(new UnauthorizedError('signed_out', { message: 'sign in again' }));
    server.cut();
    expect(await userOfNext(client)).to.equal(undefined);
    expect([client.auth.state, client.count('authenticated')]).to.deep.equal(['unauthorized', 1]);
  });

  it('after a final refusal of a renewal: the session continues, but not on another connection', async () => {
    const client = await alice();
    server.refuses = () => ({ code: 'account_locked', retryable: false });
    // Another token than that in use.
    give = () => 'alice, too';
    server.userOf = () => 'alice';
    server.io.emit('token_expiring', {});
    await client.until('unauthorized');
    expect([client.auth.state, await speak(client)]).to.deep.equal(['authenticated', 'alice']);
    server.cut();
    expect(await userOfNext(client)).to.equal(undefined);
    expect(client.auth.state).to.equal('unauthorized');
  });

  it('when the user has changed, before the token of the other user is sent', async () => {
    server.acknowledges = false;
    server.session = { expiresAt: 1, expiresIn: 100_000 };
    const clock = kit.stopTimers();
    const late = gate<string>();
    const token = fetcher((call) => (call === 1 ? 'alice' : late.promise));
    const client = kit.client(token);
    await client.until('authenticated');
    clock.tick(1_000);
    // One renewal is on its way, and the time for another would come.
    server.io.emit('token_expiring', {});
    await client.until('came token_expiring');
    server.io.emit('authenticated', server.session);
    server.refuse(server.io, { code: 'identity_mismatch', retryable: false });
    await client.until('error');
    late.open('bob');
    clock.tick(80_000);
    await client.socket.emitWithAck('say', 'everything is here');
    expect([token.calls, client.count('sent authenticate'), client.auth.state]).to.deep.equal([
      2,
      0,
      'pending',
    ]);
  });

  it('at a reconnection with the token of another user: the former user is logged out', async () => {
    const token = fetcher(() => user as string);
    const client = kit.client(token);
    await client.until('authenticated');
    await client.until('came hello');
    user = 'bob';
    server.cut();
    // Resumed as Alice, whom the server does not let Bob take over from.
    await client.until('error');
    await client.until('authenticated');
    await client.until('authenticated');
    expect([client.auth.state, server.users, client.count('unauthorized')]).to.deep.equal([
      'authenticated',
      ['bob'],
      0,
    ]);
  });
});
