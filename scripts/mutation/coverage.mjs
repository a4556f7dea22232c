import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inParallel } from './parallel.mjs';
import { compiled, ROOT, runTests, shortName, testFiles } from './tests.mjs';

const LIB = resolve(ROOT, '.build/lib');
const CACHE = resolve(ROOT, '.build/mutation/coverage.json');
/** Ms for a test, and for a test file, without a fault. */
const TIMEOUT = 120_000;
const BUDGET = 600_000;

/**
 * What a test file runs, and how long that takes: all of it, and its slowest test.
 *
 * @typedef {{ test: string, seconds: number, slowest: number, covered: Record<string, [start: number, end: number][]> }} Coverage
 *   `covered`: by compiled file of `lib/`, the pieces of text that run
 */

/**
 * Runs each test file alone, with V8's coverage, also of the processes that it starts. What is known of all files is
 * kept until the code changes.
 *
 * @param {string[]} tests
 * @param {number} jobs
 * @returns {Promise<Coverage[]>} of the test files that pass
 */
export async function coverageOfTests(tests, jobs) {
  const all = testFiles();
  const digest = digestOf([...compiled('lib'), ...all]);
  const kept = readCache();
  if (kept.digest === digest) return kept.coverages.filter(({ test }) => tests.includes(test));
  console.log(`${tests.length} test files are run once, each alone, to see what code each of them runs`);
  const coverages = [];
  await inParallel(tests, jobs, async (test) => {
    const coverage = await coverageOf(test);
    if (coverage === undefined) console.log(`left out, since it fails without any fault: ${shortName(test)}`);
    else coverages.push(coverage);
  });
  mkdirSync(resolve(CACHE, '..'), { recursive: true });
  if (tests.length === all.length) writeFileSync(CACHE, JSON.stringify({ digest, coverages }));
  return coverages;
}

/** Whether a test file runs what stands there. */
export function reaches({ covered }, { file, at }) {
  return (covered[file] ?? []).some(([start, end]) => start <= at && at < end);
}

function readCache() {
  try {
    return JSON.parse(readFileSync(CACHE, 'utf8'));
  } catch {
    return {};
  }
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

async function coverageOf(test) {
  const folder = mkdtempSync(join(tmpdir(), 'socketio-authorize-coverage-'));
  try {
    const { outcome, seconds, slowest } = await runTests([test], {
      env: { NODE_V8_COVERAGE: folder },
      timeout: TIMEOUT,
      budget: BUDGET,
    });
    return outcome === 'passed' ? { test, seconds, slowest, covered: read(folder) } : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What any of the processes has run. */
function read(folder) {
  const marks = new Map();
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    for (const { url, functions } of result) {
      if (!url.startsWith('file:')) continue;
      const file = fileURLToPath(url);
      if (!file.startsWith(`${LIB}/`)) continue;
      const former = marks.get(file) ?? new Uint8Array(readFileSync(file, 'utf8').length);
      const ran = ranIn(functions, former.length);
      marks.set(
        file,
        former.map((one, index) => one | ran[index]),
      );
    }
  }
  return Object.fromEntries([...marks].map(([file, mark]) => [file, piecesOf(mark)]));
}

/** V8 tells from outside to inside: the innermost range that has a character decides. */
function ranIn(functions, length) {
  const ran = new Uint8Array(length);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) {
      ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
  }
  return ran;
}

function piecesOf(mark) {
  const pieces = [];
  for (let start = mark.indexOf(1); start >= 0; start = mark.indexOf(1, pieces.at(-1)[1])) {
    const end = mark.indexOf(0, start);
    pieces.push([start, end < 0 ? mark.length : end]);
  }
  return pieces;
}
