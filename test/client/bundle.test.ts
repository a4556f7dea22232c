import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import type * as client from '../../lib/client';
import { endlessToken, Kit } from './kit';

const LIMIT = 2_300;

describe('the client, built for browsers', () => {
  let outdir: string;

  before(async () => {
    outdir = await mkdtemp(join(tmpdir(), 'socketio-authorize-'));
    const script = pathToFileURL(resolve('scripts/build-client.mjs')).href;
    const { buildClient } = (await import(script)) as { buildClient: (outdir: string) => Promise<void> };
    await buildClient(outdir);
  });
  after(() => rm(outdir, { recursive: true }));

  /** What a bundler makes of an application that uses the client, and nothing else. */
  async function bundle(): Promise<{ code: string; metafile: Metafile }> {
    const { outputFiles, metafile } = await build({
      stdin: {
        contents: `export { authenticate } from './client.mjs'`,
        resolveDir: outdir,
      },
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'browser',
    });
    return { code: outputFiles[0]?.text ?? '', metafile };
  }

  it('has at most 2.3 KB, minified and gzipped', async () => {
    const script = await readFile(join(outdir, 'client.min.js'));
    expect(gzipSync(script).byteLength).to.be.within(500, LIMIT);
    expect(gzipSync((await bundle()).code).byteLength).to.be.within(500, LIMIT);
  });

  it('has no dependency, no Node API, and nothing of the server in it', async () => {
    // Straight from the sources, whose names tell where everything comes from; a Node module would not be found.
    const { metafile } = await build({
      entryPoints: ['lib/client.ts'],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'browser',
      logLevel: 'silent',
    });
    const sources = Object.keys(metafile.inputs);
    expect(sources).to.include('lib/protocol.ts');
    expect(sources.filter((path) => !/^lib\/(client(\/[\w-]+)?|protocol)\.ts$/.test(path))).to.deep.equal([]);
    const { code } = await bundle();
    expect(code).not.to.match(/\b(process|Buffer|require|setImmediate|unref|__dirname)\b/);
    for (const name of builtinModules)
      expect(code).not.to.include(`'node:${name}'`).and.not.include(`"${name}"`);
  });

  it('works as a script tag, under a global of its own, in a page that has timers and nothing else', async () => {
    const kit = new Kit();
    const page = createContext({ setTimeout, clearTimeout });
    runInContext(await readFile(join(outdir, 'client.min.js'), 'utf8'), page);
    const { SocketioAuthorize } = page as { SocketioAuthorize?: typeof client };
    expect(Object.keys(SocketioAuthorize ?? {})).to.have.members([
      'authenticate',
      'isUnauthorizedError',
      'UnauthorizedError',
    ]);
    await kit.start();
    kit.world.authorize().attach(kit.world.io);
    const socket = kit.socket();
    const auth = SocketioAuthorize?.authenticate(socket, { token: () => endlessToken() });
    socket.connect();
    expect(await auth?.ready).to.deep.equal({ expiresAt: null, expiresIn: null });
    auth?.close();
    await kit.close();
  });

  it('works as an ES module', async () => {
    const module = (await import(pathToFileURL(join(outdir, 'client.mjs')).href)) as typeof client;
    expect(module).to.include.keys('authenticate', 'isUnauthorizedError', 'UnauthorizedError');
  });
});
