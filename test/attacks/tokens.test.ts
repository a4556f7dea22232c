import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { sign } from 'jsonwebtoken';
import type { AuthorizeOptions, JwtClaims, VerifierOptions } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { connectError, refusal, show } from '../support/refusals';
import { createToken, SECRET } from '../support/tokens';

const encode = (part: string): string => Buffer.from(part).toString('base64url');

/** A token whose payload is any text, with a good HMAC. */
function forge(payload: string): string {
  const signed = `${encode('{"alg":"HS256","typ":"JWT"}')}.${encode(payload)}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

describe('an unusual token', () => {
  const { world, told } = freshWorld();

  function guard(options: Partial<AuthorizeOptions> | VerifierOptions = {}): void {
    world.authorize(options).attach(world.io);
  }

  const moments: [what: string, claims: object][] = [
    ['exp in ms', { exp: Date.now() + 60_000 }],
    ['iat in ms', { iat: Date.now() }],
    ['nbf in ms', { nbf: Date.now() }],
    ['exp in µs', { exp: Date.now() * 1000 }],
  ];
  const keys: [way: string, options: Partial<AuthorizeOptions> | VerifierOptions][] = [
    ['a secret', {}],
    ['a key function', { secret: () => Promise.resolve(SECRET) }],
    ['an own verifier', { verify: (token) => JSON.parse(token) as JwtClaims }],
    ['a secret that ignores exp', { ignoreExpiration: true }],
  ];
  for (const [way, options] of keys) {
    for (const [what, claims] of moments) {
      it(`with ${what} is refused, since its session would never end: ${way}`, async () => {
        guard(options);
        const text = JSON.stringify({ sub: 'bob', ...claims });
        const token = 'verify' in options ? text : sign(text, SECRET);
        const { error } = await show(await world.connected(), token);
        expect(error).to.include({ code: 'invalid_token', reason: 'claim' });
      });
    }
  }

  for (const [way, options] of keys.slice(0, 2)) {
    it(`whose claims are encoded as JSON twice is malformed, each time that it is sent: ${way}`, async () => {
      guard(options);
      const client = await world.connected();
      const token = forge(JSON.stringify('{"sub":"bob"}'));
      for (let times = 0; times < 2; times += 1)
        expect((await show(client, token)).error).to.include({ code: 'invalid_token', reason: 'malformed' });
    });
  }

  it('without a signature is refused before the key function is called', async () => {
    let asked = 0;
    const find = (): string => {
      asked += 1;
      return SECRET;
    };
    guard({
      secret: (_request, _payload, callback: (error: null, key: string) => void) => callback(null, find()),
    });
    world.authorize({ secret: find }).attach(world.io.of('/modern'));
    for (const namespace of ['/', '/modern']) {
      const client = await world.connected(namespace);
      for (const header of ['{"alg":"none"}', '{"alg":"HS256","typ":"JWT"}']) {
        const { error } = await show(client, `${encode(header)}.${encode('{"sub":"bob"}')}.`);
        expect(error).to.include({ reason: 'signature', message: 'jwt signature is required' });
      }
    }
    expect(asked).to.equal(0);
  });

  it('whose exp is ignored still ends at maxAge, and is not accepted again', async () => {
    guard({ ignoreExpiration: true, maxAge: 3 });
    const client = await world.connected();
    const iat = Date.now() / 1000 - 1;
    const token = createToken({ sub: 'bob', iat, exp: 1 });
    expect((await show(client, token)).expiresAt).to.equal((iat + 3) * 1000);
    expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'expired' });
    expect(await client.until('disconnect')).to.include('io server disconnect');
    const other = await world.connected();
    expect((await show(other, token)).error).to.include({ reason: 'expired' });
  });

  describe('that is not active yet', () => {
    const ahead = (): string => createToken({ sub: 'bob', nbf: Math.floor(Date.now() / 1000) + 60 });

    it('is refused with the time when it will be, and is no failed attempt', async () => {
      guard({ maxAttempts: 1 });
      const client = await world.connected();
      for (let times = 0; times < 3; times += 1) {
        const { error } = await show(client, ahead());
        expect(error).to.include({ reason: 'not_active', retryable: true });
        expect(error?.retryAfter).to.be.within(1, 60_000);
      }
      expect(await show(client, createToken())).to.include({ ok: true });
      expect(told.codes).to.deep.equal(['invalid_token', 'invalid_token', 'invalid_token']);
    });

    it('is no failed attempt at the handshake either', async () => {
      guard({ maxAttempts: 1, handshake: true });
      world.io.of('/open');
      const open = await world.connected('/open');
      for (let times = 0; times < 3; times += 1) {
        const socket = open.socket.io.socket('/', { auth: { token: ahead() } });
        socket.auth = { token: ahead() };
        const error = await new Promise<Error & { data?: object }>((resolve) => {
          socket.once('connect_error', resolve);
          socket.connect();
        });
        expect(error.data).to.include({ code: 'invalid_token', reason: 'not_active' });
        socket.disconnect();
      }
    });

    it('is refused the same way if the application verifies', async () => {
      guard({ verify: () => ({ nbf: Math.floor(Date.now() / 1000) + 60 }), handshake: true });
      const data = await connectError(world.client('/', { auth: { token: 'opaque' } }));
      expect(data).to.include({ reason: 'not_active' });
      expect(data.retryAfter).to.be.within(1, 60_000);
    });
  });
});
