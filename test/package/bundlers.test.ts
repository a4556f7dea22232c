import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { expect } from 'chai';
import { build } from 'esbuild';
import type { Metafile, Plugin } from 'esbuild';
import { resolve } from 'metro-resolver';
import { Project } from '../support/project';
import { readText } from '../support/repository';

const EXPORTS = Object.keys((JSON.parse(readText('package.json')) as { exports: object }).exports);
/** The entries besides the main one: `client`, `redis` and so on. */
const SUB_ENTRIES = EXPORTS.filter((path) => !path.endsWith('.json') && path !== '.').map((path) =>
  path.slice('./'.length),
);

function lookup(path: string): object {
  if (!existsSync(path)) return { exists: false };
  const realPath = realpathSync(path);
  return { exists: true, type: statSync(path).isDirectory() ? 'd' : 'f', realPath };
}

/** Metro's resolver with `unstable_enablePackageExports: false`, as older Metro is by default. */
function withoutExports(folder: string, mainFields: readonly string[]): Plugin {
  const context = {
    allowHaste: false,
    assetExts: new Set(),
    customResolverOptions: {},
    dev: false,
    disableHierarchicalLookup: false,
    doesFileExist: (path: string) => existsSync(path) && statSync(path).isFile(),
    extraNodeModules: null,
    fileSystemLookup: lookup,
    getPackage: (path: string): unknown =>
      existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined,
    getPackageForModule: () => null,
    mainFields,
    nodeModulesPaths: [],
    preferNativePlatform: false,
    redirectModulePath: (path: string) => path,
    resolveAsset: () => null,
    resolveHasteModule: () => undefined,
    resolveHastePackage: () => undefined,
    sourceExts: ['js', 'mjs', 'cjs', 'json'],
    unstable_conditionNames: [],
    unstable_conditionsByPlatform: {},
    unstable_enablePackageExports: false,
    unstable_logWarning: () => undefined,
  };
  return {
    name: 'without exports',
    setup({ onResolve }) {
      onResolve({ filter: /^(socketio-authorize|\.)/ }, ({ path, importer }) => {
        const originModulePath = isAbsolute(importer) ? importer : join(folder, 'app.js');
        return { path: resolve({ ...context, originModulePath }, path, null).filePath };
      });
    },
  };
}

describe('the package, in a tool that ignores `exports`', () => {
  const project = new Project();

  before(() => project.install('socket.io', 'socket.io-client', 'jose'));
  after(() => project.remove());

  async function bundle(entry: string, mainFields: readonly string[]): Promise<Metafile> {
    const { metafile } = await build({
      stdin: {
        contents: `console.log(...Object.keys(require('socketio-authorize/${entry}')).sort());`,
        resolveDir: project.folder,
      },
      absWorkingDir: project.folder,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      // Node's ES modules of optional peers stay outside, as in any bundle for a server.
      external: ['jose', 'jsonwebtoken', 'debug', 'socket.io'],
      outfile: join(project.folder, `${entry}.bundle.cjs`),
      metafile: true,
      logLevel: 'silent',
      plugins: [withoutExports(realpathSync(project.folder), mainFields)],
    });
    return metafile;
  }

  it('has sub-entries', () => expect(SUB_ENTRIES).to.include.members(['client', 'jwks', 'redis']));

  for (const entry of SUB_ENTRIES) {
    it(`has ${entry}, which runs when it is bundled`, async () => {
      await bundle(entry, ['react-native', 'browser', 'main']);
      project.write(
        `${entry}.cjs`,
        `console.log(...Object.keys(require('socketio-authorize/${entry}')).sort());`,
      );
      const [bundled, required] = await Promise.all([
        project.node(`${entry}.bundle.cjs`),
        project.node(`${entry}.cjs`),
      ]);
      expect(bundled.stderr).to.equal('');
      expect(bundled.stdout).to.equal(required.stdout).and.match(/^\w/);
    });
  }

  it('gives one that reads `module` a client that is an ES module of one file', async () => {
    const { inputs } = await bundle('client', ['browser', 'module', 'main']);
    const files = Object.keys(inputs).map((path) => relative('node_modules/socketio-authorize', path));
    expect(files.filter((path) => !path.includes('stdin'))).to.deep.equal(['dist/client.mjs']);
  });
});
