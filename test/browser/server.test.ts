import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { io as connect } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { ROOT } from '../support/repository';
import { createToken, SECRET } from '../support/tokens';
import { until } from '../support/until';
import { startChat } from './kit';
import type { Chat } from './kit';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

interface Login {
  id: string;
  token: string;
  /** For this login alone. */
  key: string;
  /** Makes logins under one name those of one user. */
  browser: string;
}

describe('The server of the chat', () => {
  let chat: Chat;

  beforeEach(async () => {
    chat = await startChat();
  });
  afterEach(() => chat.close());

  function ask(
    method: string,
    path: string,
    { body, headers = {} }: { body?: string; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    return fetch(chat.url + path, { method, body: body ?? null, headers: { ...FORM, ...headers } });
  }

  async function logIn(cookies = '', name = 'Ada'): Promise<Login> {
    const response = await ask('POST', '/login', { body: `name=${name}`, headers: { Cookie: cookies } });
    const [key = '', browser = ''] = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    return { ...((await response.json()) as { id: string; token: string }), key, browser };
  }

  /** What a token brings: `authenticated`, or the reason of its refusal. */
  async function outcome(token: string): Promise<unknown> {
    const socket = connect(chat.url, { auth: { token }, forceNew: true });
    const result = await new Promise<unknown>((settle) => {
      socket.once('authenticated', () => settle('authenticated'));
      socket.once('unauthorized', ({ data }: { data: { reason: unknown } }) => settle(data.reason));
    });
    socket.disconnect();
    return result;
  }

  it('lets a page load nothing from elsewhere, and run no inline script', async () => {
    const policy = (await fetch(chat.url)).headers.get('content-security-policy');
    expect(policy).to.include("default-src 'self'").and.not.include('unsafe');
  });

  it('keeps the keys of a browser from scripts and from other sites', async () => {
    const cookies = (await ask('POST', '/login', { body: 'name=Ada' })).headers.getSetCookie();
    expect(cookies).to.have.lengthOf(2);
    expect(cookies[0]).to.match(/^key=[\w-]{43}; Path=\/logins\/[\w-]+; HttpOnly; SameSite=Strict$/);
    expect(cookies[1]).to.match(/^browser=[\w-]{43}; Path=\/login; HttpOnly; SameSite=Strict$/);
  });

  for (const [what, method, action] of [
    ['gives a new token', 'POST', '/token'],
    ['ends a session', 'DELETE', ''],
    ['logs out everywhere', 'DELETE', '/everywhere'],
  ] as const) {
    it(`${what} only for whom the login belongs to`, async () => {
      const [ada, eve] = [await logIn(), await logIn()];
      const path = `/logins/${ada.id}${action}`;
      for (const cookie of ['', 'key=', eve.key, ada.browser, 'key=%00']) {
        const { status } = await ask(method, path, { headers: { Cookie: cookie } });
        expect(status, cookie).to.equal(401);
      }
      expect(await outcome(ada.token)).to.equal('authenticated');
      expect((await ask(method, path, { headers: { Cookie: ada.key } })).status).to.equal(200);
      expect(await outcome(ada.token)).to.equal(method === 'POST' ? 'authenticated' : 'revoked');
      expect(await outcome(eve.token)).to.equal('authenticated');
    });
  }

  it('ends with "everywhere" all logins of one name in one browser, and lets that name in again', async () => {
    const one = await logIn();
    const two = await logIn(one.browser);
    const grace = await logIn(one.browser, 'Grace');
    await ask('DELETE', `/logins/${one.id}/everywhere`, { headers: { Cookie: one.key } });
    const again = await logIn(one.browser);
    const tokens = [one, two, grace, again].map(({ token }) => outcome(token));
    expect(await Promise.all(tokens)).to.deep.equal(['revoked', 'revoked', 'authenticated', 'authenticated']);
  });

  it('gives tokens for the demo that it refuses itself', async () => {
    for (const [kind, reason] of [
      ['forged', 'signature'],
      ['expired', 'expired'],
    ] as const) {
      const { token } = (await (await ask('POST', `/demo/tokens/${kind}`)).json()) as { token: string };
      expect(await outcome(token)).to.equal(reason);
    }
  });

  it('answers whatever it is asked with a code and a sentence, and goes on', async () => {
    for (const [path, body, status, code] of [
      ['/login', '', 400, 'blank_name'],
      ['/login', 'name=%20', 400, 'blank_name'],
      ['/login', 'name=%E2%80%8B', 400, 'blank_name'],
      ['/login', `name=${'x'.repeat(41)}`, 400, 'long_name'],
      ['/logins/none/token', '', 401, 'not_logged_in'],
      ['/logins/__proto__/token', '', 401, 'not_logged_in'],
      ['/logins/none/else', '', 404, 'not_found'],
      ['/demo/tokens/constructor', '', 404, 'not_found'],
      ['//', '', 404, 'not_found'],
      ['/constructor', '', 404, 'not_found'],
    ] as const) {
      const response = await ask('POST', path, { body });
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      expect([response.status, error.code], path).to.deep.equal([status, code]);
      expect(error.message).to.match(/^[A-Z].*\.$/);
    }
    expect((await fetch(`${chat.url}/../server.js`)).status).to.equal(404);
    expect((await logIn()).id).to.be.a('string');
  });

  it('does not read a form to its end that is longer than any honest one', async () => {
    // The answer may be lost with the connection.
    const tooLong = await ask('POST', '/login', { body: `name=${'x'.repeat(1_000_000)}` }).catch(
      () => undefined,
    );
    expect(tooLong?.status).to.be.oneOf([undefined, 413]);
    expect((await logIn()).id).to.be.a('string');
  });

  it('takes no orders from pages of other sites', async () => {
    for (const [origin, status] of [
      ['https://evil.example', 403],
      ['null', 403],
      [chat.url, 200],
    ] as const) {
      const response = await ask('POST', '/login', { body: 'name=Ada', headers: { Origin: origin } });
      expect(response.status, origin).to.equal(status);
    }
  });

  it('bounds how often one address may log in, and says when it may again', async () => {
    await chat.close();
    chat = await startChat({ loginsPerMinute: 2 });
    const statuses = [];
    for (let count = 0; count < 3; count++) {
      const { status, headers } = await ask('POST', '/login', { body: 'name=Ada' });
      statuses.push([status, headers.get('retry-after') !== null]);
    }
    expect(statuses).to.deep.equal([
      [200, false],
      [200, false],
      [429, true],
    ]);
    expect((await ask('POST', '/demo/tokens/forged')).status).to.equal(429);
  });

  it('ends the logins of people who are here, and of no other name that an administrator sends', async () => {
    const [here, away] = [await logIn(), await logIn()];
    const { token } = (await (await ask('POST', '/login', { body: 'name=Root&admin=1' })).json()) as Login;
    const [admin, ada] = [token, here.token].map((one) =>
      connect(chat.url, { auth: { token: one }, forceNew: true }),
    ) as [Socket, Socket];
    await Promise.all([admin, ada].map((one) => new Promise((done) => one.once('authenticated', done))));
    const subOf = (one: string): string =>
      (JSON.parse(Buffer.from(one.split('.')[1] as string, 'base64url').toString()) as { sub: string }).sub;
    const ended = new Promise((done) => ada.once('unauthorized', done));
    admin.emit('log_out', subOf(away.token));
    admin.emit('log_out', { of: 'nobody' });
    admin.emit('log_out', subOf(here.token));
    await ended;
    const statusOf = async ({ id, key }: Login): Promise<number> =>
      (await ask('POST', `/logins/${id}/token`, { headers: { Cookie: key } })).status;
    expect(await statusOf(here)).to.equal(401);
    expect(await statusOf(away)).to.equal(200);
    for (const one of [admin, ada]) one.disconnect();
  });

  it('leaves no file open if browsers go away while they load it', async function () {
    // Other systems do not list what a process has open.
    if (!existsSync('/proc/self/fd')) this.skip();
    const opened = (): number =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).includes('/examples/chat/public/');
        } catch {
          return false;
        }
      }).length;
    for (let round = 0; round < 100; round += 1) {
      const socket = createConnection(Number(new URL(chat.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write('GET /base.css HTTP/1.1\r\nHost: chat\r\n\r\n'.repeat(5));
      setImmediate(() => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    await until('all files are closed', () => opened() === 0);
  });

  it('tells nobody who is here when a visitor leaves who was never logged in', async () => {
    await chat.close();
    chat = await startChat({ timeout: 50 });
    const ada = connect(chat.url, { auth: { token: (await logIn()).token }, forceNew: true });
    await once(ada as never, 'people');
    const told: string[] = [];
    ada.onAny((event: string) => told.push(event));
    const visitor = connect(chat.url, { forceNew: true });
    await once(visitor as never, 'disconnect');
    ada.emit('message', 'hello');
    await once(ada as never, 'message');
    for (const one of [ada, visitor]) one.disconnect();
    expect(told.filter((event) => event !== 'authenticated')).to.deep.equal(['message']);
  });

  it('takes no message that is longer than the field of the page', async () => {
    const { token } = await logIn();
    const socket = connect(chat.url, { auth: { token }, forceNew: true });
    await new Promise<void>((settle) => socket.once('authenticated', settle));
    const first = new Promise<{ text: string }>((settle) => socket.once('message', settle));
    for (const text of ['x'.repeat(501), ' ', 7, null, { length: 1 }, 'short']) socket.emit('message', text);
    expect((await first).text).to.equal('short');
    socket.disconnect();
  });
});

describe('node examples/chat/server.js', () => {
  const running: ChildProcess[] = [];

  afterEach(() => {
    for (const one of running.splice(0)) one.kill('SIGKILL');
  });

  function run(env: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(process.execPath, [resolve(ROOT, 'examples/chat/server.js')], {
      env: { PATH: process.env['PATH'], ...env },
    });
    running.push(child);
    return child;
  }

  async function firstLine(stream: NodeJS.ReadableStream | null): Promise<string> {
    if (stream === null) throw new Error('no stream');
    const [line] = (await once(createInterface(stream), 'line')) as [string];
    return line;
  }

  it('says where the chat is, and takes the tokens of another issuer that shares JWT_SECRET', async () => {
    const line = await firstLine(run({ PORT: '0', JWT_SECRET: SECRET }).stdout);
    const [url] = /http:\/\/localhost:\d+$/.exec(line) ?? [];
    const socket = connect(url ?? '', { auth: { token: createToken() }, forceNew: true });
    await new Promise<void>((done) => socket.once('authenticated', done));
    socket.disconnect();
  });

  it('makes a random secret if JWT_SECRET is not set or empty, and says so in one line', async () => {
    for (const env of [{}, { JWT_SECRET: '' }]) {
      const { stdout } = run({ PORT: '0', ...env });
      if (stdout === null) throw new Error('no stream');
      const lines = createInterface(stdout)[Symbol.asyncIterator]();
      expect((await lines.next()).value).to.match(/^JWT_SECRET is not set: .*random secret\.$/);
      const [url = ''] = /http:.*$/.exec(String((await lines.next()).value)) ?? [];
      const socket = connect(url, { auth: { token: createToken() }, forceNew: true });
      const { data } = await new Promise<{ data: unknown }>((done) => socket.once('unauthorized', done));
      expect(data).to.include({ reason: 'signature' });
      socket.disconnect();
    }
  });

  it('listens on 127.0.0.1, or where HOST says', async () => {
    const local = /localhost:(\d+)$/.exec(await firstLine(run({ PORT: '0', JWT_SECRET: SECRET }).stdout));
    const other = await fetch(`http://127.0.0.2:${local?.[1]}`).catch((error: Error) => error.cause);
    expect(other).to.have.property('code', 'ECONNREFUSED');
    const line = await firstLine(run({ PORT: '0', JWT_SECRET: SECRET, HOST: '127.0.0.2' }).stdout);
    expect(line).to.match(/http:\/\/127\.0\.0\.2:\d+$/);
    expect((await fetch(/http:.*$/.exec(line)?.[0] ?? '')).status).to.equal(200);
  });

  it('says so where the port is taken, and ends with an error', async () => {
    const chat = await startChat();
    const child = run({ PORT: new URL(chat.url).port });
    const exit = once(child, 'exit');
    expect(await firstLine(child.stderr))
      .to.include('The chat did not start')
      .and.include('EADDRINUSE')
      .and.include('set PORT to another port');
    expect(await exit).to.deep.equal([1, null]);
    await chat.close();
  });
});
