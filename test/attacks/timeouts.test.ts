import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { RawClient } from '../support/raw-client';
import { createToken } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { until } from '../support/until';
import { World } from '../support/world';

const TIMEOUT = 1000;

/** The ways to guard a namespace; with a `fail` hook that accepts, handshake mode has pending sockets too. */
const MODES: [how: string, options: Partial<AuthorizeOptions>][] = [
  ['by event', {}],
  ["by event under scope: 'connection'", { scope: 'connection' }],
  ['at the handshake, as guests', { handshake: true, fail: (_error, _socket, accept) => accept() }],
];

/** One clock per connection and authorizer. Time is the test's own, so that nothing has to sleep. */
describe('a client that changes between namespaces to stay without a login', () => {
  let clock: SinonFakeTimers;
  let world: World;
  let unharmed: Unharmed;
  let raw: RawClient;

  beforeEach(async () => {
    unharmed = new Unharmed();
    clock = useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    world = await new World().listen();
    // Nobody guards it: there the connection waits in between.
    world.io.of('/open');
    raw = await RawClient.open(world.url, 'websocket');
    await join('/open');
  });

  afterEach(async () => {
    clock.restore();
    raw.close();
    await world.close();
    unharmed.close();
  });

  function guard(names: readonly (string | RegExp)[], options: Partial<AuthorizeOptions> = {}): Authorizer {
    const auth = world.authorize({ timeout: TIMEOUT, ...options });
    for (const name of names) auth.attach(world.io.of(name));
    return auth;
  }

  async function join(name: string, auth?: object): Promise<void> {
    raw.send(RawClient.connect(auth, name));
    await raw.next('CONNECT');
  }

  async function leave(name: string): Promise<void> {
    raw.send(`1${name},`);
    await until('the namespace is left', () => world.io.of(name).sockets.size === 0);
  }

  async function login(name: string, auth: Authorizer): Promise<void> {
    const { verified } = auth.stats();
    raw.send(`2${name},${JSON.stringify(['authenticate', { token: createToken() }])}`);
    await until('the login is there', () => auth.stats().verified > verified);
  }

  /** The client is told, and out; nothing of it counts any longer. */
  function expectEnded(auth: Authorizer, name: string): void {
    expect(auth.stats()).to.include({ timedOut: 1, pending: 0 });
    expect(world.io.of(name).sockets.size).to.equal(0);
  }

  for (const [how, options] of MODES) {
    it(`is disconnected at the timeout if it leaves one and joins the other, ${how}`, async () => {
      const auth = guard(['/a', '/b'], options);
      await join('/a');
      clock.tick(0.8 * TIMEOUT);
      await leave('/a');
      await join('/b');
      clock.tick(0.15 * TIMEOUT);
      expect(auth.stats()).to.include({ timedOut: 0, pending: 1 });
      clock.tick(0.1 * TIMEOUT);
      expectEnded(auth, '/b');
    });

    it(`is disconnected at the timeout if it moves to another and returns, ${how}`, async () => {
      const auth = guard(['/a', '/b'], options);
      await join('/a');
      for (const [from, to] of [
        ['/a', '/b'],
        ['/b', '/a'],
        ['/a', '/b'],
      ] as const) {
        clock.tick(0.3 * TIMEOUT);
        await leave(from);
        await join(to);
      }
      clock.tick(0.05 * TIMEOUT);
      expect(auth.stats()).to.include({ timedOut: 0, pending: 1 });
      clock.tick(0.1 * TIMEOUT);
      expectEnded(auth, '/b');
    });

    it(`is disconnected at the timeout if it joins the other before it leaves the first, ${how}`, async () => {
      const auth = guard(['/a', '/b'], options);
      await join('/a');
      clock.tick(0.8 * TIMEOUT);
      await join('/b');
      await leave('/a');
      clock.tick(0.15 * TIMEOUT);
      expect(auth.stats()).to.include({ timedOut: 0, pending: 1 });
      clock.tick(0.1 * TIMEOUT);
      expectEnded(auth, '/b');
    });

    it(`is disconnected at the timeout if it joins ever new namespaces, ${how}`, async () => {
      const auth = guard([/^\/room-\d+$/], options);
      await join('/room-0');
      for (let index = 1; index <= 20; index += 1) {
        clock.tick(0.04 * TIMEOUT);
        await leave(`/room-${index - 1}`);
        await join(`/room-${index}`);
      }
      clock.tick(0.15 * TIMEOUT);
      expect(auth.stats()).to.include({ timedOut: 0, pending: 1 });
      clock.tick(0.1 * TIMEOUT);
      expectEnded(auth, '/room-20');
    });

    it(`gets no more time in a second namespace that it joins too, ${how}`, async () => {
      const auth = guard(['/a', '/b'], options);
      await join('/a');
      clock.tick(0.8 * TIMEOUT);
      await join('/b');
      clock.tick(0.25 * TIMEOUT);
      expect(auth.stats()).to.include({ timedOut: 2, pending: 0 });
      expect(world.io.of('/b').sockets.size).to.equal(0);
    });
  }

  it('gets the timeout of each of two authorizers once', async () => {
    const [one, other] = [guard(['/a']), guard(['/b'])];
    await join('/a');
    clock.tick(0.8 * TIMEOUT);
    await leave('/a');
    await join('/b');
    clock.tick(0.8 * TIMEOUT);
    await leave('/b');
    await join('/a');
    clock.tick(0.25 * TIMEOUT);
    expect(one.stats()).to.include({ timedOut: 1, pending: 0 });
    await join('/b');
    clock.tick(0.25 * TIMEOUT);
    expect(other.stats()).to.include({ timedOut: 1, pending: 0 });
  });

  it('gains no time by tokens that are refused', async () => {
    const auth = guard(['/a', '/b'], { maxAttempts: Infinity });
    await join('/a');
    clock.tick(0.8 * TIMEOUT);
    await leave('/a');
    await join('/b', { token: 'none' });
    await until('it is refused', () => auth.stats().refused === 1);
    clock.tick(0.25 * TIMEOUT);
    expectEnded(auth, '/b');
  });

  it('gets the full timeout again after a login in either of them', async () => {
    const auth = guard(['/a', '/b']);
    await join('/a');
    await join('/b');
    clock.tick(0.8 * TIMEOUT);
    await login('/a', auth);
    clock.tick(0.9 * TIMEOUT);
    expect(auth.stats()).to.include({ timedOut: 0, pending: 1, authenticated: 1 });
    clock.tick(0.15 * TIMEOUT);
    expect(auth.stats()).to.include({ timedOut: 1, pending: 0, authenticated: 1 });
    expect(world.io.of('/b').sockets.size).to.equal(0);
  });

  it('gets only the time that was left when it returns from an unguarded namespace', async () => {
    const auth = guard(['/a', '/b']);
    await join('/a');
    clock.tick(0.5 * TIMEOUT);
    await leave('/a');
    clock.tick(5 * TIMEOUT);
    expect(raw.isOpen).to.equal(true);
    await join('/b');
    clock.tick(0.6 * TIMEOUT);
    expectEnded(auth, '/b');
  });

  it('is disconnected at the timeout if the application disconnects it and it returns', async () => {
    const auth = guard(['/a']);
    await join('/a');
    clock.tick(0.8 * TIMEOUT);
    for (const socket of world.io.of('/a').sockets.values()) socket.disconnect();
    await join('/a');
    clock.tick(0.25 * TIMEOUT);
    expectEnded(auth, '/a');
  });
});
