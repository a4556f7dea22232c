import { hkdfSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import createDebug from 'debug';
import { loadExample, Running } from '../support/example';
import { JwksEndpoint, SigningKey } from '../support/jwks-endpoint';
import { connectError, show } from '../support/refusals';
import { Warnings } from '../support/warnings';

type Start = (options: unknown) => Promise<Server>;
const start = async (path: string, options: unknown): Promise<Running> =>
  new Running(await (loadExample(path) as { start: Start }).start(options));

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

describe('the example of', () => {
  let running: Running;
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    await running.close();
    for (const close of closing.splice(0)) await close();
  });

  it('EdDSA lets in what its issuer has signed, and nothing else', async () => {
    const { importJWK, SignJWT } = await import('jose');
    const endpoint = await new JwksEndpoint().listen();
    closing.push(() => endpoint.close());
    endpoint.keys = [new SigningKey('one', 'ed25519')];
    const [issuer, audience] = ['https://issuer.example', 'https://chat.example'];
    running = await start('eddsa/server.js', { port: 0, jwksUri: endpoint.uri, issuer, audience });
    const token = async (key: SigningKey, aud = audience, life = '5m'): Promise<string> =>
      new SignJWT()
        .setProtectedHeader({ alg: 'EdDSA', kid: key.kid })
        .setSubject('bob')
        .setIssuer(issuer)
        .setAudience(aud)
        .setExpirationTime(life)
        .sign(await importJWK(key.privateJwk, 'EdDSA'));
    const [own] = endpoint.keys as [SigningKey];
    const client = await running.connected();
    const bad = [
      token(new SigningKey('one', 'ed25519')),
      token(own, 'https://mail.example'),
      token(own, audience, '-1m'),
    ];
    for (const one of bad) expect((await show(client, await one)).error).to.include({ reason: 'rejected' });
    const reply = await show(client, await token(own));
    expect(reply.expiresIn).to.be.within(290_000, 300_000);
    expect(await client.until('welcome')).to.deep.equal(['bob']);
  });

  it('encrypted tokens takes the cookie of Auth.js, from its own pages alone', async () => {
    const { EncryptJWT } = await import('jose');
    const [secret, name] = ['a secret of Auth.js', 'authjs.session-token'];
    const origins = ['https://app.example'];
    running = await start('encrypted/server.js', { port: 0, secret, origins });
    const cookie = async (from = secret): Promise<string> => {
      const key = hkdfSync('sha256', from, name, `Auth.js Generated Encryption Key (${name})`, 64);
      const token = new EncryptJWT({ name: 'Bob', sub: '1' })
        .setProtectedHeader({ alg: 'dir', enc: 'A256CBC-HS512' })
        .setExpirationTime('5m');
      return `theme=dark; ${name}=${await token.encrypt(new Uint8Array(key))}`;
    };
    const warnings = new Warnings();
    closing.push(() => warnings.close());
    const open = async (origin: string, from?: string): Promise<ReturnType<Running['client']>> =>
      running.client({ extraHeaders: { cookie: await cookie(from), origin } });
    const bob = await open('https://app.example');
    expect(await bob.until('welcome')).to.deep.equal(['Bob']);
    expect(await connectError(await open('https://app.example', 'another secret'))).to.include({
      reason: 'rejected',
    });
    expect(await connectError(await open('https://evil.example'))).to.include({
      code: 'credentials_required',
    });
    expect((await warnings.next()).message).to.include('https://evil.example');
  });

  it('introspection asks a real authorization server about opaque tokens', async () => {
    const { Provider } = await import('oidc-provider');
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      http.closeAllConnections();
      http.close();
    });
    const { port } = http.address() as AddressInfo;
    const issuer = `http://127.0.0.1:${port}`;
    const client = (id: string): object => ({
      client_id: id,
      client_secret: `of ${id}: a+b/c%`,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    });
    const provider = new Provider(issuer, {
      clients: [client('app'), client('chat')],
      jwks: { keys: [new SigningKey('rsa').privateJwk] },
      cookies: { keys: ['a key of the cookies'] },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        introspection: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context, resource) => ({
            scope: 'chat',
            audience: resource,
            accessTokenFormat: 'opaque',
          }),
        },
      },
    });
    http.on('request', provider.callback());
    const ask = (path: string, parameters: Record<string, string>): Promise<Response> => {
      const credentials = ['app', 'of app: a+b/c%'].map(encodeURIComponent).join(':');
      const headers = { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
      return fetch(issuer + path, { method: 'POST', headers, body: new URLSearchParams(parameters) });
    };
    const resource = 'https://chat.example';
    const answer = await ask('/token', { grant_type: 'client_credentials', scope: 'chat', resource });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    expect(token).not.to.include('.');

    const endpoint = `${issuer}/token/introspection`;
    running = await start('introspection/server.js', {
      port: 0,
      endpoint,
      clientId: 'chat',
      clientSecret: 'of chat: a+b/c%',
    });
    const bob = await running.connected();
    expect((await show(bob, 'no token')).error).to.include({ reason: 'rejected' });
    const reply = await show(bob, token);
    expect(reply.expiresIn).to.be.above(0);
    expect(await bob.until('welcome')).to.deep.equal(['chat']);
    await ask('/token/revocation', { token });
    const eve = await running.connected();
    expect((await show(eve, token)).error).to.include({ code: 'invalid_token', reason: 'rejected' });
    // Down, it cannot tell: the client tries again.
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
    expect((await show(eve, token)).error).to.include({ code: 'invalid_secret', retryable: true });
  });

  it('express-session lets in who is logged in on the pages, and out with them', async function test() {
    if (!isInstalled('express-session')) this.skip();
    const warnings = new Warnings();
    closing.push(() => warnings.close());
    running = await start('express-session/server.js', 0);
    const post = (path: string, cookie?: string): Promise<Response> =>
      fetch(running.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(cookie !== undefined && { cookie }) },
        body: JSON.stringify({ name: 'bob' }),
      });
    const login = await post('/login');
    const [cookie = ''] = login.headers.getSetCookie()[0]?.split(';') ?? [];
    expect(cookie).to.match(/^connect\.sid=s%3A/);
    const open = (extraHeaders: Record<string, string>): ReturnType<Running['client']> =>
      running.client({ extraHeaders });
    const [bob, again] = [open({ cookie, origin: running.url }), open({ cookie })];
    for (const client of [bob, again]) expect(await client.until('welcome')).to.deep.equal(['bob']);
    bob.socket.emit('say', 'hello');
    expect(await again.until('said')).to.deep.equal(['bob', 'hello']);

    for (const refused of [open({}), open({ cookie, origin: 'https://evil.example' })])
      expect(await connectError(refused)).to.include({ code: 'credentials_required' });
    for (const bad of [cookie.replace('s%3A', 's%3Ax'), 'connect.sid=s%3Aguessed.x', 'connect.sid=guessed'])
      expect(await connectError(open({ cookie: bad }))).to.include({ reason: 'rejected' });

    expect((await warnings.next()).message).to.include('https://evil.example');

    const rules: string[] = [];
    const { log } = createDebug;
    closing.push(() => {
      createDebug.log = log;
      createDebug.disable();
    });
    createDebug.log = (line: string) => rules.push(line);
    createDebug.enable('socketio-authorize:revocation');
    for (const stranger of [undefined, 'connect.sid=guessed'])
      expect((await post('/logout', stranger)).status).to.equal(200);
    expect(rules).to.deep.equal([]);

    await post('/logout', cookie);
    expect(rules).to.have.lengthOf(1);
    for (const client of [bob, again])
      expect(await client.until('disconnect')).to.include('io server disconnect');
    expect(await connectError(open({ cookie }))).to.include({ reason: 'rejected' });
  });
});
