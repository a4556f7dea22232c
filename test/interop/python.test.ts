import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import type { AuthorizedSocket, Authorizer, AuthorizeOptions } from '../../lib';
import { needs, PYTHON } from '../support/debian';
import { Inbox } from '../support/inbox';
import { ROOT } from '../support/repository';
import { SECRET } from '../support/tokens';
import { World } from '../support/world';

/** What the tests need of a socket that has logged in. */
interface Login {
  id: string;
  decoded_token: { name: string };
  disconnect: (close: boolean) => void;
}

/** A program of examples/python, whose lines are remembered by their first word. */
class Program {
  readonly inbox = new Inbox();
  /** What it said on the error output. */
  complaints = '';
  readonly process: ChildProcessWithoutNullStreams;

  constructor(name: string, args: string[], env: NodeJS.ProcessEnv) {
    this.process = spawn(PYTHON, [resolve(ROOT, 'examples/python', name), ...args], {
      env: { PATH: process.env['PATH'], PYTHONUTF8: '1', PYTHONUNBUFFERED: '1', ...env },
    });
    createInterface(this.process.stdout).on('line', (line) =>
      this.inbox.push(/^[\w-]+/.exec(line)?.[0] ?? '', [line]),
    );
    this.process.stderr.on('data', (text) => (this.complaints += String(text)));
  }

  /** The next line that begins with a word. */
  async line(word: string): Promise<string> {
    return String((await this.inbox.take(word))[0]);
  }

  say(text: string): void {
    this.process.stdin.write(`${text}\n`);
  }

  async exitCode(): Promise<unknown> {
    if (this.process.exitCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}

describe('Python: the example client and issuer, with a Node server', () => {
  let world: World;
  let programs: Program[] = [];
  let server: Inbox;

  before(function () {
    needs(this, 'python3-jwt', 'python3-socketio', 'python3-requests');
  });
  beforeEach(async () => {
    world = await new World().listen();
    server = new Inbox();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      for (const { complaints } of programs) console.error(complaints);
    await Promise.all(programs.map((program) => program.kill()));
    programs = [];
    await world.close();
  });

  /** A chat: what is said goes to all. */
  function chat(options: Partial<AuthorizeOptions> = {}): Authorizer {
    const authorizer = world.authorize(options);
    authorizer.attach(world.io);
    for (const event of ['authenticated', 'reauthenticated', 'unauthorized', 'deauthenticated']) {
      world.io.on(event, (...args: unknown[]) => server.push(event, args));
    }
    world.io.on('connection', (socket) => {
      socket.on('message', (text: unknown) => {
        server.push('message', [text]);
        const { name } = (socket as unknown as Login).decoded_token;
        world.io.emit('message', { name, text });
      });
    });
    return authorizer;
  }

  function run(name: string, args: string[], env: NodeJS.ProcessEnv): Program {
    const program = new Program(name, args, env);
    programs.push(program);
    return program;
  }

  async function issuer(env: NodeJS.ProcessEnv = {}): Promise<string> {
    const started = await run('issuer.py', [], { JWT_SECRET: SECRET, PORT: '0', ...env }).line('issuing');
    return started.replace('issuing on ', '').replace('localhost', '127.0.0.1');
  }

  async function client(env: NodeJS.ProcessEnv = {}): Promise<Program> {
    return run('client.py', ['Guido'], { SERVER: world.url, ISSUER: await issuer(env) });
  }

  it('log in with a token of the issuer, send and receive messages', async () => {
    chat();
    const guido = await client();
    expect(await guido.line('logged')).to.equal('logged in as Guido');
    const [socket] = (await server.take('authenticated')) as [Login];
    expect(socket.decoded_token).to.include({ sub: 'Guido', name: 'Guido' });
    guido.say('Hello, Node');
    expect(await server.take('message')).to.deep.equal(['Hello, Node']);
    expect(await guido.line('Guido')).to.equal('Guido: Hello, Node');
  });

  it('renew before the session ends, on the same connection', async () => {
    // The end itself does not come, so that the renewal is in time however late it is.
    world.stopTime();
    chat();
    const guido = await client({ TOKEN_SECONDS: '3' });
    const [socket] = (await server.take('authenticated')) as [Login];
    await guido.line('renewed');
    expect(await server.take('reauthenticated')).to.deep.equal([socket]);
  });

  it('report that a token is refused, and give up after the second fresh one', async () => {
    chat();
    const guido = await client({ JWT_SECRET: 'another secret, that the server does not know' });
    expect(await guido.line('refused')).to.equal('refused: invalid_token (signature)');
    await guido.line('refused');
    expect(await guido.exitCode()).to.equal(1);
  });

  it('report that the user was revoked, and reconnect with a fresh token', async () => {
    const authorizer = chat();
    const guido = await client();
    await guido.line('logged');
    await authorizer.revoke({ sub: 'Guido' });
    expect(await guido.line('refused')).to.equal('refused: invalid_token (revoked)');
    expect(await guido.line('logged')).to.equal('logged in as Guido');
  });

  it('report that their token was revoked, and give up', async () => {
    const authorizer = chat();
    const guido = await client();
    await guido.line('logged');
    const [socket] = (await server.take('authenticated')) as [AuthorizedSocket];
    await authorizer.revoke({ jti: String(socket.decoded_token.jti) });
    expect(await guido.line('refused')).to.equal('refused: invalid_token (revoked)');
    expect(await guido.exitCode()).to.equal(1);
  });

  it('reconnect with a fresh token after a disconnect by the server', async () => {
    chat();
    const guido = await client();
    const [socket] = (await server.take('authenticated')) as [Login];
    await guido.line('logged');
    socket.disconnect(true);
    await guido.line('logged');
    expect(((await server.take('authenticated')) as [Login])[0].id).to.not.equal(socket.id);
  });

  it('issue nothing for a request without a name', async () => {
    const url = await issuer();
    for (const body of [
      '',
      '[]',
      '{}',
      '{"name":7}',
      '{"name":""}',
      'null',
      `{"name":"${'x'.repeat(2_000)}"}`,
    ]) {
      const response = await fetch(`${url}/token`, { method: 'POST', body });
      expect(response.status, body).to.equal(400);
    }
  });
});
