/**
 * What the tests take from Debian. Without it, the tests that need it are skipped, and say so; with `CI=true` they fail.
 *
 * It is installed only where that is wanted: with `CI=true`, or as root on Debian, where this says so first. `NO_INSTALL=1`
 * switches it off.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Packages, and a sign that each is there. */
const NEEDED = {
  'redis-server': () => existsSync('/usr/bin/redis-server'),
  chromium: () => existsSync('/usr/bin/chromium'),
  curl: () => existsSync('/usr/bin/curl'),
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
  const command = `apt-get install ${missing.join(' ')}`;
  const isRootOnDebian = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  const isOff = !['', '0', undefined].includes(process.env.NO_INSTALL);
  if (isOff || !(isRootOnDebian || process.env.CI === 'true')) {
    console.warn(
      `Some tests are skipped, because these are missing: ${missing.join(' ')}. On Debian: ${command}`,
    );
  } else {
    console.log(
      `Some tests need more: this runs "${command}". NO_INSTALL=1 npm test skips those tests instead.`,
    );
    install(missing);
  }
}

function install(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000 };
  spawnSync('apt-get', ['update', '-qq'], options);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}
