/**
 * What the tests take from Debian: installed when this is root on Debian, else told in one line. Tests that miss it are
 * skipped, and say so; with `CI=true` they fail.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Packages, and a sign that each is there. */
const NEEDED = {
  'redis-server': () => existsSync('/usr/bin/redis-server'),
  chromium: () => existsSync('/usr/bin/chromium'),
  'python3-jwt': () => hasModule('jwt'),
  'python3-cryptography': () => hasModule('cryptography'),
  'python3-socketio': () => hasModule('socketio'),
  'python3-requests': () => hasModule('requests'),
};

function hasModule(name) {
  return existsSync(`/usr/lib/python3/dist-packages/${name}`);
}

const missing = Object.keys(NEEDED).filter((name) => !NEEDED[name]());
if (missing.length > 0) {
  const isRootOnDebian = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (isRootOnDebian) install(missing);
  else
    console.warn(
      `missing for some tests: ${missing.join(' ')} (on Debian: apt-get install ${missing.join(' ')})`,
    );
}

function install(packages) {
  console.log(`installing for the tests: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000 };
  spawnSync('apt-get', ['update', '-qq'], options);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}
