import { expect } from 'chai';
import type { AuthenticatedPayload } from '../../lib/client';
import { endlessToken, fetcher, gate, Kit, shortToken } from './kit';

describe('the client logs in', () => {
  const kit = new Kit();

  beforeEach(async () => {
    await kit.start();
  });
  afterEach(() => kit.close());

  it('with the CONNECT packet if the socket is not connected yet, without an event', async () => {
    kit.world.authorize().attach(kit.world.io);
    const client = kit.client(() => endlessToken());
    expect(client.auth.state).to.equal('pending');
    expect(await client.auth.ready).to.deep.equal({ expiresAt: null, expiresIn: null });
    expect(client.auth.state).to.equal('authenticated');
    expect(client.count('sent authenticate')).to.equal(0);
  });

  it('by event if the socket is connected already', async () => {
    kit.world.authorize().attach(kit.world.io);
    const socket = kit.socket().connect();
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const client = kit.watch(socket, () => endlessToken());
    await client.auth.ready;
    expect(client.count('sent authenticate')).to.equal(1);
  });

  it('by event if the CONNECT packet was sent before `authenticate` was called', async () => {
    kit.world.authorize().attach(kit.world.io);
    const first = kit.socket({ forceNew: false }).connect();
    await new Promise<void>((resolve) => first.once('connect', resolve));
    // The transport is open, so the CONNECT packet of another namespace goes at once.
    kit.world.authorize().attach(kit.world.io.of('/other'));
    const second = kit.socket({ forceNew: false }, '/other').connect();
    const client = kit.watch(second, endlessToken());
    await client.auth.ready;
    expect(client.count('sent authenticate')).to.equal(1);
  });

  for (const [what, token] of [
    ['a string', endlessToken()],
    ['a function', () => endlessToken()],
    ['a function that gives a promise', () => Promise.resolve(endlessToken())],
  ] as const) {
    it(`with ${what} as token`, async () => {
      kit.world.authorize().attach(kit.world.io);
      await kit.client(token).auth.ready;
    });
  }

  it('only when the application connects the socket', async () => {
    const token = fetcher(() => endlessToken());
    const { socket } = kit.watch(kit.socket(), token);
    await Promise.resolve();
    expect([socket.active, token.calls]).to.deep.equal([false, 0]);
  });

  it('with a fresh token at every reconnection', async () => {
    const subjects: unknown[] = [];
    kit.world
      .authorize()
      .attach(kit.world.io)
      .on('authenticated', (socket: { decoded_token: { sub: string } }) =>
        subjects.push(socket.decoded_token.sub),
      );
    const client = kit.client(fetcher((call) => endlessToken(`token ${call}`)));
    for (let connection = 1; connection <= 3; connection += 1) {
      await client.until('authenticated');
      client.socket.io.engine.close();
      await client.until('disconnect');
      expect(client.auth.state).to.equal('pending');
    }
    await client.until('authenticated');
    expect(subjects).to.deep.equal(['token 1', 'token 2', 'token 3', 'token 4']);
  });

  it('with a fresh token if the application has disconnected it and connects it again', async () => {
    kit.world.authorize().attach(kit.world.io);
    const token = fetcher(() => endlessToken());
    const client = kit.client(token);
    await client.until('authenticated');
    client.socket.disconnect();
    expect(client.auth.state).to.equal('pending');
    expect(token.calls).to.equal(1);
    client.socket.connect();
    await client.until('authenticated');
    expect(token.calls).to.equal(2);
  });

  it('and emits each login with the end of the session, until the listener is removed', async () => {
    kit.world.authorize().attach(kit.world.io);
    const client = kit.client(() => shortToken(60_000));
    const heard: AuthenticatedPayload[] = [];
    const listener = (session: AuthenticatedPayload): void => void heard.push(session);
    client.auth.on('authenticated', listener);
    const session = await client.until<AuthenticatedPayload>('authenticated');
    expect(session.expiresIn).to.be.within(50_000, 60_000);
    client.auth.off('error', () => undefined);
    client.auth.off('authenticated', listener);
    client.socket.io.engine.close();
    await client.until('authenticated');
    expect(heard).to.deep.equal([session]);
  });

  for (const [what, auth] of [
    ['object', { tenant: 'blue' }],
    ['function', (send: (data: object) => void) => send({ tenant: 'blue' })],
  ] as const) {
    it(`together with what the application's own auth ${what} sends`, async () => {
      kit.world.authorize().attach(kit.world.io);
      const seen: unknown[] = [];
      kit.world.io.on('connection', (socket) => seen.push(socket.handshake.auth));
      await kit.client(() => endlessToken(), { auth }).auth.ready;
      expect(seen).to.deep.equal([{ tenant: 'blue' }]);
    });
  }

  it('once, with one token, if two reconnections happen at the same time', async () => {
    const logins: unknown[] = [];
    kit.world
      .authorize()
      .attach(kit.world.io)
      .on('authenticated', (socket) => logins.push(socket));
    const answer = gate<string>();
    const asked = gate();
    const again = gate();
    const token = fetcher(() => {
      asked.open();
      return answer.promise;
    });
    const client = kit.client(token);
    await asked.promise;
    client.socket.io.engine.close();
    client.socket.io.once('reconnect', () => again.open());
    await again.promise;
    answer.open(endlessToken());
    await client.auth.ready;
    await client.socket.emitWithAck('deauthenticate');
    expect({
      fetched: token.calls,
      connected: client.count('connect'),
      loggedIn: logins.length,
    }).to.deep.equal({
      fetched: 1,
      connected: 1,
      loggedIn: 1,
    });
  });

  for (const [what, isBack] of [
    ['gone', false],
    ['gone and is back on another transport', true],
  ] as const) {
    it(`with no extra socket on the server, if the token arrives after the socket has ${what}`, async () => {
      kit.world.authorize().attach(kit.world.io);
      let sockets = 0;
      kit.world.io.on('connection', () => (sockets += 1));
      kit.world.io.of('/other').on('connection', (one) => one.on('ask', (reply: () => void) => reply()));
      const answer = gate<string>();
      const asked = gate();
      // Of the other namespace, it keeps the transport open, so that what is sent too late would arrive.
      const other = kit.socket({ forceNew: isBack }, '/other').connect();
      const client = kit.watch(kit.socket({ forceNew: isBack }), () => {
        asked.open();
        return answer.promise;
      });
      client.socket.connect();
      await asked.promise;
      client.socket.disconnect();
      if (isBack) client.socket.connect();
      answer.open(endlessToken());
      if (isBack) await client.auth.ready;
      await other.emitWithAck('ask');
      expect([sockets, client.auth.state]).to.deep.equal(isBack ? [1, 'authenticated'] : [0, 'pending']);
    });
  }

  it("with one CONNECT packet a connection, although the application's own auth function answers late", async () => {
    kit.world.authorize().attach(kit.world.io);
    let sockets = 0;
    kit.world.io.on('connection', () => (sockets += 1));
    const sends: ((data: object) => void)[] = [];
    const asked = [gate(), gate()];
    const client = kit.client(endlessToken(), {
      auth: (send: (data: object) => void) => {
        sends.push(send);
        asked[sends.length - 1]?.open();
      },
    });
    await asked[0]?.promise;
    client.socket.io.engine.close();
    await asked[1]?.promise;
    for (const send of sends) send({});
    await client.auth.ready;
    await client.socket.emitWithAck('deauthenticate');
    expect([sockets, client.count('connect')]).to.deep.equal([1, 1]);
  });

  it('although a listener throws: that is an uncaught error, and affects neither state nor other listeners', async () => {
    kit.world.authorize().attach(kit.world.io);
    const client = kit.watch(kit.socket(), () => endlessToken());
    const fault = new Error('a fault of the application');
    const heard: string[] = [];
    client.auth.on('authenticated', () => {
      throw fault;
    });
    client.auth.on('authenticated', () => heard.push('second'));
    const clock = kit.stopTimers();
    client.socket.connect();
    await client.auth.ready;
    expect(() => clock.tick(0)).to.throw(fault.message);
    expect([client.auth.state, heard]).to.deep.equal(['authenticated', ['second']]);
  });
});
