import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { RawClient } from '../support/raw-client';
import { SlowCheck } from '../support/slow-check';
import { createToken, tokenEndingIn } from '../support/tokens';
import { Unharmed } from '../support/unharmed';
import { until } from '../support/until';
import { World } from '../support/world';

const TIMEOUT = 1000;
const SCOPES = ['namespace', 'connection'] as const;

/** An honest client closes a transport that no namespace uses. One that does not must not stay for ever. */
describe('a client that leaves every namespace to keep its connection', () => {
  let clock: SinonFakeTimers;
  let world: World;
  let unharmed: Unharmed;
  let raw: RawClient;

  beforeEach(async () => {
    unharmed = new Unharmed();
    clock = useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    world = await new World().listen();
    raw = await RawClient.open(world.url, 'websocket');
  });

  afterEach(async () => {
    clock.restore();
    raw.close();
    await world.close();
    unharmed.close();
  });

  function guard(options: Partial<AuthorizeOptions>): Authorizer {
    const auth = world.authorize({ timeout: TIMEOUT, ...options });
    auth.attach(world.io);
    return auth;
  }

  async function join(auth?: object): Promise<void> {
    raw.send(RawClient.connect(auth));
    await raw.next('CONNECT');
  }

  async function leave(): Promise<void> {
    raw.send('1');
    await until('the namespace is left', () => world.io.sockets.sockets.size === 0);
  }

  const isConnected = (): boolean => world.io.engine.clientsCount > 0;

  async function expectClosedIn(ms: number): Promise<void> {
    clock.tick(ms - 50);
    expect(isConnected()).to.equal(true);
    clock.tick(100);
    await until('the transport is closed', () => !isConnected());
  }

  for (const scope of SCOPES) {
    it(`after a login: it is closed in the time of a login, under scope: '${scope}'`, async () => {
      const auth = guard({ scope });
      await join({ token: createToken() });
      await until('it is logged in', () => auth.stats().authenticated === 1);
      clock.tick(10 * TIMEOUT);
      await leave();
      await expectClosedIn(TIMEOUT);
      expect(auth.stats()).to.include({ pending: 0, authenticated: 0, timedOut: 0 });
    });

    it(`after a login that ends meanwhile: it is closed all the same, under scope: '${scope}'`, async () => {
      const auth = guard({ scope });
      await join({ token: tokenEndingIn(TIMEOUT / 2) });
      await until('it is logged in', () => auth.stats().authenticated === 1);
      await leave();
      await expectClosedIn(TIMEOUT);
    });

    it(`in handshake mode: it is closed in the time of a login, under scope: '${scope}'`, async () => {
      const auth = guard({ scope, handshake: true });
      await join({ token: createToken() });
      await until('it is logged in', () => auth.stats().authenticated === 1);
      await leave();
      await expectClosedIn(TIMEOUT);
    });

    it(`while its token is verified past the timeout: it is closed, under scope: '${scope}'`, async () => {
      const check = new SlowCheck();
      guard({ scope, validate: check.check });
      await join();
      clock.tick(TIMEOUT - 100);
      raw.send(RawClient.event('authenticate', { token: createToken() }));
      await check.untilAsked();
      clock.tick(200);
      await leave();
      clock.tick(100);
      await until('the transport is closed', () => !isConnected());
      check.open();
    });

    it(`and returns in time: it stays, under scope: '${scope}'`, async () => {
      const auth = guard({ scope });
      const token = createToken();
      await join({ token });
      await until('it is logged in', () => auth.stats().authenticated === 1);
      await leave();
      clock.tick(TIMEOUT / 2);
      await join({ token });
      await until('it is logged in', () => auth.stats().authenticated === 1);
      clock.tick(10 * TIMEOUT);
      expect(isConnected()).to.equal(true);
      expect(auth.stats()).to.include({ timedOut: 0, authenticated: 1 });
    });
  }

  it('and returns while its token is verified past the timeout: it has no time left', async () => {
    const check = new SlowCheck();
    const auth = guard({ validate: check.check });
    world.io.of('/open');
    raw.send(RawClient.connect(undefined, '/open'));
    await raw.next('CONNECT');
    await join();
    clock.tick(TIMEOUT - 100);
    raw.send(RawClient.event('authenticate', { token: createToken() }));
    await check.untilAsked();
    clock.tick(200);
    await leave();
    await join();
    clock.tick(10);
    expect(auth.stats()).to.include({ timedOut: 1, pending: 0 });
    check.open();
  });

  it('stays where guests may stay', async () => {
    guard({ required: false });
    await join();
    await leave();
    clock.tick(10 * TIMEOUT);
    expect(isConnected()).to.equal(true);
  });

  it('is closed if the application disconnects its socket and leaves the connection', async () => {
    const auth = guard({});
    await join({ token: createToken() });
    await until('it is logged in', () => auth.stats().authenticated === 1);
    for (const socket of world.io.sockets.sockets.values()) socket.disconnect();
    await expectClosedIn(TIMEOUT);
  });
});
