import { expect } from 'chai';
import { jwksVerifier } from '../../lib/jwks';
import type { JwksVerifierOptions } from '../../lib/jwks';
import { JwksEndpoint, SigningKey } from '../support/jwks-endpoint';

const jwksUri = 'https://login.example/jwks';

describe('the options of jwksVerifier()', () => {
  const wrong: [name: string, options: object | string | null | undefined][] = [
    ['options', undefined],
    ['options', null],
    ['options', jwksUri],
    ['options.jwksUri', {}],
    ['options.jwksUri', { issuer: undefined }],
    ['options.jwksUri', { issuer: ['https://a.example'] }],
    ['options.jwksUri', { issuer: () => true }],
    ['options.jwksUri', { jwksUri: 'ftp://example.com' }],
    ['options.jwksUri', { jwksUri: 'http://' }],
    ['options.jwksUri', { jwksUri: 7 }],
    ['options.issuer', { jwksUri, issuer: '' }],
    ['options.issuer', { jwksUri, issuer: [] }],
    ['options.issuer', { jwksUri, issuer: ['https://a.example', ''] }],
    ['options.issuer', { jwksUri, issuer: /a/ }],
    ['options.audience', { jwksUri, audience: '' }],
    ['options.audience', { jwksUri, audience: [] }],
    ['options.audience', { jwksUri, audience: /a/ }],
    ['options.algorithms', { jwksUri, algorithms: [] }],
    ['options.algorithms', { jwksUri, algorithms: 'RS256' }],
    ['options.algorithms', { jwksUri, algorithms: ['HS256'] }],
    ['options.algorithms', { jwksUri, algorithms: ['none'] }],
    ['options.typ', { jwksUri, typ: '' }],
    ['options.clockTolerance', { jwksUri, clockTolerance: -1 }],
    ['options.clockTolerance', { jwksUri, clockTolerance: Infinity }],
    ['options.clockTolerance', { jwksUri, clockTolerance: '5s' }],
    ['options.requiredClaims', { jwksUri, requiredClaims: 'sub' }],
    ['options.requiredClaims', { jwksUri, requiredClaims: [7] }],
    ['options.fetch', { jwksUri, fetch: 'https://proxy.example' }],
    ['options.timeout', { jwksUri, timeout: 0 }],
    ['options.timeout', { jwksUri, timeout: Infinity }],
    ['options.timeout', { jwksUri, timeout: Number.NaN }],
    ['options.cacheMaxAge', { jwksUri, cacheMaxAge: '1h' }],
    ['options.cooldown', { jwksUri, cooldown: -1 }],
    ['options.ttl', { jwksUri, ttl: 5 }],
    ['options.toString', { jwksUri, toString: 5 }],
  ];
  for (const [name, options] of wrong) {
    it(`throw a TypeError that names ${name} for ${JSON.stringify(options)}`, () => {
      expect(() => jwksVerifier(options as JwksVerifierOptions)).to.throw(TypeError, name);
    });
  }

  it('count as left out when they are undefined', () => {
    const names = [
      'issuer',
      'audience',
      'algorithms',
      'typ',
      'clockTolerance',
      'requiredClaims',
      'fetch',
      'timeout',
      'cacheMaxAge',
      'cooldown',
    ];
    const options = { jwksUri, ...Object.fromEntries(names.map((name) => [name, undefined])) };
    expect(() => jwksVerifier(options)).not.to.throw();
  });

  it('timeout may be as long as a timer can be, and no longer', () => {
    expect(() => jwksVerifier({ jwksUri, timeout: 2 ** 31 - 1 })).not.to.throw();
    expect(() => jwksVerifier({ jwksUri, timeout: 2 ** 31 })).to.throw(TypeError, 'options.timeout');
  });

  it('may be Infinity, or fractions', async () => {
    const endpoint = await new JwksEndpoint().listen();
    const key = new SigningKey('one', 'ec');
    endpoint.keys = [key];
    const verify = jwksVerifier({
      jwksUri: endpoint.uri,
      timeout: 999.5,
      cacheMaxAge: Infinity,
      cooldown: Infinity,
    });
    expect(await verify(key.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
    await endpoint.close();
  });

  it('cannot be changed afterwards', async () => {
    const endpoint = await new JwksEndpoint().listen();
    const key = new SigningKey('one', 'ec');
    endpoint.keys = [key];
    const issuer = ['https://a.example'];
    const audience = ['chat'];
    const requiredClaims = ['jti'];
    const algorithms = ['RS256'] as ('RS256' | 'ES256')[];
    const verify = jwksVerifier({ jwksUri: endpoint.uri, issuer, audience, requiredClaims, algorithms });
    issuer[0] = 'https://b.example';
    audience[0] = 'mail';
    requiredClaims[0] = 'sub';
    algorithms[0] = 'ES256';
    const outcome = await verify(key.token({ sub: 'bob', iss: 'https://b.example', aud: 'mail' })).catch(
      (fault: { data: object }) => fault.data,
    );
    expect(outcome).to.include({ reason: 'algorithm' });
    await endpoint.close();
  });
});
