import { expect } from 'chai';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { refusal, settled, show } from '../support/refusals';
import { createToken, tokenEndingIn } from '../support/tokens';

describe('the life of a session', () => {
  const { world, told } = freshWorld();
  let auth: Authorizer;

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    auth = world.authorize(options);
    auth.attach(world.io);
  }

  describe('expiry', () => {
    it('ends the session at exp: the client gets a reason, and is disconnected', async () => {
      const time = world.stopTime();
      guard();
      const client = await world.connected();
      await show(client, tokenEndingIn(400));
      time.pass(399);
      expect(auth.stats()).to.include({ expired: 0, authenticated: 1 });
      time.pass(2);
      expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'expired', retryable: true });
      expect(await client.until('disconnect')).to.deep.equal(['io server disconnect', undefined]);
      const [socket, reason] = (await told.take('deauthenticated')) as [{ decoded_token: object }, string];
      expect(reason).to.equal('expired');
      expect(socket.decoded_token).to.include({ sub: 'bob' });
      expect(told.all('unauthorized')).to.deep.equal([]);
      expect(auth.stats()).to.include({ expired: 1, refused: 0, authenticated: 0, pending: 0 });
    });

    it('ends the session by the real clock', async () => {
      guard();
      const client = await world.connected();
      const end = Date.now() + 3_000;
      expect(await show(client, createToken({ exp: end / 1000 }))).to.include({ ok: true });
      expect(await refusal(client)).to.include({ reason: 'expired' });
      expect(Date.now()).to.be.at.least(end);
    });

    it("makes the socket pending with onExpired: 'deauthenticate', and the timeout runs again", async () => {
      const time = world.stopTime();
      guard({ onExpired: 'deauthenticate', timeout: 500 });
      const client = await world.connected();
      await show(client, tokenEndingIn(400));
      time.pass(401);
      expect(await refusal(client)).to.include({ reason: 'expired' });
      client.socket.emit('news');
      expect(await refusal(client)).to.include({ code: 'not_authenticated', event: 'news' });
      const socket = await told.socket('deauthenticated');
      expect(socket).not.to.have.any.keys('decoded_token', 'encoded_token');
      expect(socket.data).not.to.have.property('auth');
      time.pass(500);
      expect(await refusal(client)).to.include({ code: 'authentication_timeout' });
      await client.until('disconnect');
    });

    it("does not end the session with onExpired: 'ignore'", async () => {
      const time = world.stopTime();
      guard({ onExpired: 'ignore' });
      const client = await world.connected();
      expect(await show(client, tokenEndingIn(300))).to.include({ ok: true });
      time.pass(10_000);
      world.io.emit('still here');
      await client.until('still here');
      expect(client.received('token_expiring')).to.deep.equal([]);
    });

    it('never ends the session with ignoreExpiration, and sends the client no end', async () => {
      guard({ ignoreExpiration: true });
      expect(await show(await world.connected(), tokenEndingIn(-60_000))).to.include({
        ok: true,
        expiresAt: null,
      });
    });

    it('works for an exp that is centuries away', async () => {
      guard();
      const client = await world.connected();
      // The last second of the year 9999: what is later is a number of ms by mistake.
      const exp = 253_402_300_799;
      expect(await show(client, createToken({ exp }))).to.include({ ok: true, expiresAt: exp * 1000 });
      world.io.emit('still here');
      await client.until('still here');
      expect(client.inbox.events).not.to.include('unauthorized').and.not.to.include('token_expiring');
    });

    it('comes clockTolerance later', async () => {
      guard({ clockTolerance: 100 });
      const exp = Math.floor(Date.now() / 1000) - 50;
      expect(await show(await world.connected(), createToken({ exp }))).to.include({
        ok: true,
        expiresAt: (exp + 100) * 1000,
      });
    });

    it('comes at iat + maxAge if that is earlier', async () => {
      guard({ maxAge: '2h' });
      const iat = Math.floor(Date.now() / 1000) - 60;
      const token = createToken({ iat, exp: iat + 86_400 });
      expect(await show(await world.connected(), token)).to.include({
        ok: true,
        expiresAt: (iat + 7200) * 1000,
      });
    });

    it('comes at a maxAge in seconds too', async () => {
      guard({ maxAge: 100 });
      const iat = Math.floor(Date.now() / 1000) - 60;
      expect(await show(await world.connected(), createToken({ iat }))).to.include({
        expiresAt: (iat + 100) * 1000,
      });
    });

    it('refuses a token that ends before its verification does', async () => {
      const time = world.stopTime();
      let answer = (): void => undefined;
      const asked = new Promise<void>((resolve) => {
        guard({
          validate: () => {
            resolve();
            return new Promise<void>((done) => {
              answer = done;
            });
          },
        });
      });
      const client = await world.connected();
      const reply = show(client, tokenEndingIn(300));
      await asked;
      time.pass(301);
      answer();
      expect((await reply).error).to.include({ code: 'invalid_token', reason: 'expired' });
    });
  });

  describe('token_expiring', () => {
    it('comes when at most a fifth of the life is left', async () => {
      const time = world.stopTime();
      guard();
      const client = await world.connected();
      await show(client, tokenEndingIn(500));
      time.pass(499);
      const [notice] = (await client.until('token_expiring')) as [{ expiresIn: number; expiresAt: number }];
      expect(notice.expiresIn).to.be.within(1, 100);
      expect(client.received('unauthorized')).to.deep.equal([]);
    });

    it('does not come with renewNotice: 0', async () => {
      const time = world.stopTime();
      guard({ renewNotice: 0 });
      const client = await world.connected();
      await show(client, tokenEndingIn(400));
      time.pass(401);
      await client.until('disconnect');
      expect(client.received('token_expiring')).to.deep.equal([]);
    });

    it('comes after four fifths of the life with renewNotice: Infinity, and never to a token without an end', async () => {
      const time = world.stopTime();
      guard({ renewNotice: Infinity });
      const endless = await world.connected();
      expect(await show(endless, createToken())).to.deep.equal({
        ok: true,
        expiresAt: null,
        expiresIn: null,
      });
      const client = await world.connected();
      await show(client, tokenEndingIn(500_000));
      time.pass(400_001);
      await client.until('token_expiring');
      expect(endless.received('token_expiring')).to.deep.equal([]);
    });
  });

  describe('renewal', () => {
    it('moves the end: the server gets `reauthenticated`, the client `authenticated`', async () => {
      const time = world.stopTime();
      guard();
      const client = await world.connected();
      await show(client, tokenEndingIn(300, { sub: 'bob', jti: 'one' }));
      const longer = createToken({ sub: 'bob', jti: 'two' });
      expect(await show(client, longer)).to.deep.equal({ ok: true, expiresAt: null, expiresIn: null });
      const socket = await told.socket('reauthenticated');
      expect(socket).to.have.nested.property('decoded_token.jti', 'two');
      expect(socket).to.have.property('encoded_token', longer);
      expect(socket.data).to.have.nested.property('auth.claims.jti', 'two');
      expect(client.received('authenticated')).to.have.length(2);
      expect(told.all('authenticated')).to.have.length(1);
      time.pass(400);
      expect(auth.stats()).to.include({ verified: 2, authenticated: 1, expired: 0 });
    });

    it('with the token of another user is refused, and the session stays', async () => {
      guard();
      const client = await world.connected();
      await show(client, createToken({ sub: 'bob' }));
      for (const claims of [{ sub: 'eve' }, {}]) {
        const { error } = await show(client, createToken(claims));
        expect(error).to.include({ code: 'identity_mismatch', retryable: false });
      }
      world.io.emit('still here');
      await client.until('still here');
    });

    it('with the token of another user is accepted with sameSubject: false', async () => {
      guard({ sameSubject: false });
      const client = await world.connected();
      await show(client, createToken({ sub: 'bob' }));
      expect(await show(client, createToken({ sub: 'eve' }))).to.include({ ok: true });
    });

    it('that fails leaves the session as it was', async () => {
      guard();
      const client = await world.connected();
      const token = createToken({ sub: 'bob', jti: 'one' });
      await show(client, token);
      expect(await show(client, tokenEndingIn(-1000))).to.include({ ok: false });
      const [socket] = world.io.of('/').sockets.values();
      expect(socket).to.have.property('encoded_token', token);
      expect(auth.stats()).to.include({ authenticated: 1 });
    });

    it('that is under way when the session expires continues as a login', async () => {
      const time = world.stopTime();
      let wait: Promise<void> | undefined;
      let answer = (): void => undefined;
      let onAsked = (): void => undefined;
      const asked = new Promise<void>((resolve) => {
        onAsked = resolve;
      });
      const validate = (): Promise<void> | undefined => {
        if (wait !== undefined) onAsked();
        return wait;
      };
      guard({ onExpired: 'deauthenticate', validate });
      const client = await world.connected();
      await show(client, tokenEndingIn(400));
      wait = new Promise((resolve) => {
        answer = resolve;
      });
      const renewal = show(client, createToken({ sub: 'bob' }));
      await asked;
      time.pass(401);
      await told.take('deauthenticated');
      answer();
      expect(await renewal).to.include({ ok: true });
      expect(told.all('authenticated')).to.have.length(2);
      expect(told.all('reauthenticated')).to.have.length(0);
    });
  });

  describe('logout', () => {
    it('by the client is acknowledged, removes the claims, and starts the timeout again', async () => {
      const time = world.stopTime();
      guard({ timeout: 100 });
      const client = await world.connected();
      await show(client, createToken());
      expect(await client.socket.emitWithAck('deauthenticate')).to.deep.equal({ ok: true });
      const [socket, reason] = await told.take('deauthenticated');
      expect(reason).to.equal('logout');
      expect(socket).not.to.have.property('decoded_token');
      expect(client.received('unauthorized')).to.deep.equal([]);
      time.pass(100);
      expect(await refusal(client)).to.include({ code: 'authentication_timeout' });
    });

    it('by the server is reported to the client', async () => {
      guard();
      const client = await world.connected();
      await show(client, createToken());
      auth.deauthenticate(await told.socket('authenticated'));
      const data = await refusal(client);
      expect(data)
        .to.include({ code: 'not_authenticated', retryable: true })
        .and.not.to.have.property('event');
      expect(told.all('unauthorized')).to.deep.equal([]);
      expect(await show(client, createToken({ sub: 'somebody else' }))).to.include({ ok: true });
    });

    it('of a socket that is not logged in does nothing', async () => {
      guard();
      const client = await world.connected();
      await settled(client);
      for (const socket of world.io.of('/').sockets.values()) auth.deauthenticate(socket);
      await settled(client);
      expect(client.inbox.events).to.deep.equal(['connect']);
      expect(told.events).to.deep.equal([]);
    });

    it('ends a login that is under way', async () => {
      let answer = (): void => undefined;
      guard({
        validate: () =>
          new Promise<void>((resolve) => {
            answer = resolve;
          }),
      });
      const client = await world.connected();
      const reply = show(client, createToken());
      await settled(client);
      answer();
      expect((await reply).error).to.include({ code: 'not_authenticated' });
      expect(auth.stats()).to.include({ pending: 1, authenticated: 0 });
    });

    it('delivers the events that the client sent before it, and none that it sends afterwards', async () => {
      guard();
      const heard: string[] = [];
      world.io.on('connection', (socket) => {
        socket.on('news', (text: string) =>
          heard.push(
            `${text} of ${(socket as never as { decoded_token: { sub: string } }).decoded_token.sub}`,
          ),
        );
      });
      const client = await world.connected();
      await show(client, createToken({ sub: 'bob' }));
      client.socket.emit('news', 'before');
      client.socket.emit('deauthenticate');
      client.socket.emit('news', 'after');
      await settled(client);
      expect(heard).to.deep.equal(['before of bob']);
    });

    it('by the server between two messages keeps the second from the listeners', async () => {
      guard();
      const heard: string[] = [];
      world.io.on('connection', (socket) => {
        socket.on('first', () => auth.deauthenticate(socket));
        socket.on('second', () => heard.push('second'));
      });
      const client = await world.connected();
      await show(client, createToken());
      client.socket.emit('first');
      client.socket.emit('second');
      await settled(client);
      expect(heard).to.deep.equal([]);
    });
  });
});
