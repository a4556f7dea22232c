import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { jwksVerifier } from '../../lib/jwks';
import type { JwksVerifierOptions } from '../../lib/jwks';
import { SigningKey } from '../support/jwks-endpoint';
import { World } from '../support/world';

const AUDIENCE = 'https://chat.example';

describe('access tokens of a real OpenID provider', () => {
  let world: World;
  let http: Server;
  let issuer: string;

  before(async () => {
    const { Provider } = await import('oidc-provider');
    http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'service',
          client_secret: 'of the service',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      jwks: {
        keys: [new SigningKey('rsa', 'rsa'), new SigningKey('ec', 'ec'), new SigningKey('ed', 'ed25519')].map(
          ({ privateJwk }) => privateJwk,
        ),
      },
      cookies: { keys: ['a key of the cookies'] },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          // The last part of the resource chooses the algorithm.
          getResourceServerInfo: (_context, resource) => ({
            scope: 'chat',
            audience: resource.startsWith(AUDIENCE) ? AUDIENCE : resource,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: /[^/]*$/.exec(resource)?.[0] ?? '' } },
          }),
        },
      },
    });
    http.on('request', provider.callback());
  });

  beforeEach(async () => {
    world = await new World().listen();
  });

  /** Guards the server: what is not said of the keys is read from the provider's own document. */
  function guard(options: Partial<JwksVerifierOptions> = {}): void {
    const verify = jwksVerifier({
      issuer,
      audience: AUDIENCE,
      typ: 'at+jwt',
      requiredClaims: ['client_id', 'jti'],
      ...options,
    });
    world.authorize({ verify }).attach(world.io);
  }

  afterEach(() => world.close());

  after(() => {
    http.closeAllConnections();
    http.close();
  });

  async function accessToken(resource: string): Promise<string> {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('service:of%20the%20service').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'chat', resource }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    return access_token;
  }

  for (const algorithm of ['RS256', 'ES256', 'EdDSA']) {
    it(`are accepted when signed with ${algorithm}`, async () => {
      guard();
      const client = await world.connected();
      const reply = await client.authenticate(await accessToken(`${AUDIENCE}/${algorithm}`));
      expect(reply).to.include({ ok: true });
    });
  }

  it('are accepted if jwksUri is given', async () => {
    guard({ jwksUri: `${issuer}/jwks`, algorithms: ['RS256'] });
    const client = await world.connected();
    expect(await client.authenticate(await accessToken(`${AUDIENCE}/RS256`))).to.include({ ok: true });
    const { error } = (await client.authenticate(await accessToken(`${AUDIENCE}/ES256`))) as {
      error: object;
    };
    expect(error).to.include({ code: 'invalid_token', reason: 'algorithm' });
  });

  it('are refused when they are for another audience', async () => {
    guard();
    const client = await world.connected();
    const reply = (await client.authenticate(await accessToken('https://mail.example/RS256'))) as {
      error: object;
    };
    expect(reply.error).to.include({ code: 'invalid_token', reason: 'claim' });
  });

  it('are refused if another issuer is required', async () => {
    guard({ issuer: 'https://login.example', jwksUri: `${issuer}/jwks` });
    const client = await world.connected();
    const reply = (await client.authenticate(await accessToken(`${AUDIENCE}/RS256`))) as { error: object };
    expect(reply.error).to.include({ code: 'invalid_token', reason: 'claim' });
  });

  it('are refused when another provider issued them', async () => {
    guard();
    const other = new SigningKey('rsa', 'rsa');
    const client = await world.connected();
    const token = other.token(
      { aud: AUDIENCE, iss: issuer },
      { keyid: 'rsa', header: { alg: 'RS256', typ: 'at+jwt' } },
    );
    const reply = (await client.authenticate(token)) as { error: object };
    expect(reply.error).to.include({ code: 'invalid_token', reason: 'signature' });
  });
});
