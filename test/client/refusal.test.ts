import { expect } from 'chai';
import { assert, spy } from 'sinon';
import {
  isUnauthorizedError as isServersUnauthorizedError,
  UnauthorizedError as ServersError,
} from '../../lib';
import { isUnauthorizedError, UnauthorizedError } from '../../lib/client';
import { createToken, SECRET } from '../support/tokens';
import { endlessToken, fetcher, gate, slowSecret, steadyKit } from './kit';
import type { Watched } from './kit';

const FORGED = createToken({ sub: 'bob' }, {}, 'another secret, and long enough for HS256');

describe('the client, when it is refused,', () => {
  const kit = steadyKit();

  beforeEach(() => kit.start());

  for (const handshake of [false, true]) {
    describe(handshake ? 'in handshake mode' : 'in event mode', () => {
      it('with a code that is final: stops, reports it once, and `ready` rejects', async () => {
        kit.world
          .authorize({
            handshake,
            validate: () => {
              throw new ServersError('account_locked', { message: 'ask your administrator' });
            },
          })
          .attach(kit.world.io);
        const clock = kit.stopTimers();
        const token = fetcher(() => endlessToken());
        const client = kit.client(token);
        const reason: unknown = await client.auth.ready.catch((error: unknown) => error);
        expect(reason).to.be.instanceOf(UnauthorizedError).and.include({
          name: 'UnauthorizedError',
          code: 'account_locked',
          message: 'ask your administrator',
        });
        expect([isUnauthorizedError(reason), isServersUnauthorizedError(reason)]).to.deep.equal([true, true]);
        expect(await client.until('unauthorized')).to.equal(reason);
        expect([client.auth.state, token.calls, clock.countTimers()]).to.deep.equal(['unauthorized', 1, 0]);
        expect([client.count('unauthorized'), client.count('error')]).to.deep.equal([1, 0]);
      });

      it('with its first token: logs in with the second', async () => {
        kit.world.authorize({ handshake }).attach(kit.world.io);
        const clock = kit.stopTimers();
        const token = fetcher((call) => (call === 1 ? FORGED : endlessToken()));
        const client = kit.client(token);
        const error = await client.until('error');
        expect(isUnauthorizedError(error) && error.data.reason).to.equal('signature');
        expect(client.auth.state).to.equal('pending');
        clock.tick(1_000);
        await client.auth.ready;
        expect([token.calls, client.count('unauthorized')]).to.deep.equal([2, 0]);
      });

      it('with the first token of each connection: logs in with the second each time', async () => {
        kit.world.authorize({ handshake }).attach(kit.world.io);
        const clock = kit.stopTimers();
        const client = kit.client(fetcher((call) => (call % 2 === 1 ? FORGED : endlessToken())));
        for (let connection = 1; connection <= 3; connection += 1) {
          await client.until('error');
          // The pause is the first again.
          clock.tick(1_000);
          await client.until('authenticated');
          clock.tick(1_000);
          client.socket.io.engine.close();
        }
        expect(client.count('unauthorized')).to.equal(0);
      });

      it('with two fresh tokens in a row: stops and reports the second refusal', async () => {
        kit.world.authorize({ handshake }).attach(kit.world.io);
        const clock = kit.stopTimers();
        const token = fetcher(() => FORGED);
        const client = kit.client(token);
        await client.until('error');
        clock.tick(1_000);
        expect((await client.until<UnauthorizedError>('unauthorized')).data).to.include({
          code: 'invalid_token',
          reason: 'signature',
          retryable: true,
        });
        expect([client.auth.state, token.calls, clock.countTimers()]).to.deep.equal(['unauthorized', 2, 0]);
      });

      it('with a string as token, which it cannot renew: stops at once', async () => {
        kit.world.authorize({ handshake }).attach(kit.world.io);
        const client = kit.client(FORGED);
        expect((await client.until<UnauthorizedError>('unauthorized')).code).to.equal('invalid_token');
      });

      it('by a limiter: waits as long as the server asks', async () => {
        let isBusy = true;
        const limiter = {
          consume: () => (isBusy ? Promise.reject({ msBeforeNext: 60_000 }) : Promise.resolve()),
        };
        kit.world.authorize({ handshake, limiter }).attach(kit.world.io);
        const clock = kit.stopTimers();
        const token = fetcher(() => endlessToken());
        const client = kit.client(token);
        expect((await client.until<UnauthorizedError>('error')).data).to.include({
          code: 'rate_limited',
          retryAfter: 60_000,
        });
        isBusy = false;
        clock.tick(60_000);
        expect(token.calls).to.equal(1);
        clock.tick(1_000);
        await client.auth.ready;
        expect(client.count('unauthorized')).to.equal(0);
      });

      it('for a reason other than the token: tries again any number of times, after growing pauses', async () => {
        let failures = 0;
        const secret = (): string => {
          failures += 1;
          if (failures < 5) throw new Error('no key');
          return SECRET;
        };
        kit.world.authorize({ handshake, secret }).attach(kit.world.io);
        const clock = kit.stopTimers();
        const client = kit.client(() => endlessToken());
        for (const pause of [1_000, 2_000, 4_000, 8_000]) {
          expect((await client.until<UnauthorizedError>('error')).code).to.equal('invalid_secret');
          clock.tick(pause - 1);
          expect(clock.countTimers()).to.equal(1);
          clock.tick(1);
        }
        await client.auth.ready;
      });
    });
  }

  it('and disconnected because the server is full: reconnects', async () => {
    const auth = kit.world.authorize({ maxPending: 0 });
    auth.attach(kit.world.io);
    const socket = kit.socket().connect();
    const clock = kit.stopTimers();
    const client = await new Promise<Watched>((resolve) =>
      socket.once('connect', () => resolve(kit.watch(socket, () => endlessToken()))),
    );
    await client.until('disconnect');
    clock.tick(1_000);
    await client.auth.ready;
  });

  it('and disconnected some time later: reconnects, although it was fetching the next token', async () => {
    kit.world.authorize({ callback: 30 }).attach(kit.world.io);
    const clock = kit.stopTimers();
    const answer = gate<string>();
    const client = kit.client(fetcher((call) => (call === 1 ? FORGED : answer.promise)));
    await client.until('error');
    clock.tick(1_000);
    await client.until('disconnect');
    answer.open(endlessToken());
    await answer.promise;
    clock.tick(2_000);
    await client.auth.ready;
    expect(client.count('connect')).to.equal(2);
  });

  it('and connected by the application before the pause is over: does not try twice', async () => {
    const { secret, key, asked } = slowSecret();
    kit.world.authorize({ secret, handshake: true }).attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(fetcher((call) => (call === 1 ? FORGED : endlessToken())));
    await client.until('error');
    const opened = new Promise<void>((resolve) => client.socket.io.once('open', resolve));
    client.socket.connect();
    await opened;
    clock.tick(1_000);
    await asked.promise;
    expect(clock.countTimers()).to.equal(0);
    key.open(SECRET);
    await client.auth.ready;
  });

  it('because its token was revoked: stops, although the server disconnected it', async () => {
    const auth = kit.world.authorize();
    auth.attach(kit.world.io);
    const clock = kit.stopTimers();
    const client = kit.client(() => createToken({ sub: 'bob', jti: 'one' }));
    await client.auth.ready;
    await auth.revoke({ jti: 'one' });
    expect((await client.until<UnauthorizedError>('unauthorized')).data.reason).to.equal('revoked');
    await client.until('disconnect');
    expect([client.auth.state, client.socket.active, clock.countTimers()]).to.deep.equal([
      'unauthorized',
      false,
      0,
    ]);
  });

  it("with its only attempt: reports that refusal's own code first", async () => {
    kit.world.authorize({ maxAttempts: 1 }).attach(kit.world.io);
    const client = kit.client(() => FORGED);
    expect((await client.until<UnauthorizedError>('error')).code).to.equal('invalid_token');
    expect((await client.until<UnauthorizedError>('unauthorized')).code).to.equal('too_many_attempts');
    await client.until('disconnect');
    expect([client.auth.state, client.socket.active]).to.deep.equal(['unauthorized', false]);
  });

  it('for another user, with a token that cannot change: stops, whatever the server says', async () => {
    const server = await kit.startScripted();
    const clock = kit.stopTimers();
    const client = kit.client('alice');
    await client.auth.ready;
    server.refuse(server.io, { code: 'identity_mismatch', retryable: false });
    expect(await client.until('unauthorized')).to.include({ code: 'identity_mismatch' });
    server.refuse(server.io, { code: 'identity_mismatch' });
    await client.until('came unauthorized');
    await client.until('came unauthorized');
    expect([client.count('sent authenticate'), client.count('sent deauthenticate')]).to.deep.equal([0, 0]);
    expect([client.auth.state, clock.countTimers()]).to.deep.equal(['unauthorized', 0]);
  });

  it('an event of the application: does not take that as a refusal of its login', async () => {
    const key = gate<string>();
    kit.world.authorize({ secret: () => key.promise, holdEvents: 0 }).attach(kit.world.io);
    const client = kit.client(() => endlessToken());
    client.socket.emit('chat', 'too early');
    await client.until('came unauthorized');
    key.open(SECRET);
    await client.auth.ready;
    expect([client.count('unauthorized'), client.count('error')]).to.deep.equal([0, 0]);
  });

  it('by a middleware of the application: leaves that to the application', async () => {
    kit.world.authorize().attach(kit.world.io);
    kit.world.io.use((_, next) => next(new Error('closed on sundays')));
    const clock = kit.stopTimers();
    const client = kit.client(() => endlessToken());
    await client.until('connect_error');
    expect([client.auth.state, client.count('error'), clock.countTimers()]).to.deep.equal(['pending', 0, 0]);
  });

  it('while nobody awaits `ready`: causes no unhandled rejection', async () => {
    const unhandled = spy();
    process.on('unhandledRejection', unhandled);
    kit.world.authorize().attach(kit.world.io);
    const client = kit.client(FORGED);
    await client.until('unauthorized');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    assert.notCalled(unhandled);
  });

  it('logs in when `login` is called, on a new connection if necessary', async () => {
    kit.world.authorize({ maxAttempts: 1 }).attach(kit.world.io);
    let current = FORGED;
    const client = kit.client(() => current);
    await client.until('unauthorized');
    await client.until('disconnect');
    current = endlessToken();
    await client.auth.login();
    expect(client.auth.state).to.equal('authenticated');
  });
});
