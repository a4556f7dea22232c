/**
 * Runs `test/runtimes/smoke.mjs` on Node, Bun and Deno, with Socket.IO's own engine, and on Bun with
 * `@socket.io/bun-engine` too. The runtimes are the npm packages `bun` and `deno`, installed into a temporary folder.
 *
 *     npm run runtimes
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const RUNTIMES = ['bun', 'deno'];
const PACKAGES = ['socket.io', 'socket.io-client', '@socket.io/bun-engine', ...RUNTIMES];
/** Ms for one run. */
const PATIENCE = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'socketio-authorize-runtimes-'));
try {
  install();
  const outcomes = runs().map(([title, command, args]) => report(title, command, args));
  process.exitCode = outcomes.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function install() {
  const packed = npm(ROOT, 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder);
  const tarball = join(folder, packed.trim().split('\n').at(-1));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true }));
  // The packages of the runtimes fetch or link their binaries in install scripts, which some npm runs only if allowed.
  npm(folder, 'install', '--no-audit', '--no-fund', '--loglevel=error', tarball, ...PACKAGES);
  for (const name of RUNTIMES) npm(folder, 'rebuild', '--loglevel=error', name);
  copyFileSync(join(ROOT, 'test/runtimes/smoke.mjs'), join(folder, 'smoke.mjs'));
}

function npm(cwd, ...args) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function runs() {
  const [bun, deno] = RUNTIMES.map((name) => join(folder, 'node_modules/.bin', name));
  return [
    ["Node, Socket.IO's own engine", process.execPath, ['smoke.mjs']],
    ["Bun, Socket.IO's own engine", bun, ['smoke.mjs']],
    ['Bun, @socket.io/bun-engine', bun, ['smoke.mjs', 'bun-engine']],
    ["Deno, Socket.IO's own engine", deno, ['run', '--allow-all', '--no-lock', 'smoke.mjs']],
  ];
}

/** Whether all went well. */
function report(title, command, args) {
  const version = spawnSync(command, ['--version'], { cwd: folder, encoding: 'utf8' });
  console.log(`${title} (${version.stdout?.split('\n')[0] ?? version.error?.message})`);
  const { status, error, signal } = spawnSync(command, args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: PATIENCE,
  });
  if (status !== 0) console.log(`  FAILED: ${error?.message ?? signal ?? `exit code ${status}`}`);
  return status === 0;
}
