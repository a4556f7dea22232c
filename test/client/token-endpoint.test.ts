import { expect } from 'chai';
import { assert, restore, spy, stub } from 'sinon';
import { endlessToken, fetcher, gate, Kit, shortToken } from './kit';

describe('the client, when it gets no token,', () => {
  const kit = new Kit();
  const unhandled = spy();

  beforeEach(async () => {
    unhandled.resetHistory();
    process.on('unhandledRejection', unhandled);
    // The pauses: 1 s, 2 s, 4 s, and so on.
    stub(Math, 'random').returns(0);
    await kit.start();
    kit.world.authorize().attach(kit.world.io);
  });
  afterEach(async () => {
    await kit.close();
    restore();
    // Rejections that nobody took are told of after the microtasks.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    assert.notCalled(unhandled);
  });

  const fault = new Error('the endpoint is down');
  const failing: [string, () => string | Promise<string>, string][] = [
    [
      'throws',
      () => {
        throw fault;
      },
      fault.message,
    ],
    ['rejects', () => Promise.reject(fault), fault.message],
    ['gives undefined', () => undefined as unknown as string, 'no token string'],
    ['gives an empty string', () => '', 'no token string'],
    ['gives an object', () => ({ token: 'x' }) as unknown as string, 'no token string'],
    ['never answers', () => new Promise(() => {}), 'no token within 10000 ms'],
  ];
  for (const [what, fail, message] of failing) {
    it(`reports a function that ${what}, and logs in as soon as the function returns a token`, async () => {
      const clock = kit.stopTimers();
      let calls = 0;
      const client = kit.client(() => {
        calls += 1;
        return calls === 1 ? fail() : endlessToken();
      });
      if (what === 'never answers') await askedThenTick();
      const error = await client.until<Error>('error');
      expect(error).to.be.instanceOf(Error).with.property('message', message);
      expect(client.auth.state).to.equal('pending');
      clock.tick(1_000);
      await client.auth.ready;
      expect([calls, client.count('connect'), client.count('sent authenticate')]).to.deep.equal([2, 1, 0]);

      async function askedThenTick(): Promise<void> {
        await new Promise<void>((resolve) => client.socket.io.once('open', resolve));
        clock.tick(9_999);
        expect(client.count('error')).to.equal(0);
        clock.tick(1);
      }
    });

    it(`reports a function that ${what} on an open connection`, async () => {
      const socket = kit.socket().connect();
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      const clock = kit.stopTimers();
      let calls = 0;
      const client = kit.watch(socket, () => {
        calls += 1;
        return calls === 1 ? fail() : endlessToken();
      });
      if (what === 'never answers') clock.tick(10_000);
      await client.until('error');
      clock.tick(1_000);
      await client.auth.ready;
      expect(calls).to.equal(2);
    });
  }

  it('waits longer after each try, but never longer than half a minute', async () => {
    const clock = kit.stopTimers();
    const token = fetcher(() => Promise.reject(fault));
    const client = kit.client(token);
    await client.until('error');
    for (const pause of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]) {
      const { calls } = token;
      clock.tick(pause - 1);
      expect(token.calls).to.equal(calls);
      clock.tick(1);
      expect(token.calls).to.equal(calls + 1);
      await client.until('error');
    }
  });

  it('ignores an answer that comes too late', async () => {
    const late = gate<string>();
    const clock = kit.stopTimers();
    const token = fetcher((call) => (call === 1 ? late.promise : endlessToken('bob')));
    const subjects: unknown[] = [];
    kit.world.io.on('authenticated', (socket: { decoded_token: { sub: string } }) =>
      subjects.push(socket.decoded_token.sub),
    );
    const client = kit.client(token, {}, 50);
    await new Promise<void>((resolve) => client.socket.io.once('open', resolve));
    clock.tick(50);
    expect((await client.until<Error>('error')).message).to.equal('no token within 50 ms');
    late.open(endlessToken('late'));
    await late.promise;
    clock.tick(1_000);
    await client.auth.ready;
    expect(subjects).to.deep.equal(['bob']);
  });

  it("sends the CONNECT packet only after a slow function has answered: the server's timeout does not run meanwhile", async () => {
    await kit.world.close();
    await kit.start();
    kit.world.authorize({ timeout: 50 }).attach(kit.world.io);
    const client = kit.client(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return endlessToken();
    });
    await client.auth.ready;
    expect(client.count('came unauthorized')).to.equal(0);
  });

  it("reconnects with the token of a slow function if the server's timeout was shorter", async () => {
    await kit.world.close();
    await kit.start();
    kit.world.authorize({ timeout: 50 }).attach(kit.world.io);
    const socket = kit.socket().connect();
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const clock = kit.stopTimers();
    const answer = gate<string>();
    const token = fetcher(() => answer.promise);
    const client = kit.watch(socket, token);
    await client.until('disconnect');
    const opened = new Promise<void>((resolve) => socket.io.once('open', resolve));
    clock.tick(1_000);
    await opened;
    answer.open(endlessToken());
    await client.auth.ready;
    expect([token.calls, token.most, client.count('unauthorized')]).to.deep.equal([1, 1, 0]);
  });

  it('keeps trying during a renewal until the session ends, and after that until the endpoint is back', async () => {
    await kit.world.close();
    await kit.start();
    const time = kit.world.stopTime();
    kit.world.authorize({ renewNotice: 0 }).attach(kit.world.io);
    const clock = kit.stopTimers();
    let isDown = false;
    const token = fetcher(() => (isDown ? Promise.reject(fault) : shortToken(300)));
    const client = kit.client(token);
    await client.until('authenticated');
    isDown = true;
    clock.tick(1_000);
    await client.until('error');
    expect(client.auth.state).to.equal('authenticated');
    time.pass(301);
    await client.until('disconnect');
    expect([client.auth.state, token.calls]).to.deep.equal(['pending', 2]);
    clock.tick(2_000);
    await client.until('error');
    expect(client.auth.state).to.equal('pending');
    isDown = false;
    clock.tick(4_000);
    await client.until('authenticated');
    expect([client.auth.state, token.most]).to.deep.equal(['authenticated', 1]);
  });

  it('makes one call at a time: connection, renewal and notice share the answer', async () => {
    const clock = kit.stopTimers();
    const answer = gate<string>();
    const token = fetcher((call) => (call === 1 ? shortToken(100_000) : answer.promise));
    const client = kit.client(token);
    await client.until('authenticated');
    clock.tick(80_000);
    kit.world.io.emit('token_expiring', { expiresAt: 0, expiresIn: 1_000 });
    await client.until('came token_expiring');
    client.socket.io.engine.close();
    await client.until('connect');
    await new Promise<void>((resolve) => client.socket.io.once('open', resolve));
    answer.open(shortToken(200_000));
    await client.until('authenticated');
    expect([token.calls, client.count('sent authenticate')]).to.deep.equal([2, 0]);
  });

  it('needs no listener, and nobody who awaits `ready`', async () => {
    const clock = kit.stopTimers();
    const client = kit.client(fetcher(() => Promise.reject(fault)));
    await client.until('error');
    client.auth.close();
    expect(clock.countTimers()).to.equal(0);
    // The rejection of `ready` would be told of by `afterEach`.
  });
});
