import { expect } from 'chai';
import type { Authorizer } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { RawClient } from '../support/raw-client';
import { SlowCheck } from '../support/slow-check';
import { createToken } from '../support/tokens';
import { until } from '../support/until';

/** A client whose token is being verified at the end of its time may stay until the outcome. It must not gain more. */
describe('a client whose time to log in is over while its token is being verified', () => {
  const { world } = freshWorld();
  const TIMEOUT = 1_000;
  const token = createToken();
  let auth: Authorizer;
  let slow: SlowCheck;
  let raw: RawClient;

  beforeEach(async () => {
    slow = new SlowCheck();
    const time = world.stopTime();
    auth = world.authorize({
      timeout: TIMEOUT,
      maxAttempts: 100,
      // No failed attempt: nothing else ends the client.
      secret: () => slow.check().then(() => Promise.reject(new Error('no such key'))),
    });
    auth.attach(world.io.of(/^\/room-\d+$/));
    raw = await RawClient.open(world.url, 'polling');
    raw.send(RawClient.connect(undefined, '/room-0'));
    await raw.next('CONNECT');
    time.pass(TIMEOUT - 100);
    raw.send(`2/room-0,["authenticate","${token}"]`);
    await slow.untilAsked();
    time.pass(101);
    expect(auth.stats().timedOut).to.equal(0);
  });

  afterEach(() => raw.close());

  it('has no token of another namespace verified, and is closed after the outcome', async () => {
    for (let room = 1; room <= 3; room += 1) {
      raw.send(RawClient.connect({ token }, `/room-${room}`));
      await until('it is turned away', () => auth.stats().timedOut === room);
    }
    expect(slow.asked).to.equal(1);
    slow.answer();
    await raw.next('close');
    expect(auth.stats()).to.include({ timedOut: 4, pending: 0 });
  });

  it('gains no time by leaving the namespace and coming back with another token', async () => {
    raw.send('1/room-0,');
    await until('it has left', () => auth.stats().pending === 0);
    raw.send(RawClient.connect({ token }, '/room-0'));
    await raw.next('close');
    slow.answer();
    expect(slow.asked).to.equal(1);
    expect(auth.stats()).to.include({ timedOut: 1, pending: 0 });
  });
});
