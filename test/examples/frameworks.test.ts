import type { Server } from 'node:http';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { buildSync } from 'esbuild';
import { EXAMPLE_SECRET, loadExample, Running } from '../support/example';
import { ROOT } from '../support/repository';
import { createToken } from '../support/tokens';

/** Whoever is logged in is heard by whoever is logged in, and nobody else takes part. */
async function talk(running: Running, token: string): Promise<void> {
  const [bob, guest] = [await running.connected(), await running.connected()];
  // From the first refusal on nothing is held for a login.
  await guest.authenticate('no token');
  await guest.until('unauthorized');
  guest.socket.emit('say', 'too early');
  await guest.until('unauthorized');
  expect(await bob.authenticate(token)).to.include({ ok: true });
  bob.socket.emit('say', 'hello');
  expect(await bob.until('said')).to.deep.equal(['Bob', 'hello']);
  // Answered after the broadcast would have come.
  await guest.authenticate('no token');
  expect(guest.received('said')).to.deep.equal([]);
}

describe('the example with', () => {
  for (const framework of ['Express', 'Fastify']) {
    it(`${framework} gives out tokens that Socket.IO takes`, async () => {
      const { start } = loadExample(`${framework.toLowerCase()}/server.js`) as {
        start(port: number): Promise<Server>;
      };
      const running = new Running(await start(0));
      try {
        await talk(running, await running.login('Bob'));
      } finally {
        await running.close();
      }
    });
  }

  it('NestJS hears authenticated sockets alone', async () => {
    const outfile = resolve(ROOT, '.build/examples/nestjs.mjs');
    const entryPoints = [resolve(ROOT, 'examples/nestjs/main.ts')];
    buildSync({ entryPoints, outfile, bundle: true, packages: 'external', format: 'esm', platform: 'node' });
    const { start } = (await import(pathToFileURL(outfile).href)) as {
      start(port: number): Promise<{ getHttpServer(): Server; close(): Promise<void> }>;
    };
    const app = await start(0);
    const running = new Running(app.getHttpServer());
    try {
      await talk(running, createToken({ sub: 'bob', name: 'Bob' }, { expiresIn: 60 }, EXAMPLE_SECRET));
    } finally {
      await app.close();
    }
  });

  it('the admin UI beside it stays behind the gate', async () => {
    const { start } = loadExample('admin-ui/server.js') as { start(port: number): Promise<Server> };
    const running = new Running(await start(0));
    try {
      await talk(running, createToken({ sub: 'bob', name: 'Bob' }, { expiresIn: 60 }, EXAMPLE_SECRET));
    } finally {
      await running.close();
    }
  });
});
