/**
 * Builds `dist/`: CommonJS by `tsc`, with thin ESM entries over it, so that `require` and `import` in one process give
 * one instance.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.dist.json'], {
  stdio: 'inherit',
});
