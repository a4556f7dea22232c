/**
 * Runs the server's tests against old versions of Socket.IO and the newest, each with the newest client: clients are
 * updated apart from servers. The versions are installed into `.versions/`, once; the newest is looked up each time.
 * `scripts/versions/features.cjs` says which tests an old version cannot pass, and why.
 *
 *     npm run versions
 *     npm run versions -- 4.0 4.4
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const NEWEST = '4';
const VERSIONS = ['4.0', '4.4', '4.6', '4.7', NEWEST];
const FOLDERS = ['server', 'session', 'attacks', 'socket-io', 'internals'];
const SUPPORT = join(ROOT, 'scripts/versions');

const asked = process.argv.slice(2);
const outcomes = (asked.length > 0 ? asked : VERSIONS).map((range) => {
  const folder = install(range);
  return test(range, folder);
});

for (const line of outcomes.flatMap(summary)) console.log(line);
process.exitCode = outcomes.every(isGood) ? 0 : 1;

function install(range) {
  const folder = join(ROOT, '.versions', range);
  if (range !== NEWEST && existsSync(join(folder, 'node_modules/socket.io'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const spec = range === NEWEST ? `socket.io@^${NEWEST}` : `socket.io@~${range}.0`;
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', spec], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return folder;
}

/** The outcome of one version's tests. */
function test(range, folder) {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const args = ['--no-config', '--exit', '--parallel', '--jobs', '3', '--timeout', '60000'];
  args.push('--require', join(SUPPORT, 'features.cjs'), '--reporter', join(SUPPORT, 'reporter.cjs'));
  const specs = FOLDERS.map((name) => `.build/test/${name}/*.test.js`);
  console.log(`Socket.IO ${range}`);
  const env = {
    ...process.env,
    SOCKET_IO_FOLDER: folder,
    VERSIONS_REPORT: report,
    NODE_OPTIONS: `--require "${join(SUPPORT, 'redirect.cjs')}" ${process.env.NODE_OPTIONS ?? ''}`,
  };
  const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
  // Warnings that tests cause on purpose.
  const noise = join(folder, 'stderr.txt');
  const stdio = ['ignore', 'inherit', openSync(noise, 'w')];
  spawnSync(process.execPath, [mocha, ...args, ...specs], { cwd: ROOT, env, stdio });
  if (existsSync(report)) return JSON.parse(readFileSync(report, 'utf8'));
  console.log(readFileSync(noise, 'utf8'));
  return { version: range, failed: 'all' };
}

function isGood({ passed = 0, failed, unused = [] }) {
  return passed > 0 && failed === 0 && unused.length === 0;
}

function summary({ version, passed = 0, failed, skipped = {}, unused = [] }) {
  const total = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  return [
    `Socket.IO ${version}: ${passed} passed, ${failed} failed, ${total} skipped`,
    ...Object.entries(skipped).map(([reason, count]) => `    ${count} skipped: ${reason}`),
    ...unused.map((pattern) => `    no test has a title like ${pattern}`),
  ];
}
