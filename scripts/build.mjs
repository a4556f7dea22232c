/**
 * Builds `dist/`: CommonJS by `tsc`, with thin ESM entries over it, so that `require` and `import` in one process give
 * one instance. The client is built for browsers besides, see `build-client.mjs`.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
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
  writeFileSync(
    `${DIST}/${wrapper}`,
    `import cjs from './${entry}.js';\nexport const { ${names.join(', ')} } = cjs;\n`,
  );
  writeFileSync(`${DIST}/${entry}.d.mts`, `export * from './${entry}.js';\n`);
}
await buildClient(DIST);
