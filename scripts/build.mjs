/**
 * Builds `dist/`: CommonJS by `tsc`, with thin ESM entries over it, so that `require` and `import` in one process give
 * one instance. The client is built for browsers besides, see `build-client.mjs`. Each sub-entry also gets a folder with
 * a `package.json`, which `files` of the package's own names.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { buildClient } from './build-client.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const DIST = resolve(ROOT, 'dist');
/** The entries, and what Node imports: the CommonJS one under another name. `client.mjs` is for everything else. */
const WRAPPERS = {
  index: 'index.mjs',
  redis: 'redis.mjs',
  jwks: 'jwks.mjs',
  oidc: 'oidc.mjs',
  client: 'client.node.mjs',
};

process.chdir(ROOT);
rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.dist.json'], {
  stdio: 'inherit',
});

const require = createRequire(import.meta.url);
for (const [entry, wrapper] of Object.entries(WRAPPERS)) {
  const names = Object.keys(require(`${DIST}/${entry}.js`)).toSorted();
  writeWrapper(
    entry,
    wrapper,
    names.filter((name) => name !== 'default'),
    names.includes('default'),
  );
  if (entry !== 'index') writeFolder(entry);
}
await buildClient(DIST);

/** What `import` gets, and its types. */
function writeWrapper(entry, wrapper, names, hasDefault) {
  const js = [`import cjs from './${entry}.js';`, `export const { ${names.join(', ')} } = cjs;`];
  const types = [`export * from './${entry}.js';`];
  if (hasDefault) {
    js.push('export default cjs.default;');
    // `cjs.default` as each of TypeScript's module settings finds it.
    types.unshift(`import * as api from './api.js';`);
    types.push('export default api;');
  }
  writeFileSync(`${DIST}/${wrapper}`, `${js.join('\n')}\n`);
  writeFileSync(`${DIST}/${entry}.d.mts`, `${types.join('\n')}\n`);
}

/** A folder for tools that ignore `exports`: Parcel 2 by default, older Metro, TypeScript's `node10`. */
function writeFolder(entry) {
  const manifest = {
    main: `../dist/${entry}.js`,
    // Bundlers for browsers: the others are for Node, where `exports` counts.
    ...(entry === 'client' && { module: '../dist/client.mjs' }),
    types: `../dist/${entry}.d.ts`,
    sideEffects: false,
  };
  mkdirSync(entry, { recursive: true });
  writeFileSync(`${entry}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
}
