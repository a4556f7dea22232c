import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Authorizer } from '../../lib';
import { SigningKey } from '../support/jwks-endpoint';
import { sectionsOf } from '../support/markdown';
import { show } from '../support/refusals';
import type { Reply } from '../support/refusals';
import { readText, ROOT } from '../support/repository';
import { createToken } from '../support/tokens';
import { World } from '../support/world';

const sections = sectionsOf(readText('docs/identity-providers.md'), 2);
// In the repository, where the package's own name leads to what is built.
const FOLDER = resolve(ROOT, '.build/identity-providers');
const LEGACY_SECRET = 'the legacy secret of a project, 32 bytes or more';
const API = '22222222-2222-2222-2222-222222222222';
const [TENANT, STRANGER] = ['11111111-1111-1111-1111-111111111111', '99999999-9999-9999-9999-999999999999'];

const seconds = (): number => Math.floor(Date.now() / 1000);

/** An issuer with the addresses of a provider, and with its document. */
class LocalIssuer {
  readonly #server = createServer((request, response) => {
    const [, issuer] = /^(.*?)\/?\.well-known\/openid-configuration$/.exec(request.url ?? '') ?? [];
    const document = { issuer: this.#issuers.get(issuer ?? ''), jwks_uri: `${this.origin}/keys` };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(issuer === undefined ? { keys: this.keys.map(({ jwk }) => jwk) } : document));
  });
  readonly #issuers = new Map<string, string>();
  keys: { readonly jwk: object }[] = [];

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A path below which a document is found, and the issuer that it names. */
  announces(path: string): string {
    const issuer = `${this.origin}${path}`;
    this.#issuers.set(path.replace(/\/$/, ''), issuer);
    return issuer;
  }

  async listen(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

describe('docs/identity-providers.md', () => {
  const [rsa, ed25519] = [new SigningKey('one'), new SigningKey('two', 'ed25519')];
  let issuer: LocalIssuer;
  let world: World;
  let snippets = 0;
  const authorizers: Authorizer[] = [];

  before(() => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
  });
  beforeEach(async () => {
    issuer = await new LocalIssuer().listen();
    issuer.keys = [rsa];
    world = await new World().listen();
  });
  afterEach(async () => {
    for (const authorizer of authorizers.splice(0)) authorizer.close();
    await world.close();
    await issuer.close();
  });

  /** Guards the world with the snippet of a section; where it names a provider, it means the local one. */
  async function guard(title: string, index = 0): Promise<void> {
    const blocks = [...(sections.get(title) ?? '').matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
    const code = (blocks[index]?.[1] ?? '').replaceAll(/https:\/\/[\w.-]+/g, (origin) =>
      /api\.example\.com$|app\.example\.com$/.test(origin) && title !== 'better-auth'
        ? origin
        : issuer.origin,
    );
    snippets += 1;
    const file = resolve(FOLDER, `${snippets}.mjs`);
    writeFileSync(file, `${code}\nexport { auth };\n`);
    const { auth } = (await import(pathToFileURL(file).href)) as { auth: Authorizer };
    authorizers.push(auth);
    auth.attach(world.io);
  }

  async function outcomeOf(token: string): Promise<Reply> {
    const client = await world.connected();
    return show(client, token);
  }

  /** `ok`, or the code and reason of the refusal. */
  async function shown(token: string): Promise<string> {
    const { ok, error } = await outcomeOf(token);
    return ok ? 'ok' : [error?.code, error?.reason].filter(Boolean).join(' ');
  }

  const claims = (more: object): object => ({ sub: 'bob', exp: seconds() + 60, iat: seconds(), ...more });

  it('has a section for every provider that the README names, each with a snippet and its trap', () => {
    for (const title of [
      'Auth0',
      'Keycloak',
      'Amazon Cognito',
      'Microsoft Entra ID',
      'Firebase',
      'Supabase',
      'Clerk',
      'better-auth',
    ]) {
      expect(sections.get(title), title)
        .to.match(/^```ts$/m)
        .and.to.match(/\*\*The traps?:\*\*/);
    }
  });

  it('Auth0: takes tokens for the API, and its permissions before scope', async () => {
    const iss = issuer.announces('/');
    await guard('Auth0');
    world.io.on('connection', (socket) => socket.on('message', (reply: () => void) => reply()));
    const aud = ['https://api.example.com', `${iss}userinfo`];
    const client = await world.connected();
    const token = rsa.token(claims({ iss, aud, scope: 'openid', permissions: ['chat:write'] }));
    expect(await show(client, token)).to.include({ ok: true });
    await client.socket.emitWithAck('message');
    expect(await shown(rsa.token(claims({ iss, aud: 'https://other.example.com' })))).to.equal(
      'invalid_token claim',
    );
    expect(await shown('an-opaque-token')).to.equal('invalid_token malformed');
  });

  it('Keycloak: refuses tokens without sub, and those for another API', async () => {
    const iss = issuer.announces('/realms/my-realm');
    await guard('Keycloak');
    world.io.on('connection', (socket) => socket.on('ban', (reply: () => void) => reply()));
    const client = await world.connected();
    const roles = { realm_access: { roles: ['moderator'] } };
    expect(await show(client, rsa.token(claims({ iss, aud: ['my-api', 'account'], ...roles })))).to.include({
      ok: true,
    });
    await client.socket.emitWithAck('ban');
    expect(await shown(rsa.token(claims({ iss, aud: 'my-api', sub: undefined })))).to.equal(
      'invalid_token claim',
    );
    expect(await shown(rsa.token(claims({ iss, aud: 'account' })))).to.equal('invalid_token claim');
  });

  it('Cognito: takes access tokens of one app client alone', async () => {
    const iss = issuer.announces('/eu-central-1_Example');
    await guard('Amazon Cognito');
    const own = { iss, token_use: 'access', client_id: '1example23456789' };
    expect(await shown(rsa.token(claims(own)))).to.equal('ok');
    expect(await shown(rsa.token(claims({ ...own, client_id: 'another' })))).to.equal('unknown');
    expect(await shown(rsa.token(claims({ iss, token_use: 'id', aud: '1example23456789' })))).to.equal(
      'unknown',
    );
  });

  it('Entra: takes a token with 200 groups, which is longer than the default allows', async () => {
    const iss = issuer.announces(`/${TENANT}/v2.0`);
    await guard('Microsoft Entra ID');
    const groups = Array.from({ length: 200 }, (_, index) => `${TENANT.slice(0, -3)}${100 + index}`);
    const token = rsa.token(claims({ iss, aud: API, tid: TENANT, oid: 'bob', groups }));
    expect(token.length).to.be.within(8193, 16384);
    expect(await shown(token)).to.equal('ok');
    expect(await shown(rsa.token(claims({ iss: `https://sts.windows.net/${TENANT}/`, aud: API })))).to.equal(
      'invalid_token claim',
    );
  });

  it('Entra, several tenants: refuses a tenant that is not listed, and an issuer of another tenant', async () => {
    await guard('Microsoft Entra ID', 1);
    const issuerOf = (tenant = ''): string => `${issuer.origin}/${tenant}/v2.0`;
    const own = { aud: API, oid: 'bob' };
    expect(await shown(rsa.token(claims({ ...own, tid: TENANT, iss: issuerOf(TENANT) })))).to.equal('ok');
    expect(await shown(rsa.token(claims({ ...own, tid: STRANGER, iss: issuerOf(STRANGER) })))).to.equal(
      'invalid_token claim',
    );
    expect(await shown(rsa.token(claims({ ...own, tid: TENANT, iss: issuerOf(STRANGER) })))).to.equal(
      'invalid_token claim',
    );
  });

  it('Supabase: takes tokens of the signing keys', async () => {
    const es256 = new SigningKey('three', 'ec');
    issuer.keys = [es256];
    await guard('Supabase');
    const own = { iss: `${issuer.origin}/auth/v1`, aud: 'authenticated', role: 'authenticated' };
    expect(await shown(es256.token(claims(own)))).to.equal('ok');
    expect(await shown(createToken(claims(own), { keyid: 'legacy' }, LEGACY_SECRET))).to.match(
      /^invalid_(secret|token)/,
    );
  });

  it('Supabase, legacy secret: takes users, and not the public anon key', async () => {
    process.env.SUPABASE_JWT_SECRET = LEGACY_SECRET;
    try {
      await guard('Supabase', 1);
    } finally {
      delete process.env.SUPABASE_JWT_SECRET;
    }
    const own = { iss: `${issuer.origin}/auth/v1`, aud: 'authenticated', role: 'authenticated' };
    expect(await shown(createToken(claims(own), {}, LEGACY_SECRET))).to.equal('ok');
    const anon = { iss: 'supabase', ref: 'my-project', role: 'anon', iat: seconds(), exp: seconds() + 1e8 };
    expect(await shown(createToken(anon, {}, LEGACY_SECRET))).to.equal('invalid_token claim');
  });

  it('Clerk: takes tokens of its own pages alone', async () => {
    await guard('Clerk');
    const own = { iss: issuer.origin, azp: 'https://app.example.com', sid: 'sess_1', nbf: seconds() };
    expect(await shown(rsa.token(claims(own)))).to.equal('ok');
    expect(await shown(rsa.token(claims({ ...own, azp: 'https://old.example.com' })))).to.equal('unknown');
    expect(await shown(rsa.token(claims({ ...own, azp: undefined })))).to.equal('unknown');
  });

  it('better-auth: takes tokens that are signed with EdDSA, whose key names no algorithm', async () => {
    const { alg: _, use: __, ...jwk } = ed25519.jwk;
    issuer.keys = [{ jwk }];
    await guard('better-auth');
    const own = { iss: issuer.origin, aud: issuer.origin };
    expect(await shown(ed25519.token(claims(own)))).to.equal('ok');
    expect(await shown(ed25519.token(claims({ ...own, aud: 'https://other.example.com' })))).to.equal(
      'invalid_token claim',
    );
  });
});
