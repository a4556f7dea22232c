import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { needs } from '../support/debian';
import { startDemo, stepsOf, Terminal } from '../support/demo';
import { RedisServer } from '../support/redis';
import { ROOT, readText } from '../support/repository';

/** Those whose own tests start them. */
const ELSEWHERE = new Set(['chat', 'user-sessions', 'shared', 'react', 'testing']);
const NAMES = readdirSync(resolve(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !ELSEWHERE.has(entry.name))
  .map(({ name }) => name);

describe('npm run example', function () {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close();
  });

  const terminal = (line: string, env?: Record<string, string>): Terminal => {
    const one = new Terminal(line, env);
    open.push(one);
    return one;
  };

  /** Does what a demo prints to do next, and looks for what it says that one sees. */
  async function follow(demo: Terminal): Promise<void> {
    const steps = stepsOf(demo.output);
    expect(steps).not.to.deep.equal([]);
    let first: Terminal | undefined;
    for (const { line, see, before, here } of steps) {
      expect(see, line).not.to.deep.equal([]);
      const [heard, logged] = [first?.output.length, demo.output.length];
      const one = terminal(line);
      first ??= one;
      for (const text of see) await one.prints(text);
      for (const text of before) await first.prints(text, heard);
      for (const text of here) await demo.prints(text, logged);
    }
  }

  for (const name of NAMES) {
    it(`-- ${name} prints what to do next, and that shows what it says`, async function test() {
      needs(this, 'curl');
      const env: Record<string, string> = {};
      if (name === 'python') needs(this, 'python3-jwt', 'python3-socketio', 'python3-requests');
      if (name === 'python') env.PYTHON = '/usr/bin/python3';
      if (name === 'cluster') {
        needs(this, 'redis-server');
        const redis = await RedisServer.start();
        open.push(redis);
        env.REDIS_URL = redis.url;
      }
      const demo = await startDemo(name, env);
      open.push(demo);
      expect(demo.output).to.match(/listens at http:\/\/(?:127\.0\.0\.1|localhost):\d+/);
      await follow(demo);
      expect(demo.output).not.to.match(/^\s+at .*:\d+:\d+/m);
    });
  }

  it('lists every example, with one sentence', async () => {
    for (const [line, code] of [
      ['npm run --silent example', 0],
      ['npm run --silent example -- nothing', 1],
    ] as const) {
      const one = terminal(line);
      expect(await one.ends()).to.equal(code);
      for (const name of [...NAMES, 'chat'])
        expect(one.output).to.match(new RegExp(`^ {2}${name} +[A-Z].{10,}$`, 'm'));
    }
  });

  it('lists what starts no server too, and says how to use it', async () => {
    const all = terminal('npm run --silent example');
    expect(await all.ends()).to.equal(0);
    for (const [name, use] of [
      ['react', 'docs/platforms.md'],
      ['testing', 'node --test examples/testing/*.test.mjs'],
    ] as const) {
      expect(all.output).to.match(new RegExp(`^ {2}${name} +[A-Z]`, 'm'));
      const one = terminal(`npm run --silent example -- ${name}`);
      expect(await one.ends()).to.equal(0);
      expect(one.output).to.include(use);
    }
  });

  it('makes a random secret where none is set, and says so', async () => {
    const demo = await startDemo('express');
    open.push(demo);
    expect(demo.output).to.include('JWT_SECRET is not set: this run uses a random secret.');
    const own = await startDemo('express', { JWT_SECRET: 'a secret of 32 bytes or more, of my own' });
    open.push(own);
    expect(own.output).not.to.include('JWT_SECRET');
  });

  it('-- NAME listens where HOST says', async () => {
    const demo = await startDemo('express', { HOST: '127.0.0.2' });
    open.push(demo);
    expect(demo.output).to.match(/listens at http:\/\/127\.0\.0\.2:\d+/);
  });

  for (const name of ['express', 'user-sessions']) {
    it(`-- ${name} says in one sentence that its port is in use`, async () => {
      const blocker = createServer().listen(0, '127.0.0.1');
      const { port } = await new Promise<AddressInfo>((done) => {
        blocker.on('listening', () => done(blocker.address() as AddressInfo));
      });
      open.push({ close: () => new Promise((done) => blocker.close(() => done())) });
      const demo = terminal(`node scripts/example.mjs ${name}`, { PORT: String(port) });
      expect(await demo.ends()).to.equal(1);
      expect(demo.output).to.match(
        new RegExp(
          `^The example ${name} did not start\\. Port ${port} is in use: set PORT to another one\\.$`,
          'm',
        ),
      );
      expect(demo.output).not.to.include('    at ');
    });
  }

  it('-- user-sessions prints a line that starts a client of this very server', async () => {
    const demo = terminal('node scripts/example.mjs user-sessions', { PORT: '0' });
    await demo.prints('In other terminals: ');
    const [, line = ''] = /In other terminals: (.*)/.exec(demo.output) ?? [];
    await terminal(line).prints('Logged in as bob.');
  });

  it('-- cluster says in one sentence that Redis is missing, and how to start it', async () => {
    const demo = terminal('node scripts/example.mjs cluster', {
      PORT: '0',
      REDIS_URL: 'redis://127.0.0.1:1',
    });
    expect(await demo.ends()).to.equal(1);
    expect(demo.output.trim()).to.equal(
      'The example cluster did not start. No Redis answers at redis://127.0.0.1:1. ' +
        'Start one with "redis-server", or set REDIS_URL.',
    );
  });

  it('-- identity-provider says which setting of a real provider is missing', async () => {
    const demo = terminal('node scripts/example.mjs identity-provider', { ISSUER: 'https://login.example/' });
    expect(await demo.ends()).to.equal(1);
    expect(demo.output.trim()).to.equal('The example identity-provider did not start. Set AUDIENCE too.');
  });

  for (const name of ['express', 'fastify', 'nestjs', 'express-session', 'password-change', 'audit-log']) {
    it(`-- ${name} answers an error with a code and a sentence, and with no stack`, async () => {
      const demo = await startDemo(name);
      open.push(demo);
      const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(demo.output) ?? [];
      for (const body of ['{', '{}', 'null', '{"name":7}', '{"name":""}']) {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${url}/login`, { method: 'POST', headers, body });
        const text = await answer.text();
        expect(answer.status, body).to.be.within(400, 499);
        const { error, message } = JSON.parse(text) as { error: string; message: string };
        expect(error, body).to.match(/^\w[\w ]+$/);
        expect(message, body).to.match(/^\w.{8,}/);
        expect(text, body).not.to.match(/\.js|node_modules|\\n/);
      }
    });
  }

  it('has no secret of its own in any file', () => {
    for (const path of readdirSync(resolve(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(?:[jt]s|mjs|py)$/.test(path) || !existsSync(resolve(ROOT, 'examples', path))) continue;
      if (path.startsWith('cluster')) continue;
      expect(readText(`examples/${path}`), path).not.to.match(/SECRET\w* *(?:\?\?|\|\|) *['"`]/);
    }
  });
});
