import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
const MOCHA = resolve(ROOT, 'node_modules/mocha/bin/mocha.js');
/** Measures time, so it may fail without a fault. */
const LEFT_OUT = new Set(['bench']);

/**
 * The compiled files of `lib` or `test`; not those whose source is no longer there, which the compiler leaves.
 *
 * @param {'lib' | 'test'} folder
 */
export function compiled(folder) {
  return readdirSync(resolve(ROOT, folder), { recursive: true })
    .filter((name) => /(?<!\.d)\.ts$/.test(name))
    .map((name) => resolve(ROOT, '.build', folder, name.replace(/\.ts$/, '.js')))
    .filter((file) => existsSync(file))
    .toSorted();
}

/** The compiled test files that may notice a fault. */
export function testFiles() {
  return compiled('test').filter(
    (file) => file.endsWith('.test.js') && !LEFT_OUT.has(shortName(file).split('/')[1]),
  );
}

/**
 * What became of a run: how long all of it and its slowest test took; if it failed, by which test.
 *
 * @typedef {{ outcome: 'passed' | 'failed' | 'late', seconds: number, slowest: number, title?: string, file?: string }} Outcome
 */

/**
 * Runs test files in one process, until the first failure.
 *
 * @param {string[]} files
 * @param {{ env: NodeJS.ProcessEnv, timeout: number, budget: number }} options `timeout`: ms for a test whose suite
 *   does not say; `budget`: ms for all of it, then it is killed, with whatever it has started
 * @returns {Promise<Outcome>}
 */
export async function runTests(files, { env, timeout, budget }) {
  const folder = mkdtempSync(join(tmpdir(), 'socketio-authorize-mutation-'));
  const report = join(folder, 'report.json');
  const options = ['--no-config', '--exit', '--bail', '--timeout', String(timeout)];
  const args = [MOCHA, ...options, '--reporter', 'json', '--reporter-option', `output=${report}`, ...files];
  const start = performance.now();
  try {
    const isLate = await run(args, { ...process.env, ...env }, budget);
    const seconds = (performance.now() - start) / 1000;
    return { ...(isLate ? { outcome: 'late' } : read(report)), seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns whether it had to be killed */
function run(args, env, budget) {
  // A group of its own, so that servers and browsers of the tests end with it.
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'ignore', detached: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, budget);
  return new Promise((done) => {
    child.once('exit', () => {
      clearTimeout(timer);
      killGroup(child.pid);
      done(isLate);
    });
  });
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

function read(report) {
  let tests;
  let failures;
  try {
    ({ tests, failures } = JSON.parse(readFileSync(report, 'utf8')));
  } catch {
    // The process ended before its report.
    return { outcome: 'failed', slowest: 0, title: 'the process of the tests' };
  }
  const slowest = Math.max(0, ...tests.map(({ duration = 0 }) => duration / 1000));
  const [failure] = failures;
  if (failure !== undefined) {
    return { outcome: 'failed', slowest, title: failure.fullTitle, file: failure.file };
  }
  return { outcome: tests.length > 0 ? 'passed' : 'failed', slowest, title: 'no test ran' };
}

/** A path as people read it. */
export function shortName(file) {
  return relative(ROOT, file).replace(/^\.build\//, '');
}
