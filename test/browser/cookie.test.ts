import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import { decode } from 'jsonwebtoken';
import type { Page } from 'playwright-core';
import type { JwtClaims } from '../../lib';
import { needs } from '../support/debian';
import { Inbox } from '../support/inbox';
import { readText } from '../support/repository';
import { TlsProxy } from '../support/tls-proxy';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import { TestBrowser } from './kit';

const PAGE = `<!doctype html><title>cookie</title>
  <script src="/socket.io/socket.io.js"></script><script src="/client.min.js"></script>`;

/** With the script that a page would have. */
const CONNECT = `
  socket = io({ autoConnect: false, reconnectionDelay: 50 });
  auth = SocketioAuthorize.authenticate(socket, { refresh: () => fetch('/refresh', { method: 'POST' }) });
  sessions = [];
  auth.on('authenticated', (session) => sessions.push(session));
  socket.connect();
  auth.ready.then(() => undefined)`;

/** Of a session, in seconds: as short as the client's shortest pause allows, so that a test sees a renewal. */
const LIFE = 3;

describe('A page whose token is in an HttpOnly cookie', () => {
  const browser = new TestBrowser();
  let world: World;
  let proxy: TlsProxy;
  let told: Inbox;
  let life: number;

  before(function () {
    needs(this, 'openssl');
    return browser.launch(this);
  });
  beforeEach(async () => {
    life = LIFE;
    told = new Inbox();
    world = await new World().listen();
    world.http.on('request', serve);
    proxy = await TlsProxy.start(Number(new URL(world.url).port));
    await browser.open();
  });
  afterEach(async () => {
    await browser.closeProfile();
    await proxy.close();
    await world.close();
  });
  after(() => browser.close());

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const [path = '', user = ''] = (request.url ?? '').split('?');
    if (path === '/') response.setHeader('Content-Type', 'text/html').end(PAGE);
    if (path === '/client.min.js') response.end(readText('dist/client.min.js'));
    if (path === '/favicon.ico') response.end();
    if (path === '/login') giveSession(response, user);
    if (path === '/refresh') refresh(request, response);
  }

  /** Whoever has a session gets another one. */
  function refresh(request: IncomingMessage, response: ServerResponse): void {
    told.push('refresh', []);
    const [, token = ''] = /session=([^;]+)/.exec(request.headers.cookie ?? '') ?? [];
    life = 600;
    giveSession(response, String(decode(token, { json: true })?.sub));
  }

  function giveSession(response: ServerResponse, user: string): void {
    const token = createToken({ sub: user, exp: Date.now() / 1000 + life });
    response
      .setHeader('Set-Cookie', `session=${token}; HttpOnly; Secure; SameSite=Strict; Path=/`)
      .writeHead(204)
      .end();
  }

  function guard(handshake: boolean): void {
    world.authorize({ handshake, cookie: 'session', required: false }).attach(world.io);
    for (const event of ['authenticated', 'deauthenticated', 'unauthorized'] as const) {
      world.io.on(event, (socket: { decoded_token?: JwtClaims }) => {
        told.push(event, [socket.decoded_token?.sub]);
      });
    }
  }

  /** A page on which somebody has logged in. */
  async function open(user: string): Promise<Page> {
    const { page, faults } = await browser.tab(`https://localhost:${proxy.port}`);
    await logIn(page, user);
    expect(faults).to.deep.equal([]);
    return page;
  }

  async function logIn(page: Page, user: string): Promise<void> {
    await page.evaluate(`fetch('/login?${user}', { method: 'POST' }).then(() => undefined)`);
  }

  for (const handshake of [false, true]) {
    describe(`in ${handshake ? 'handshake' : 'event'} mode, behind a proxy that terminates TLS`, () => {
      beforeEach(() => guard(handshake));

      it('logs in, and stays so beyond the end of its first token', async () => {
        const page = await open('alice');
        expect(await page.evaluate('document.cookie'), 'what scripts see').to.equal('');
        await page.evaluate(CONNECT);
        expect(await told.take('authenticated')).to.deep.equal(['alice']);
        await told.take('refresh');
        expect(await told.take('authenticated')).to.deep.equal(['alice']);
        await page.waitForFunction('sessions.at(-1).expiresIn > 500_000');
        expect(await page.evaluate('[auth.state, socket.connected]')).to.deep.equal(['authenticated', true]);
      });

      it('logs out, and in as another user', async () => {
        life = 600;
        const page = await open('alice');
        await page.evaluate(CONNECT);
        await told.take('authenticated');
        await page.evaluate('auth.logout()');
        await told.take('deauthenticated');
        expect(await page.evaluate('auth.state')).to.equal('unauthorized');
        await logIn(page, 'bob');
        await page.evaluate('auth.login().then(() => undefined)');
        expect(await told.take('authenticated')).to.deep.equal(['bob']);
        expect([told.all('refresh'), told.all('authenticated')]).to.deep.equal([[], [['alice'], ['bob']]]);
      });
    });
  }
});
