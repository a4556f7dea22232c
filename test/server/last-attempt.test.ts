import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions, UnauthorizedData } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { settled, show } from '../support/refusals';
import { createToken, SECRET } from '../support/tokens';
import type { TestClient } from '../support/world';

const TOO_MANY = ['invalid_token', 'too_many_attempts'];

/** A key function that answers when the test does. */
class Gate {
  #onAsked = (): void => undefined;
  #onGiven = (_key: string): void => undefined;
  readonly asked = new Promise<void>((resolve) => {
    this.#onAsked = resolve;
  });

  readonly wait = (): Promise<string> => {
    this.#onAsked();
    return new Promise((resolve) => {
      this.#onGiven = resolve;
    });
  };

  give(key: string): void {
    this.#onGiven(key);
  }
}

describe('the last attempt that fails', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;

  function guard(options: Partial<AuthorizeOptions>): void {
    auth = world.authorize(options);
    auth.attach(world.io);
  }

  /** The codes of everything that the client was told, until it was disconnected. */
  async function codesUntilTheEnd(client: TestClient): Promise<string[]> {
    await client.until('disconnect');
    return client
      .received('unauthorized')
      .map(([payload]) => (payload as { data: UnauthorizedData }).data.code);
  }

  for (const [what, maxAttempts, codes, timedOut] of [
    ['told as one too many, and as no timeout besides', 1, TOO_MANY, 0],
    [
      'no failure too many if more are allowed: that is a timeout',
      2,
      ['invalid_token', 'authentication_timeout'],
      1,
    ],
  ] as const) {
    it(`after the timeout is ${what}`, async () => {
      const time = world.stopTime();
      const key = new Gate();
      guard({ timeout: 50, maxAttempts, secret: key.wait });
      const client = await world.connected();
      client.socket.emit('authenticate', { token: createToken() });
      await key.asked;
      time.pass(50);
      key.give('another secret');
      expect(await codesUntilTheEnd(client)).to.deep.equal(codes);
      expect(told.codes).to.deep.equal(codes);
      expect(auth.stats()).to.include({ timedOut, refused: 2 });
    });
  }

  it('ends the connection at once, although `callback` would allow more time', async () => {
    world.stopTime();
    guard({ maxAttempts: 1, callback: 1_000 });
    const client = await world.connected();
    client.socket.emit('authenticate', { token: 'none' });
    expect(await codesUntilTheEnd(client)).to.deep.equal(TOO_MANY);
  });

  it('is the one with the number maxAttempts, and none before it', async () => {
    guard({ maxAttempts: 3 });
    const client = await world.connected();
    for (let attempt = 1; attempt < 3; attempt += 1) {
      await show(client, 'none');
      await settled(client);
      expect(client.socket.connected).to.equal(true);
    }
    client.socket.emit('authenticate', { token: 'none' });
    expect(await codesUntilTheEnd(client)).to.deep.equal(['invalid_token', 'invalid_token', ...TOO_MANY]);
  });

  it('may be one whose client has logged out meanwhile', async () => {
    const key = new Gate();
    guard({ maxAttempts: 1, secret: key.wait });
    const client = await world.connected();
    client.socket.emit('authenticate', { token: createToken() });
    await settled(client);
    key.give('another secret');
    expect(await codesUntilTheEnd(client)).to.deep.equal(['not_authenticated', 'too_many_attempts']);
  });

  it('is counted from the last good token on', async () => {
    guard({ maxAttempts: 2 });
    const client = await world.connected();
    await show(client, 'none');
    expect(await show(client, createToken({}, {}, SECRET))).to.include({ ok: true });
    await show(client, 'none');
    await client.socket.emitWithAck('deauthenticate');
    expect(client.socket.connected).to.equal(true);
    client.socket.emit('authenticate', { token: 'none' });
    expect((await codesUntilTheEnd(client)).slice(-2)).to.deep.equal(TOO_MANY);
  });
});
