import type { Server } from 'node:http';
import { expect } from 'chai';
import { decode } from 'jsonwebtoken';
import type { JwtPayload } from 'jsonwebtoken';
import { loadExample, Running } from '../support/example';
import { refusal, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { deviceToken, listed, sidOf } from '../support/user-sessions';
import type { Logins, SessionEvents, SessionLogins, SessionRecipes } from '../support/user-sessions';
import { World } from '../support/world';
import type { TestClient } from '../support/world';

const { options } = loadExample('user-sessions/recipes.js') as SessionRecipes;
const { handleSessions } = loadExample('user-sessions/events.js') as SessionEvents;
const { memoryLogins } = loadExample('user-sessions/logins.js') as SessionLogins;

describe('the sessions of a user, on one node', () => {
  let world: World;
  let logins: Logins;

  async function start(oneDevice = false): Promise<void> {
    world = await new World({ connectionStateRecovery: {} }).listen();
    const auth = world.authorize(options);
    logins = memoryLogins();
    auth.attach(world.io);
    handleSessions(world.io, auth, logins, oneDevice);
  }
  afterEach(() => world.close());

  async function device(
    user: string,
    kind: string,
    loginAt: number,
    reconnects = false,
  ): Promise<TestClient> {
    await logins.add(user, sidOf(user, kind));
    const token = deviceToken(user, kind, loginAt);
    const client = world.client('/', {
      auth: { token },
      reconnection: reconnects,
      reconnectionDelay: 10,
      reconnectionDelayMax: 10,
    });
    await client.until('authenticated');
    return client;
  }

  it('refuses a token that names no user or no device: they would share a room', async () => {
    await start();
    for (const claims of [
      { sub: 'bob' },
      { sid: 'x', auth_time: 1 },
      { sub: 'bob', sid: 'x', auth_time: '1' },
    ]) {
      const client = await world.connected();
      expect(await show(client, createToken(claims))).to.have.nested.property('error.code', 'unknown');
    }
  });

  it('follows a socket whose user changes, and no token of another user takes a session over', async () => {
    await start();
    const client = await device('bob', 'laptop', 1);
    const carol = await device('carol', 'phone', 1);
    const token = deviceToken('carol', 'laptop', 2);
    expect(await show(client, token)).to.have.nested.property('error.code', 'identity_mismatch');
    expect((await listed(client)).map(({ sid }) => sid)).to.deep.equal([sidOf('bob', 'laptop')]);
    await client.socket.emitWithAck('deauthenticate');
    await show(client, token);
    carol.socket.emit('note', 'hello');
    expect((await client.until('note'))[0]).to.equal('hello');
    expect(await listed(client)).to.have.length(2);
  });

  it('logs out all other devices, unless the asking one has just been logged out itself', async () => {
    await start();
    const laptop = await device('bob', 'laptop', 1);
    const phone = await device('bob', 'phone', 2);
    await logins.remove('bob', [sidOf('bob', 'phone')]);
    // Its session has not ended yet.
    await phone.socket.emitWithAck('log out others');
    expect(await listed(laptop)).to.have.length(2);
    await logins.add('bob', sidOf('bob', 'phone'));
    expect(await laptop.socket.emitWithAck('log out others')).to.deep.equal({ ok: true });
    expect(await refusal(phone)).to.include({ reason: 'revoked', retryable: false });
    expect(await listed(laptop)).to.have.length(1);
  });

  it('keeps the newest login when several devices log in at once', async () => {
    await start(true);
    const clients = await Promise.all(
      [3, 1, 4, 2].map((loginAt) => device('bob', `device ${loginAt}`, loginAt)),
    );
    const newest = clients.splice(2, 1)[0] as TestClient;
    for (const client of clients) expect(await refusal(client)).to.include({ reason: 'revoked' });
    expect((await listed(newest)).map(({ sid }) => sid)).to.deep.equal([sidOf('bob', 'device 4')]);
    expect(await logins.of('bob')).to.deep.equal([sidOf('bob', 'device 4')]);
  });

  it('keeps a device that recovers its session, or comes back with a fresh token', async () => {
    await start(true);
    const phone = await device('bob', 'phone', 1, true);
    phone.socket.emit('note', 'gives the client an offset');
    await phone.until('note');
    await phone.until('connect');
    for (const token of [deviceToken('bob', 'phone', 1), deviceToken('bob', 'phone', 1)]) {
      phone.socket.auth = { token };
      phone.socket.io.engine.close();
      await phone.until('connect');
      expect(phone.socket.recovered).to.equal(true);
      expect(await listed(phone)).to.have.length(1);
    }
    phone.socket.disconnect().connect();
    await phone.until('connect');
    expect(phone.socket.recovered).to.equal(false);
    // The answer comes after the check.
    expect(await listed(phone)).to.have.length(1);
    expect(phone.received('unauthorized')).to.deep.equal([]);
  });
});

describe("the example of a user's sessions", () => {
  const SECRET = 'a secret of 32 bytes or more, of this test';
  let running: Running;

  before(async () => {
    const { start } = loadExample('user-sessions/server.js') as {
      start(options: { port: number; secret: string }): Promise<Server>;
    };
    running = new Running(await start({ port: 0, secret: SECRET }));
  });
  after(() => running.close());

  function refresh(token: string): Promise<Response> {
    return fetch(`${running.url}/refresh`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  }

  it('gives out tokens of a login, and fresh ones of the same login, until another device logs it out', async () => {
    const [first, second] = [await running.login('bob'), await running.login('bob')];
    const { token: fresh } = (await (await refresh(first)).json()) as { token: string };
    const [before, after, other] = [first, fresh, second].map((token) => decode(token) as JwtPayload);
    expect([after?.sid, after?.auth_time]).to.deep.equal([before?.sid, before?.auth_time]);
    expect(after?.jti).to.not.equal(before?.jti);
    expect(other?.sid).to.not.equal(before?.sid);

    const client = await running.connected();
    await client.authenticate(second);
    expect(await client.socket.emitWithAck('log out others')).to.deep.equal({ ok: true });
    expect((await refresh(fresh)).status).to.equal(401);
    expect((await refresh(second)).status).to.equal(200);
  });

  it('answers what it does not understand with a code and a sentence', async () => {
    const bodies = ['{}', 'no JSON'];
    for (const body of bodies) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${running.url}/login`, { method: 'POST', headers, body });
      expect(response.status).to.equal(400);
      expect(await response.json()).to.have.all.keys('code', 'message');
    }
    expect((await refresh('no token')).status).to.equal(401);
  });
});
