import { expect } from 'chai';
import type { VerifierOptions } from '../../lib';
import { jwksVerifier } from '../../lib/jwks';
import type { JwksVerifierOptions } from '../../lib/jwks';
import { JwksEndpoint, SigningKey } from '../support/jwks-endpoint';
import { refusal, show } from '../support/refusals';
import { World } from '../support/world';

const seconds = (): number => Math.floor(Date.now() / 1000);

describe('a server that verifies with jwksVerifier', () => {
  const key = new SigningKey('one', 'ed25519');
  let world: World;
  let endpoint: JwksEndpoint;

  beforeEach(async () => {
    world = await new World().listen();
    endpoint = await new JwksEndpoint().listen();
    endpoint.keys = [key];
  });
  afterEach(async () => {
    await world.close();
    await endpoint.close();
  });

  function guard(options: Partial<VerifierOptions> = {}, own: Partial<JwksVerifierOptions> = {}): void {
    const verify = jwksVerifier({ jwksUri: endpoint.uri, cooldown: 1, ...own });
    world.authorize({ verify, ...options }).attach(world.io);
  }

  it('accepts a token, has its claims, and ends the session at exp', async () => {
    guard();
    const client = await world.connected();
    const exp = seconds() + 2;
    expect(await show(client, key.token({ sub: 'bob', exp }))).to.include({
      ok: true,
      expiresAt: exp * 1000,
    });
    const [server] = [...world.io.of('/').sockets.values()];
    expect(server).to.have.nested.property('decoded_token.sub', 'bob');
    expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'expired' });
  });

  const tolerated: [what: string, options: Partial<VerifierOptions>, own: Partial<JwksVerifierOptions>][] = [
    ['the clockTolerance of the authorizer', { clockTolerance: 60 }, {}],
    [
      'the clockTolerance of the authorizer, above that of the verifier',
      { clockTolerance: 60 },
      { clockTolerance: 1 },
    ],
    ['the clockTolerance of the verifier, where the authorizer has none', {}, { clockTolerance: 60 }],
  ];
  for (const [what, options, own] of tolerated) {
    it(`checks exp and nbf by ${what}`, async () => {
      guard(options, own);
      const client = await world.connected();
      const exp = seconds() - 30;
      expect(await show(client, key.token({ sub: 'bob', exp }))).to.include({
        ok: true,
        expiresAt: (exp + 60) * 1000,
      });
      expect(await show(client, key.token({ sub: 'bob', nbf: seconds() + 30 }))).to.include({ ok: true });
      expect((await show(client, key.token({ exp: seconds() - 90 }))).error).to.include({
        reason: 'expired',
      });
      expect((await show(client, key.token({ nbf: seconds() + 90 }))).error).to.include({
        reason: 'not_active',
      });
    });
  }

  it("checks exp and nbf by the clockTolerance of the authorizer, even if the verifier's is greater", async () => {
    guard({ clockTolerance: 0 }, { clockTolerance: 60 });
    const client = await world.connected();
    expect((await show(client, key.token({ exp: seconds() - 30 }))).error).to.include({ reason: 'expired' });
  });

  it('ignores exp if the authorizer does', async () => {
    guard({ ignoreExpiration: true });
    expect(await show(await world.connected(), key.token({ sub: 'bob', exp: 1 }))).to.include({ ok: true });
  });

  it('sends the client the reason, and lets it try again while the endpoint is down', async () => {
    guard({}, { audience: 'chat' });
    const client = await world.connected();
    endpoint.answer = (_request, response) => response.writeHead(503).end();
    const { error } = await show(client, key.token({ aud: 'chat' }));
    expect(error).to.include({ code: 'invalid_secret', reason: 'key_unavailable', retryable: true });
    endpoint.answer = undefined;
    while ((await show(client, key.token({ aud: 'mail' }))).error?.code === 'invalid_secret');
    expect((await show(client, key.token({ aud: 'mail' }))).error).to.include({
      code: 'invalid_token',
      reason: 'claim',
      message: 'jwt audience invalid',
    });
    expect(await show(client, key.token({ aud: 'chat' }))).to.include({ ok: true });
  });
});
