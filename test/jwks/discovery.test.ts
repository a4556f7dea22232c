import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { jwksVerifier } from '../../lib/jwks';
import type { JwksVerifier, JwksVerifierOptions } from '../../lib/jwks';
import { discover } from '../../lib/jwks/discovery';
import { JwksEndpoint, pastOneMs, SigningKey } from '../support/jwks-endpoint';
import { refusalOf } from '../support/verdicts';

const NO_KEY = { code: 'invalid_secret', reason: 'key_unavailable', retryable: true };

describe('an issuer', () => {
  const key = new SigningKey('one', 'ec');
  let keys: JwksEndpoint;
  let host: JwksEndpoint;
  let issuer: string;
  let asked: (string | undefined)[];
  /** What its document says besides. */
  let document: object;

  beforeEach(async () => {
    keys = await new JwksEndpoint().listen();
    keys.keys = [key];
    host = await new JwksEndpoint().listen();
    issuer = `${new URL(host.uri).origin}/realms/chat`;
    asked = [];
    document = {};
    host.answer = (request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify({ issuer, jwks_uri: keys.uri, ...document }));
    };
  });
  afterEach(async () => {
    await keys.close();
    await host.close();
  });

  const verifier = (options: Partial<JwksVerifierOptions> = {}): JwksVerifier =>
    jwksVerifier({ issuer, cooldown: 1, ...options });
  const token = (claims: object = {}): string => key.token({ sub: 'bob', iss: issuer, ...claims });

  it('publishes where its keys are, and must be the issuer of the token', async () => {
    const verify = verifier();
    expect(await verify(token())).to.include({ sub: 'bob' });
    expect(asked).to.deep.equal(['/realms/chat/.well-known/openid-configuration']);
    expect(await refusalOf(verify(token({ iss: 'https://eve.example' })))).to.include({ reason: 'claim' });
    expect(await refusalOf(verify(key.token({ sub: 'bob' })))).to.include({ reason: 'claim' });
  });

  it('may end in a slash, which is part of its name', async () => {
    issuer += '/';
    expect(await verifier()(token())).to.include({ sub: 'bob' });
    expect(asked).to.deep.equal(['/realms/chat/.well-known/openid-configuration']);
    expect(await refusalOf(verifier()(token({ iss: issuer.slice(0, -1) })))).to.include({ reason: 'claim' });
  });

  it('is not requested if jwksUri is given', async () => {
    expect(await verifier({ jwksUri: keys.uri })(token())).to.include({ sub: 'bob' });
    expect(asked).to.deep.equal([]);
  });

  it('may move its keys', async () => {
    const verify = verifier({ cacheMaxAge: 1 });
    await verify(token());
    const others = await new JwksEndpoint().listen();
    const newest = new SigningKey('newest', 'ec');
    others.keys = [newest];
    document = { jwks_uri: others.uri };
    await pastOneMs();
    expect(await verify(newest.token({ sub: 'bob', iss: issuer }))).to.include({ sub: 'bob' });
    await others.close();
  });

  const documents: [what: string, document: () => object][] = [
    ['is for another issuer', () => ({ issuer: 'https://eve.example' })],
    ['is for the issuer with a slash', () => ({ issuer: `${issuer}/` })],
    ['names no issuer', () => ({ issuer: undefined })],
    ['names no keys', () => ({ jwks_uri: undefined })],
    ['names keys that are no URL', () => ({ jwks_uri: '/jwks' })],
    ['names keys by a list', () => ({ jwks_uri: [keys.uri] })],
    ['names keys at a plain http address', () => ({ jwks_uri: 'http://keys.example/jwks' })],
    ['names keys in a file', () => ({ jwks_uri: 'file:///etc/passwd' })],
    [
      'names keys in itself',
      () => ({ jwks_uri: `data:application/json,${JSON.stringify({ keys: [key.jwk] })}` }),
    ],
  ];
  for (const [what, make] of documents) {
    it(`is refused if its document ${what}, and accepted once the document is right`, async () => {
      document = make();
      const verify = verifier();
      expect(await refusalOf(verify(token()))).to.include(NO_KEY);
      expect(keys.requests).to.equal(0);
      document = {};
      expect(await verify(token())).to.include({ sub: 'bob' });
    });
  }

  const answers: [what: string, answer: (response: ServerResponse) => unknown][] = [
    ['is no JSON', (response) => response.end('<html>')],
    ['is null', (response) => response.end('null')],
    ['is a string', (response) => response.end('"hello"')],
    ['is not there', (response) => response.writeHead(404).end('{}')],
    ['is somewhere else', (response) => response.writeHead(302, { location: keys.uri }).end()],
    [
      'is larger than 1 MiB',
      (response) => response.end(JSON.stringify({ issuer, jwks_uri: keys.uri, x: 'x'.repeat(1024 * 1024) })),
    ],
    ['does not come', () => undefined],
  ];
  for (const [what, answer] of answers) {
    it(`is refused if its document ${what}`, async () => {
      host.answer = (_request, response) => void answer(response);
      expect(await refusalOf(verifier({ timeout: 100 })(token()))).to.include(NO_KEY);
      expect(keys.requests).to.equal(0);
    });
  }

  it('on https cannot name keys at a plain http address, not even of this machine', async () => {
    const remote = 'https://login.example';
    const fetch = (): Promise<Response> =>
      Promise.resolve(Response.json({ issuer: remote, jwks_uri: keys.uri }));
    const outcome = await discover(remote, { fetch, signal: AbortSignal.timeout(1000) }).catch(
      (fault: Error) => fault.message,
    );
    expect(outcome).to.match(/jwks_uri/);
  });

  it('on https may name keys at another https address', async () => {
    const remote = { issuer: 'https://login.example', jwks_uri: 'https://keys.example/jwks' };
    const fetch = (): Promise<Response> => Promise.resolve(Response.json({ ...remote, token_endpoint: 'x' }));
    expect(await discover(remote.issuer, { fetch, signal: AbortSignal.timeout(1000) })).to.deep.equal(remote);
  });

  for (const origin of [
    'http://localhost:8080',
    'http://127.0.0.1',
    'http://127.8.9.10/a',
    'http://[::1]:3000',
    'https://login.example/realms/chat',
  ])
    it(`may be ${origin}`, () => {
      expect(() => jwksVerifier({ issuer: origin })).not.to.throw();
    });

  for (const bad of [
    'http://login.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'ftp://login.example',
    'login.example',
    'https://user:password@login.example',
    'https://user@login.example',
    'https://login.example/?tenant=acme',
    'https://login.example/?',
    'https://login.example/#acme',
  ]) {
    it(`may not be ${bad}`, () => {
      expect(() => jwksVerifier({ issuer: bad })).to.throw(TypeError, 'options.issuer must be');
    });
  }
});
