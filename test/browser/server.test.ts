import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { io as connect } from 'socket.io-client';
import { ROOT } from '../support/repository';
import { createToken, SECRET } from '../support/tokens';
import { startChat } from './kit';
import type { Chat } from './kit';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

describe('The server of the chat', () => {
  let chat: Chat;

  beforeEach(async () => {
    chat = await startChat();
  });
  afterEach(() => chat.close());

  function post(path: string, body: string, headers: Record<string, string> = FORM): Promise<Response> {
    return fetch(chat.url + path, { method: 'POST', body, headers });
  }

  async function logIn(): Promise<{ id: string; cookie: string }> {
    const response = await post('/login', 'name=Ada');
    const { id } = (await response.json()) as { id: string };
    return { id, cookie: response.headers.get('set-cookie') ?? '' };
  }

  it('lets a page load nothing from elsewhere, and run no inline script', async () => {
    const policy = (await fetch(chat.url)).headers.get('content-security-policy');
    expect(policy).to.include("default-src 'self'").and.not.include('unsafe');
  });

  it('keeps the key to new tokens from scripts, from other sites, and from other logins', async () => {
    const { id, cookie } = await logIn();
    expect(cookie).to.match(/^key=[\w-]{43}; /);
    expect(cookie.split('; ').slice(1)).to.have.members([
      `Path=/logins/${id}`,
      'HttpOnly',
      'SameSite=Strict',
    ]);
  });

  it('gives a new token to whom the login belongs, and to nobody else', async () => {
    const [ada, eve] = [await logIn(), await logIn()];
    const token = `/logins/${ada.id}/token`;
    expect((await post(token, '', { Cookie: ada.cookie })).status).to.equal(200);
    for (const headers of [{}, { Cookie: 'key=' }, { Cookie: eve.cookie }, { Cookie: 'key=%00' }]) {
      expect((await post(token, '', headers)).status, JSON.stringify(headers)).to.equal(401);
    }
  });

  it('answers whatever it is asked, and goes on', async () => {
    for (const [path, body, status] of [
      ['/login', '', 400],
      ['/login', 'name=%20', 400],
      ['/logins/none/token', '', 401],
      ['/logins/__proto__/token', '', 401],
      ['//', '', 404],
      ['/constructor', '', 404],
    ] as const) {
      expect((await post(path, body)).status, path).to.equal(status);
    }
    expect((await fetch(`${chat.url}/../server.js`)).status).to.equal(404);
    // The rest of what is too long is not read: the answer may be lost with the connection.
    const tooLong = await post('/login', `name=${'x'.repeat(1_000_000)}`).catch(() => undefined);
    expect(tooLong?.status).to.be.oneOf([undefined, 413]);
    expect((await logIn()).id).to.be.a('string');
  });
});

describe('node examples/chat/server.js', function () {
  this.timeout(120_000);
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

  it('says so where the port is taken, and ends with an error', async () => {
    const chat = await startChat();
    const child = run({ PORT: new URL(chat.url).port });
    const exit = once(child, 'exit');
    expect(await firstLine(child.stderr))
      .to.include('The chat did not start')
      .and.include('EADDRINUSE');
    expect(await exit).to.deep.equal([1, null]);
    await chat.close();
  });
});
