import { expect } from 'chai';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Socket } from 'socket.io-client';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { UnauthorizedError } from '../../lib';
import { Books } from '../model/books';
import { freshWorld } from '../support/fresh-world';
import { refusal, settled, show } from '../support/refusals';
import { createToken, SECRET, tokenEndingIn } from '../support/tokens';
import { until } from '../support/until';
import type { TestClient } from '../support/world';
import { World } from '../support/world';

/** A function that waits until the test answers for it. */
class Gate {
  #open: (() => void)[] = [];
  #onAsked = (): void => undefined;
  asked = 0;
  readonly isAsked = new Promise<void>((resolve) => {
    this.#onAsked = resolve;
  });

  readonly wait = (): Promise<void> => {
    this.asked += 1;
    this.#onAsked();
    return new Promise((resolve) => {
      this.#open.push(resolve);
    });
  };

  open(): void {
    for (const resolve of this.#open.splice(0)) resolve();
  }
}

describe('the bounds of a client', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io);
  }

  /** Another socket of the same connection, in a namespace that nobody guards. */
  async function beside(client: TestClient): Promise<Socket> {
    world.io.of('/open').on('connection', (socket) => socket.on('ping', (reply: () => void) => reply()));
    const other = client.socket.io.socket('/open', {});
    await new Promise<void>((resolve) => {
      other.once('connect', resolve);
    });
    return other;
  }

  async function thrownOut(client: TestClient, code: string): Promise<void> {
    expect(await refusal(client)).to.include({ code });
    expect(await client.until('disconnect')).to.include('io server disconnect');
  }

  describe('timeout', () => {
    it('disconnects a silent client, and closes its transport', async () => {
      const time = world.stopTime();
      guard({ timeout: 50 });
      const client = await world.connected();
      const closed = new Promise((resolve) => {
        client.socket.io.engine.once('close', resolve);
      });
      time.pass(49);
      expect(auth.stats()).to.include({ timedOut: 0, pending: 1 });
      time.pass(1);
      await thrownOut(client, 'authentication_timeout');
      await closed;
      expect(told.codes).to.deep.equal(['authentication_timeout']);
      expect(auth.stats()).to.include({ timedOut: 1, refused: 1, pending: 0 });
    });

    it('is neither stopped nor started again by a failed authenticate', async () => {
      const time = world.stopTime();
      guard({ timeout: 150, maxAttempts: Infinity });
      const client = await world.connected();
      for (let times = 0; times < 15; times += 1) {
        expect(await show(client, 'none')).to.include({ ok: false });
        expect(auth.stats()).to.include({ timedOut: 0 });
        time.pass(10);
      }
      await client.until('disconnect');
      expect(told.codes.at(-1)).to.equal('authentication_timeout');
    });

    it('waits for a verification that is under way, and still accepts a good token', async () => {
      const time = world.stopTime();
      const gate = new Gate();
      guard({ timeout: 50, validate: gate.wait });
      const [slow, silent] = [await world.connected(), await world.connected()];
      const reply = show(slow, createToken());
      await gate.isAsked;
      time.pass(50);
      await thrownOut(silent, 'authentication_timeout');
      gate.open();
      expect(await reply).to.include({ ok: true });
    });

    it('disconnects a client at once if its late verification fails', async () => {
      const time = world.stopTime();
      const gate = new Gate();
      guard({ timeout: 50, secret: () => gate.wait().then(() => 'another secret, of 32 bytes or more') });
      const [slow, silent] = [await world.connected(), await world.connected()];
      const reply = show(slow, createToken());
      await gate.isAsked;
      time.pass(50);
      await thrownOut(silent, 'authentication_timeout');
      gate.open();
      expect((await reply).error).to.include({ reason: 'signature' });
      expect(await refusal(slow)).to.include({ reason: 'signature' });
      await thrownOut(slow, 'authentication_timeout');
    });

    it('cannot be escaped by a logout during the verification that it waits for', async () => {
      const time = world.stopTime();
      const gate = new Gate();
      guard({ timeout: 50, validate: gate.wait });
      const [slow, silent] = [await world.connected(), await world.connected()];
      slow.socket.emit('authenticate', { token: createToken() });
      await gate.isAsked;
      time.pass(50);
      await thrownOut(silent, 'authentication_timeout');
      slow.socket.emit('deauthenticate');
      await thrownOut(slow, 'authentication_timeout');
      gate.open();
    });

    it('does not run with required: false, and guests stay behind the gate', async () => {
      const time = world.stopTime();
      guard({ required: false, timeout: 1 });
      const guest = await world.connected();
      guest.socket.emit('news');
      expect(await refusal(guest)).to.include({ code: 'not_authenticated' });
      time.pass(10_000);
      await settled(guest);
      expect(guest.socket.connected).to.equal(true);
    });

    it('continues for a client that leaves the namespace and returns on the same connection', async () => {
      const time = world.stopTime();
      guard({ timeout: 100 });
      const client = await world.connected();
      const other = await beside(client);
      time.pass(60);
      client.socket.disconnect();
      // Socket.IO closes a connection that leaves a namespace and joins it in one breath.
      await other.emitWithAck('ping');
      client.socket.connect();
      await client.until('connect');
      await client.until('disconnect');
      time.pass(40);
      await thrownOut(client, 'authentication_timeout');
      expect(other.connected).to.equal(true);
      other.disconnect();
    });
  });

  describe('attempts', () => {
    it('beyond maxAttempts disconnect: the last one gets its own code, then too_many_attempts', async () => {
      guard({ maxAttempts: 3 });
      const client = await world.connected();
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect((await show(client, tokenEndingIn(-9999))).error).to.include({ reason: 'expired' });
        expect(await refusal(client)).to.include({ reason: 'expired' });
      }
      await thrownOut(client, 'too_many_attempts');
      expect(auth.stats()).to.include({ refused: 4 });
    });

    it('are counted since the last good token, renewals too', async () => {
      guard({ maxAttempts: 2 });
      const client = await world.connected();
      for (let times = 0; times < 3; times += 1) {
        expect(await show(client, 'none')).to.include({ ok: false });
        expect(await show(client, createToken())).to.include({ ok: true });
      }
      await show(client, 'none');
      await show(client, 'none');
      await client.until('disconnect');
    });

    it('do not count if the key source fails', async () => {
      guard({ maxAttempts: 1, secret: () => Promise.reject(new Error('down')) });
      const client = await world.connected();
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect((await show(client, createToken())).error).to.include({ code: 'invalid_secret' });
      }
    });

    it('carry over to the session after a timeout, on a connection that another namespace keeps open', async () => {
      const time = world.stopTime();
      guard({ maxAttempts: 2, timeout: 60 });
      const client = await world.connected();
      const other = await beside(client);
      await show(client, 'none');
      time.pass(60);
      await client.until('disconnect');
      client.socket.connect();
      await client.until('connect');
      expect((await show(client, 'none')).ok).to.equal(false);
      await client.until('disconnect');
      expect(told.codes).to.deep.equal([
        'invalid_token',
        'authentication_timeout',
        'invalid_token',
        'too_many_attempts',
      ]);
      other.disconnect();
    });

    it('of a client that joins ever new namespaces need bounded memory', async () => {
      const walker = world.authorize();
      walker.attach(world.io.of(/^\/walk-\d+$/));
      const client = await world.connected('/walk-0');
      for (let index = 1; index < 20; index += 1) {
        const socket = client.socket.io.socket(`/walk-${index}`, {});
        await new Promise<void>((resolve) => {
          socket.once('connect', resolve);
        });
        socket.disconnect();
      }
      await show(client, createToken());
      expect(walker.stats()).to.include({ authenticated: 1, pending: 0 });
    });

    it('carry over when the client leaves the namespace and returns', async () => {
      guard({ maxAttempts: 3 });
      const client = await world.connected();
      const other = await beside(client);
      await show(client, 'none');
      await show(client, 'none');
      client.socket.disconnect();
      // Socket.IO closes a connection that leaves a namespace and joins it in one breath.
      await other.emitWithAck('ping');
      client.socket.connect();
      await client.until('connect');
      await show(client, 'none');
      for (let times = 0; times < 2; times += 1) await client.until('disconnect');
      expect(
        client.received('unauthorized').map(([payload]) => (payload as { data: { code: string } }).data.code),
      ).to.deep.equal(['invalid_token', 'invalid_token', 'invalid_token', 'too_many_attempts']);
      other.disconnect();
    });
  });

  describe('one at a time', () => {
    it('a token whose client logs out while it is being verified does not count as verified', async () => {
      const gate = new Gate();
      guard({ validate: gate.wait });
      const client = await world.connected();
      const first = show(client, createToken());
      await until('it is being verified', () => gate.asked === 1);
      await client.socket.emitWithAck('deauthenticate');
      gate.open();
      expect((await first).error).to.include({ code: 'not_authenticated' });
      expect(auth.stats()).to.include({ verified: 0, refused: 1, pending: 1 });
    });

    it('a second token while one is being verified is refused, and the first verification continues', async () => {
      const gate = new Gate();
      guard({ validate: gate.wait, maxAttempts: 1 });
      const client = await world.connected();
      const first = show(client, createToken());
      const second = await show(client, createToken());
      expect(second.error).to.include({ code: 'authentication_in_progress', retryable: true });
      expect((await show(client, 7)).error).to.include({ code: 'authentication_in_progress' });
      gate.open();
      expect(await first).to.include({ ok: true });
      expect(gate.asked).to.equal(1);
    });

    it('a socket that closes while its token is being verified is never reported as authenticated', async () => {
      const gate = new Gate();
      guard({ validate: gate.wait });
      const client = await world.connected();
      client.socket.emit('authenticate', { token: createToken() });
      await settledOther(world);
      const gone = new Promise((resolve) => {
        for (const socket of world.io.of('/').sockets.values()) socket.once('disconnect', resolve);
      });
      client.socket.disconnect();
      await gone;
      gate.open();
      await new Promise(setImmediate);
      expect(told.events).to.deep.equal([]);
      expect(auth.stats()).to.include({ authenticated: 0, verified: 0 });
    });
  });

  describe('maxPending', () => {
    it('refuses the next unauthenticated socket, and accepts one with a good token', async () => {
      guard({ maxPending: 1 });
      const first = await world.connected();
      const second = await world.connected();
      await thrownOut(second, 'server_busy');
      await thrownOut(world.client('/', { auth: { token: 'none' } }), 'invalid_token').catch(() => undefined);
      await world.client('/', { auth: { token: createToken() } }).until('authenticated');
      expect(await show(first, createToken())).to.include({ ok: true });
      const third = await world.connected();
      await settled(third);
      expect(third.socket.connected).to.equal(true);
    });
  });

  describe('limiter', () => {
    it('refuses beyond its limit, and sends when to try again', async () => {
      guard({ limiter: new RateLimiterMemory({ points: 1, duration: 60 }) });
      const client = await world.connected();
      expect(await show(client, createToken())).to.include({ ok: true });
      const { error } = await show(client, createToken());
      expect(error).to.include({ code: 'rate_limited', retryable: true });
      expect(error?.retryAfter).to.be.within(1, 60_000);
    });

    it('is called with the address that clientAddress returns', async () => {
      const asked: string[] = [];
      const limiter = { consume: (key: string) => asked.push(key) };
      guard({ limiter, clientAddress: (socket) => String(socket.handshake.headers['x-real-ip']) });
      const client = await world.connected('/', { extraHeaders: { 'x-real-ip': '192.0.2.7' } });
      expect(await show(client, createToken())).to.include({ ok: true });
      expect(asked).to.deep.equal(['192.0.2.7']);
    });

    for (const msBeforeNext of [NaN, Infinity, '5']) {
      it(`sends no retryAfter if msBeforeNext is ${String(msBeforeNext)}`, async () => {
        guard({
          limiter: { consume: () => Promise.reject(Object.assign(new Error('limit'), { msBeforeNext })) },
        });
        const { error } = await show(await world.connected(), createToken());
        expect(error).to.include({ code: 'rate_limited' }).and.not.to.have.property('retryAfter');
      });
    }

    it('that fails has every token refused', async () => {
      guard({ limiter: { consume: () => Promise.reject(new Error('the store of the limiter is down')) } });
      const { error } = await show(await world.connected(), createToken());
      expect(error).to.include({ code: 'rate_limited', message: 'too many requests' });
    });
  });

  describe('callback', () => {
    it('false disconnects at once after a refusal', async () => {
      guard({ callback: false });
      const client = await world.connected();
      client.socket.emit('authenticate', { token: 'none' });
      await thrownOut(client, 'invalid_token');
    });

    for (const callback of [40, -40]) {
      it(`${callback} disconnects after 40 ms`, async () => {
        const time = world.stopTime();
        guard({ callback });
        const client = await world.connected();
        await show(client, 'none');
        time.pass(39);
        await settled(client);
        time.pass(1);
        await thrownOut(client, 'invalid_token');
      });
    }

    it('spares a socket that has authenticated meanwhile', async () => {
      const time = world.stopTime();
      guard({ callback: 40 });
      const [spared, other] = [await world.connected(), await world.connected()];
      await show(spared, 'none');
      await show(spared, createToken());
      await show(other, 'none');
      time.pass(40);
      await thrownOut(other, 'invalid_token');
      expect(spared.socket.connected).to.equal(true);
    });

    it('spares a socket that has authenticated meanwhile and logged out: only its next refusal counts', async () => {
      const time = world.stopTime();
      guard({ callback: 40 });
      const client = await world.connected();
      await show(client, 'none');
      await show(client, createToken());
      await client.socket.emitWithAck('deauthenticate');
      time.pass(40);
      await settled(client);
      expect(client.socket.connected).to.equal(true);
      await show(client, 'none');
      time.pass(39);
      await settled(client);
      time.pass(1);
      await client.until('disconnect');
    });

    it('40 disconnects 40 ms after the first refusal, by one timer, which ends with the socket', async () => {
      const books = new Books();
      /** Those besides the time to log in. */
      const timers = (): number => books.owners().get('Object') ?? 0;
      const time = world.stopTime();
      guard({ callback: 40, maxAttempts: 1_000 });
      const [client, other] = [await world.connected(), await world.connected()];
      await show(other, 'none');
      other.socket.disconnect();
      await until('it is gone', () => timers() === 0);
      await show(client, 'none');
      time.pass(30);
      for (let count = 0; count < 10; count += 1) await show(client, 'none');
      expect(timers()).to.equal(1);
      time.pass(10);
      await client.until('disconnect');
      await until('it is gone', () => timers() === 0);
      books.close();
    });

    it('true means the same as no option', async () => {
      guard({ callback: true });
      const client = await world.connected();
      await show(client, 'none');
      expect(await show(client, createToken())).to.include({ ok: true });
    });

    it('disconnects a client that acknowledges its refusal', async () => {
      guard();
      const client = await world.connected();
      client.socket.on('unauthorized', (_error, disconnect: () => void) => disconnect());
      client.socket.emit('authenticate', { token: 'none' });
      await thrownOut(client, 'invalid_token');
    });
  });

  describe('the application', () => {
    it('refuses with its own code and message by an UnauthorizedError', async () => {
      guard({
        validate: () => {
          throw new UnauthorizedError('account_locked', { message: 'ask Alice', retryAfter: 5 });
        },
      });
      const { error } = await show(await world.connected(), createToken());
      expect(error).to.deep.equal({
        code: 'account_locked',
        message: 'ask Alice',
        type: 'UnauthorizedError',
        retryable: false,
        retryAfter: 5,
      });
    });

    it('refuses as unknown by any other error, whose text is not sent', async () => {
      guard({ validate: () => Promise.reject(new Error('select * from secrets')) });
      const client = await world.connected();
      const { error } = await show(client, createToken());
      expect(error).to.include({ code: 'unknown', message: 'unauthorized' });
      const [, local] = (await told.take('unauthorized')) as [object, UnauthorizedError];
      expect(local.cause).to.have.property('message', 'select * from secrets');
    });

    it('refuses as unknown by an invalid promise', async () => {
      const trap = Object.defineProperty({}, 'then', {
        get: () => {
          throw new Error('hunter2');
        },
      });
      guard({ validate: () => trap });
      expect((await show(await world.connected(), createToken())).error).to.include({
        code: 'unknown',
        message: 'unauthorized',
      });
    });

    it('decides what decoded_token holds', async () => {
      guard({
        customDecoded: ({ sub }) => ({ user: sub }),
        decodedPropertyName: 'user',
        encodedPropertyName: 'jwt',
      });
      const token = createToken({ sub: 'bob' });
      await show(await world.connected(), token);
      const socket = await told.socket('authenticated');
      expect(socket).to.have.deep.property('user', { user: 'bob' });
      expect(socket).to.have.property('jwt', token);
      expect(socket.data).to.have.nested.property('auth.claims.sub', 'bob');
    });

    it('refuses after keyTimeout if its key function never answers', async () => {
      guard({ keyTimeout: 30, secret: () => new Promise(() => undefined) });
      const { error } = await show(await world.connected(), createToken());
      expect(error).to.include({ code: 'invalid_secret', reason: 'key_unavailable' });
    });

    it('finds keys by a classic callback, of which the first answer counts', async () => {
      guard({
        secret: (_request, _payload, callback: (error: unknown, key?: string) => void) => {
          callback(null, SECRET);
          callback(new Error('too late'));
        },
      });
      expect(await show(await world.connected(), createToken())).to.include({ ok: true });
    });
  });
});

/** Lets the server deal with what came before on other connections: a whole login goes by. */
async function settledOther(world: World): Promise<void> {
  await settled(await world.connected());
}
