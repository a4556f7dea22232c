import { expect } from 'chai';
import { World } from '../support/world';
import { endlessToken, fetcher, gate, shortToken, steadyKit } from './kit';

describe('the client recovers', () => {
  const kit = steadyKit();

  beforeEach(() => kit.start());

  it('after the machine slept, the token expired and the server disconnected it: its timers fire late', async () => {
    const time = kit.world.stopTime();
    kit.world.authorize({ renewNotice: 0 }).attach(kit.world.io);
    // The laptop sleeps: no timer of the client fires, while the server's clock goes on.
    const clock = kit.stopTimers();
    const token = fetcher((call) => shortToken(call === 1 ? 200 : 60_000));
    const client = kit.client(token);
    await client.until('authenticated');
    time.pass(201);
    expect(await client.until('disconnect')).to.equal('io server disconnect');
    expect([client.auth.state, client.socket.active]).to.deep.equal(['pending', false]);
    clock.tick(1_000);
    await client.until('authenticated');
    expect([token.calls, token.most, client.count('unauthorized'), client.count('error')]).to.deep.equal([
      2, 1, 0, 0,
    ]);
  });

  it('after the machine slept, if the late renewal fires first and fetches a stale token', async () => {
    const time = kit.world.stopTime();
    kit.world.authorize({ renewNotice: 0 }).attach(kit.world.io);
    const clock = kit.stopTimers();
    const token = fetcher((call) => (call === 3 ? 'stale' : shortToken(call === 1 ? 200 : 60_000 + call)));
    const client = kit.client(token);
    await client.until('authenticated');
    time.pass(201);
    // The session is over, its end is on the way, and the client does not know yet.
    expect(client.auth.state).to.equal('authenticated');
    clock.tick(1_000);
    await client.until('disconnect');
    clock.tick(1_000);
    await client.until('connect');
    await client.until('connect');
    await client.until('came unauthorized');
    await client.until('came unauthorized');
    clock.tick(2_000);
    await client.until('authenticated');
    expect([token.calls, token.most, client.count('unauthorized')]).to.deep.equal([4, 1, 0]);
  });

  it('after an expiry that leaves it connected: by event', async () => {
    const time = kit.world.stopTime();
    kit.world.authorize({ onExpired: 'deauthenticate', renewNotice: 0 }).attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(fetcher((call) => shortToken(call === 1 ? 200 : 60_000)));
    await client.until('authenticated');
    time.pass(201);
    await client.until('came unauthorized');
    expect([client.auth.state, client.socket.connected]).to.deep.equal(['pending', true]);
    clock.tick(1_000);
    await client.until('authenticated');
    expect([client.count('connect'), client.count('sent authenticate')]).to.deep.equal([1, 1]);
  });

  it('after an expiry, in handshake mode', async () => {
    const time = kit.world.stopTime();
    const auth = kit.world.authorize({ handshake: true, renewNotice: 0 });
    auth.attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(fetcher((call) => shortToken(call === 1 ? 200 : 60_000)));
    await client.until('authenticated');
    time.pass(201);
    await client.until('disconnect');
    clock.tick(1_000);
    await client.until('authenticated');
    expect(client.count('connect')).to.equal(2);
  });

  it('after an expiry, while another namespace keeps the transport open', async () => {
    const time = kit.world.stopTime();
    kit.world.authorize({ renewNotice: 0 }).attach(kit.world.io);
    kit.world.io.of('/other');
    const other = kit.socket({ forceNew: false }, '/other').connect();
    const clock = kit.stopTimers();
    const client = kit.watch(
      kit.socket({ forceNew: false }),
      fetcher((call) => shortToken(call === 1 ? 200 : 60_000)),
    );
    client.socket.connect();
    await client.until('authenticated');
    time.pass(201);
    await client.until('disconnect');
    clock.tick(1_000);
    await client.until('authenticated');
    expect([other.connected, client.count('sent authenticate')]).to.deep.equal([true, 0]);
  });

  it('after a restart of the server, with a fresh token', async () => {
    kit.world.authorize().attach(kit.world.io);
    const { port } = new URL(kit.world.url);
    const token = fetcher((call) => endlessToken(`token ${call}`));
    const client = kit.client(token);
    await client.until('authenticated');
    await kit.world.close();
    await client.until('disconnect');
    await client.until('connect_error');
    expect([client.auth.state, token.calls]).to.deep.equal(['pending', 1]);
    kit.world = new World();
    kit.world.authorize().attach(kit.world.io);
    await kit.world.listen(Number(port));
    await client.until('authenticated');
    expect([client.auth.state, token.calls]).to.deep.equal(['authenticated', 2]);
  });

  it('when the server restores the session', async () => {
    await kit.world.close();
    kit.world = new World({ connectionStateRecovery: {} });
    await kit.world.listen();
    kit.world.authorize().attach(kit.world.io);
    const client = kit.client(() => shortToken(60_000));
    await client.until('authenticated');
    // Without an offset Socket.IO recovers nothing.
    kit.world.io.emit('news');
    await client.until('came news');
    client.socket.io.engine.close();
    await client.until('disconnect');
    await client.until('authenticated');
    expect([client.socket.recovered, client.auth.state]).to.deep.equal([true, 'authenticated']);
  });

  it('when the server has logged it out but lets it log in again', async () => {
    const auth = kit.world.authorize();
    auth.attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(() => endlessToken());
    await client.until('authenticated');
    for (const socket of kit.world.io.sockets.sockets.values()) auth.deauthenticate(socket);
    await client.until('came unauthorized');
    expect(client.auth.state).to.equal('pending');
    clock.tick(1_000);
    await client.until('authenticated');
  });

  it("but not if the server's application disconnects it without a refusal", async () => {
    kit.world.authorize().attach(kit.world.io);
    const clock = kit.stopTimers();
    const token = fetcher(() => shortToken(60_000));
    const client = kit.client(token);
    await client.until('authenticated');
    kit.world.io.disconnectSockets(true);
    await client.until('disconnect');
    expect([client.auth.state, client.socket.active, clock.countTimers()]).to.deep.equal([
      'pending',
      false,
      0,
    ]);
    clock.tick(1_000);
    client.socket.connect();
    await client.until('authenticated');
    expect(token.calls).to.equal(2);
  });

  it("but not if the server's application disconnects it long after a refusal that was resolved", async () => {
    kit.world.authorize().attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(fetcher((call) => (call === 1 ? 'no token' : shortToken(60_000))));
    await client.until('error');
    clock.tick(1_000);
    await client.until('authenticated');
    kit.world.io.disconnectSockets(true);
    await client.until('disconnect');
    expect([client.socket.active, clock.countTimers()]).to.deep.equal([false, 0]);
  });

  it("but not if the server's application disconnects it after a refusal on an earlier connection", async () => {
    const key = gate<string>();
    const asked = gate();
    const secret = (): Promise<string> => {
      asked.open();
      return key.promise;
    };
    kit.world.authorize({ secret }).attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(fetcher((call) => (call === 1 ? 'no token' : endlessToken())));
    await client.until('error');
    const opened = new Promise<void>((resolve) => client.socket.io.once('open', resolve));
    client.socket.io.engine.close();
    await opened;
    clock.tick(1_000);
    await asked.promise;
    for (const socket of kit.world.io.sockets.sockets.values()) socket.disconnect(true);
    await client.until('disconnect');
    await client.until('disconnect');
    expect([client.socket.active, clock.countTimers()]).to.deep.equal([false, 0]);
  });

  it('but not if the application disconnects while a fetch of a token fails', async () => {
    kit.world.authorize().attach(kit.world.io);
    const clock = kit.stopTimers();
    const asked = gate();
    const answer = gate<string>();
    const client = kit.client(
      fetcher((call) => {
        if (call === 1) return shortToken(60_000);
        asked.open();
        return answer.promise;
      }),
    );
    await client.until('authenticated');
    clock.tick(48_000);
    await asked.promise;
    client.socket.disconnect();
    answer.open('');
    await client.until('error');
    expect([client.socket.active, clock.countTimers()]).to.deep.equal([false, 0]);
  });

  it('but not if the application disconnects, even while another try is scheduled', async () => {
    kit.world.authorize().attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(() => 'no token');
    await client.until('error');
    client.socket.disconnect();
    expect([client.socket.active, clock.countTimers()]).to.deep.equal([false, 0]);
  });
});
