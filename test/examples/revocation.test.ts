import type { Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { decode } from 'jsonwebtoken';
import type { JwtPayload } from 'jsonwebtoken';
import type { Socket } from 'socket.io-client';
import type { NewRules, RevocationRule, RevocationStore } from '../../lib';
import type { ClientAuth } from '../../lib/client';
import { loadExample, Running } from '../support/example';
import { refusal, show } from '../support/refusals';
import { ROOT } from '../support/repository';
import { createToken } from '../support/tokens';
import { TestClient, World } from '../support/world';

interface Page {
  socket: Socket;
  auth: ClientAuth;
  changePassword(password: string): Promise<string>;
}

describe('the example in which a user changes the password', () => {
  let running: Running;
  let pages: Page[];

  before(async () => {
    const { start } = loadExample('password-change/server.js') as { start(port: number): Promise<Server> };
    running = new Running(await start(0));
  });
  beforeEach(() => (pages = []));
  afterEach(() => {
    for (const { auth, socket } of pages) {
      auth.close();
      socket.disconnect();
    }
  });
  after(() => running.close());

  async function logIn(name: string): Promise<Page & { client: TestClient }> {
    const module = pathToFileURL(resolve(ROOT, 'examples/password-change/page.mjs')).href;
    const { logIn: open } = (await import(module)) as {
      logIn(url: string, name: string, password: string): Promise<Page>;
    };
    const page = await open(running.url, name, 'old');
    pages.push(page);
    return { ...page, client: new TestClient(page.socket) };
  }

  it('keeps the page that did it, and ends every other session of the account', async () => {
    const here = await logIn('bob');
    const other = await running.connected();
    const stolen = await running.login('bob');
    await other.authenticate(stolen);
    const eve = await running.connected();
    await eve.authenticate(await running.login('eve'));

    const fresh = await here.changePassword('new');
    expect(await refusal(other)).to.include({ reason: 'revoked', retryable: true });
    await other.until('disconnect');
    // Its session ended, too; the helper has come back with the fresh token.
    await here.client.until('disconnect');
    await here.client.until('authenticated');
    expect(here.auth.state).to.equal('authenticated');
    // The former token is of no use any more, the fresh one is.
    const again = await running.connected();
    expect(await again.authenticate(stolen)).to.have.nested.property('error.reason', 'revoked');
    expect(await again.authenticate(fresh)).to.include({ ok: true });
    expect((decode(fresh) as JwtPayload).iat).to.be.above((decode(stolen) as JwtPayload).iat as number);
    expect(eve.socket.connected).to.equal(true);
    const answer = await fetch(`${running.url}/password`, { method: 'POST' });
    expect(answer.status).to.equal(401);
  });
});

describe('the example of a store on SQL', () => {
  const { sqlRevocationStore } = loadExample('sql-store/store.js') as {
    sqlRevocationStore(path: string): Required<RevocationStore>;
  };
  let folder: string;
  let worlds: World[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'socketio-authorize-sql-'));
    worlds = [];
  });
  afterEach(async () => {
    for (const world of worlds) await world.close();
    await rm(folder, { recursive: true });
  });

  const open = (): Required<RevocationStore> => sqlRevocationStore(join(folder, 'rules.db'));

  async function node(): Promise<World & { auth: ReturnType<World['authorize']> }> {
    const world = await new World().listen();
    worlds.push(world);
    const auth = world.authorize({ revocation: open(), recheckInterval: 100 });
    auth.attach(world.io);
    return Object.assign(world, { auth });
  }

  it('refuses and ends on other nodes what one has revoked, though nothing else connects them', async () => {
    const [here, there] = [await node(), await node()];
    const claims = [
      { jti: 'one' },
      { sid: 'session', iss: 'a' },
      { sub: 'bob', iat: Math.floor(Date.now() / 1000) + 3 },
      { sub: 'eve', jti: 'two', sid: 'session', iss: 'b' },
    ];
    const tokens = claims.map((one) => createToken(one));
    const clients = await Promise.all(tokens.map(() => there.connected()));
    for (const [index, client] of clients.entries()) await show(client, tokens[index]);
    await here.auth.revoke({ jti: 'one' });
    await here.auth.revoke({ sid: 'session', iss: 'a' });
    const { issuedBefore } = await here.auth.revoke({ sub: 'bob' });
    for (const [index, retryable] of [false, false, true].entries())
      expect(await refusal(clients[index] as TestClient)).to.include({ reason: 'revoked', retryable });
    expect(there.auth.stats()).to.include({ authenticated: 1, revoked: 3 });
    // And on one that starts later.
    const later = await node();
    for (const [token, ok] of [
      [tokens[0], false],
      [tokens[1], false],
      [createToken({ sub: 'bob' }, { noTimestamp: true }), false],
      [createToken({ sub: 'bob', iat: issuedBefore - 1 }), false],
      [createToken({ sub: 'bob', iat: issuedBefore }), true],
      [tokens[3], true],
    ])
      expect((await show(await later.connected(), token)).ok).to.equal(ok);
  });

  it('keeps a rule once, lists what is new, and forgets what is over', () => {
    const store = open();
    const rules: RevocationRule[] = [
      { id: 'a', sub: 'bob', issuedBefore: 5, revokedAt: 4_000, graceUntil: 9_000, expiresAt: null },
      { id: 'b', jti: 'one', iss: 'a', expiresAt: Date.now() - 59_000 },
      { id: 'c', sid: 'over', expiresAt: Date.now() - 61_000 },
    ];
    for (const rule of [...rules, ...rules]) store.add(rule);
    const first = store.rulesSince() as NewRules;
    // The last one is over at the next addition.
    expect(first.rules.slice(0, 2)).to.deep.equal(rules.slice(0, 2));
    expect(store.rulesSince(first.cursor)).to.deep.include({ rules: [], cursor: first.cursor });
    store.add({ jti: 'new', expiresAt: null });
    expect((store.rulesSince(first.cursor) as NewRules).rules).to.have.length(1);
    expect(store.isRevoked({ sid: 'over' })).to.equal(false);
  });
});
