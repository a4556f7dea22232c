import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { jwksSecret } from '../../lib/jwks';
import type { JwksOptions } from '../../lib/jwks';
import { JwksEndpoint, SigningKey } from '../support/jwks-endpoint';
import { World } from '../support/world';

interface Reply {
  ok: boolean;
  error?: { code: string; reason?: string; message: string; retryable: boolean };
}

describe('jwksSecret', () => {
  let world: World;
  let endpoint: JwksEndpoint;

  beforeEach(async () => {
    world = await new World().listen();
    endpoint = await new JwksEndpoint().listen();
  });

  afterEach(async () => {
    await world.close();
    await endpoint.close();
  });

  /** Guards the server with the endpoint's keys, and gives a function that shows it a token. */
  function guard(options: Partial<JwksOptions> = {}): (token: string) => Promise<Reply> {
    const secret = jwksSecret({ jwksUri: endpoint.uri, cooldown: 20, ...options });
    world.authorize({ secret, maxAttempts: Infinity }).attach(world.io);
    return async (token) => {
      const client = await world.connected();
      const reply = (await client.authenticate(token)) as Reply;
      client.socket.disconnect();
      return reply;
    };
  }

  for (const type of ['rsa', 'ec'] as const) {
    it(`lets in a token signed with an ${type} key of the endpoint`, async () => {
      const key = new SigningKey('one', type);
      endpoint.keys = [key];
      expect(await guard()(key.token())).to.include({ ok: true });
    });
  }

  it('requests nothing before the first token, and once for many', async () => {
    const key = new SigningKey('one', 'ec');
    endpoint.keys = [key];
    const show = guard();
    expect(endpoint.requests).to.equal(0);
    const replies = await Promise.all(Array.from({ length: 20 }, () => show(key.token())));
    expect(replies.every(({ ok }) => ok)).to.equal(true);
    expect(endpoint.requests).to.equal(1);
  });

  it('refuses a token signed with another key under a known kid', async () => {
    endpoint.keys = [new SigningKey('one', 'ec')];
    const { error } = await guard()(new SigningKey('one', 'ec').token());
    expect(error).to.include({ code: 'invalid_token', reason: 'signature' });
  });

  it('makes no request for each of many unknown kids', async () => {
    const key = new SigningKey('one', 'ec');
    endpoint.keys = [key];
    const show = guard({ cooldown: 60_000 });
    await show(key.token());
    const unknown = new SigningKey('unknown', 'ec');
    for (let index = 0; index < 30; index += 1) {
      const { error } = await show(unknown.token({}, { keyid: `unknown-${index}` }));
      expect(error).to.include({ code: 'invalid_secret', reason: 'key_unavailable', retryable: true });
    }
    expect(endpoint.requests).to.equal(1);
    expect(await show(key.token())).to.include({ ok: true });
  });

  it('follows a rotation of keys without a restart', async () => {
    const [former, newest] = [new SigningKey('former', 'ec'), new SigningKey('newest', 'ec')];
    endpoint.keys = [former];
    const show = guard({ cooldown: 1 });
    expect(await show(former.token())).to.include({ ok: true });
    endpoint.keys = [newest];
    expect(await show(newest.token())).to.include({ ok: true });
    expect((await show(former.token())).error).to.include({ code: 'invalid_secret' });
  });

  it('renews known keys when they are old, without keeping the client waiting', async () => {
    const key = new SigningKey('one', 'ec');
    endpoint.keys = [key];
    const show = guard({ cacheMaxAge: 1, cooldown: 1 });
    await show(key.token());
    const asked = new Promise<void>((resolve) => {
      // Never answered: whoever waited for it would not get in.
      endpoint.answer = () => resolve();
    });
    expect(await show(key.token())).to.include({ ok: true });
    await asked;
  });

  const faults: [what: string, answer: JwksEndpoint['answer']][] = [
    ['is down with an error', (_request, response) => response.writeHead(503).end('down')],
    [
      'breaks off',
      (_request, response) =>
        response.writeHead(200, { 'content-length': '99' }).end('{"ke', () => response.destroy()),
    ],
    ['answers what is no JSON', (_request, response) => response.end('<html>')],
    ['answers nothing', (_request, response) => response.writeHead(204).end()],
    ['answers a number', (_request, response) => response.end('7')],
    ['answers no key set', (_request, response) => response.end('[]')],
    ['answers an empty key set', (_request, response) => response.end('{"keys":[]}')],
    ['answers keys that are none', (_request, response) => response.end('{"keys":[null,7,{"kty":"RSA"}]}')],
    ['stalls', () => undefined],
    ['never ends', (_request, response) => pour(response)],
    ['redirects for ever', (request, response) => response.writeHead(302, { location: request.url }).end()],
  ];

  for (const [what, answer] of faults) {
    it(`refuses with invalid_secret while the endpoint ${what}, and lets in once it is back`, async () => {
      const key = new SigningKey('one', 'ec');
      endpoint.keys = [key];
      endpoint.answer = answer;
      const show = guard({ timeout: 2_000, cooldown: 1 });
      const { error } = await show(key.token());
      expect(error).to.include({ code: 'invalid_secret', reason: 'key_unavailable', retryable: true });
      expect(error?.message).to.equal('no key for this token');
      endpoint.answer = undefined;
      expect(await show(key.token())).to.include({ ok: true });
    });
  }

  it('goes on with known keys while the endpoint is gone', async () => {
    const key = new SigningKey('one', 'ec');
    endpoint.keys = [key];
    const show = guard({ cacheMaxAge: 1, cooldown: 1 });
    await show(key.token());
    await endpoint.close();
    for (let index = 0; index < 5; index += 1) expect(await show(key.token())).to.include({ ok: true });
    expect((await show(new SigningKey('other', 'ec').token())).error).to.include({ code: 'invalid_secret' });
  });

  it('refuses at once, and tells the operator, where jsonwebtoken cannot verify with a key', async () => {
    const [odd, good] = [new SigningKey('odd', 'ed25519'), new SigningKey('good', 'ec')];
    endpoint.keys = [odd, good];
    const show = guard({ cooldown: 60_000 });
    const warned = new Promise<Error>((resolve) => {
      process.once('warning', resolve);
    });
    // jsonwebtoken does not sign with it either, so the header is put in front of another signature.
    const [, payload, signature] = good.token().split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: 'odd' })).toString('base64url');
    for (let index = 0; index < 3; index += 1) {
      expect((await show(`${header}.${payload}.${signature}`)).error).to.include({ code: 'invalid_secret' });
    }
    expect((await warned).message).to.match(/ed25519/);
    expect(endpoint.requests).to.equal(1);
    expect(await show(good.token())).to.include({ ok: true });
  });

  it('passes over a key without a name that jsonwebtoken cannot verify with', async () => {
    const [odd, good] = [new SigningKey('odd', 'ed25519'), new SigningKey('good', 'ec')];
    delete odd.jwk.kid;
    endpoint.keys = [odd, good];
    expect(await guard()(good.token())).to.include({ ok: true });
  });

  it('tries every key for a token that names none', async () => {
    const [one, two] = [new SigningKey('one', 'ec'), new SigningKey('two', 'rsa')];
    endpoint.keys = [one, two];
    const show = guard();
    const nameless = { header: { alg: 'RS256', kid: undefined as unknown as string } };
    expect(await show(two.token({}, nameless))).to.include({ ok: true });
    expect(await show(new SigningKey('two', 'rsa').token({}, nameless))).to.include({ ok: false });
  });

  it('checks typ, in any case and with or without application/', async () => {
    const key = new SigningKey('one', 'ec');
    endpoint.keys = [key];
    const show = guard({ typ: 'at+jwt' });
    const typed = (typ?: string): string => key.token({}, { header: { alg: 'ES256', typ: typ as string } });
    expect((await show(typed())).error).to.include({ code: 'invalid_token', reason: 'claim' });
    expect((await show(typed('JWT'))).error).to.include({ code: 'invalid_token', reason: 'claim' });
    expect(endpoint.requests).to.equal(0);
    expect(await show(typed('at+jwt'))).to.include({ ok: true });
    expect(await show(typed('application/AT+JWT'))).to.include({ ok: true });
  });

  const wrong: [name: string, options: object | null | undefined][] = [
    ['options', undefined],
    ['options', null],
    ['options.jwksUri', {}],
    ['options.jwksUri', { jwksUri: 'ftp://example.com' }],
    ['options.jwksUri', { jwksUri: 'http://' }],
    ['options.timeout', { timeout: 0 }],
    ['options.cacheMaxAge', { cacheMaxAge: '1h' }],
    ['options.cooldown', { cooldown: -1 }],
    ['options.typ', { typ: '' }],
    ['options.ttl', { ttl: 5 }],
  ];
  for (const [name, options] of wrong) {
    it(`throws a TypeError that names ${name} for ${JSON.stringify(options)}`, () => {
      const given = options && { ...(name !== 'options.jwksUri' && { jwksUri: endpoint.uri }), ...options };
      expect(() => jwksSecret(given as JwksOptions)).to.throw(TypeError, name);
    });
  }
});

/** Writes until the other side has had enough. */
function pour(response: ServerResponse): void {
  const chunk = 'x'.repeat(65_536);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}
