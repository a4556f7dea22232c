/**
 * Plants small faults into the compiled library, one at a time, and says which of them no test notices.
 *
 *     npm run mutation -- [--sample 100] [--seed 1] [--all] [--files 'lib/session/*.ts'] [--tests 'test/server/**'] [--jobs 2]
 *
 * `--sample` faults are chosen at random, by `--seed`; `--all` plants every one. `--files` and `--tests` say where, and
 * which tests may notice; both may be given several times. Exits with 1 if tests notice less than 95 % of the faults that `accepted.json` does not list.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { coverageOfTests } from './coverage.mjs';
import { Judge } from './judge.mjs';
import { isSound, mutantsOf } from './mutants.mjs';
import { inParallel } from './parallel.mjs';
import { acceptedFaults, describe, line, outdated, reasonFor, summary } from './report.mjs';
import { compiled, ROOT, shortName, testFiles } from './tests.mjs';

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    files: { type: 'string', multiple: true, default: ['lib/**'] },
    tests: { type: 'string', multiple: true, default: ['test/**'] },
    all: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
  },
});
const jobs = Number(values.jobs);

const files = matching(compiled('lib'), values.files);
const tests = matching(testFiles(), values.tests);
const every = files.flatMap((file) => mutantsOf(file));
const chosen = (values.all ? every : sample(every, Number(values.sample))).filter((one) => isSound(one));
console.log(`${chosen.length} of ${every.length} faults in ${files.length} files, seed ${values.seed}`);

const accepted = acceptedFaults();
for (const { file, code, from, to } of outdated(accepted, every.map(describe))) {
  console.log(`accepted, but not there any more: ${file}: ${from} → ${to} in: ${code}`);
}
const judge = new Judge(await coverageOfTests(tests, jobs));
const results = [];
await inParallel(chosen, jobs, async (mutant) => {
  const description = describe(mutant);
  const verdict = await judge.judge(mutant);
  const isNoticed = verdict.outcome === 'noticed' || verdict.outcome === 'late';
  const reason = isNoticed ? undefined : reasonFor(accepted, description);
  results.push({ description, verdict, ...(reason !== undefined && { reason }) });
  const by = verdict.title === undefined ? '' : `, by: ${verdict.title}`;
  console.log(
    `[${results.length}/${chosen.length}] ${verdict.seconds.toFixed(1)} s  ${verdict.outcome}  ${line(description)}${by}`,
  );
});

const { text, isGoodEnough } = summary(results);
console.log(`\n${text}`);
const report = resolve(ROOT, '.build/mutation/report.json');
mkdirSync(resolve(report, '..'), { recursive: true });
writeFileSync(report, JSON.stringify(results, undefined, 2));
process.exitCode = isGoodEnough ? 0 : 1;

function matching(paths, globs) {
  const patterns = globs.map(toPattern);
  return paths.filter((path) => patterns.some((pattern) => pattern.test(shortName(path))));
}

/** `*` stands for a name, `**` for any path; `.ts` is as good as `.js`. */
function toPattern(glob) {
  const parts = glob.replace(/\.ts$/, '.js').split('**');
  const source = parts
    .map((part) => part.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*'))
    .join('.*');
  return new RegExp(`^${source}$`);
}

/** So many of them, by chance, in their order; the same seed gives the same ones. */
function sample(all, count) {
  const random = randomFrom(Number(values.seed));
  const ranked = all.map((one) => ({ one, rank: random() })).toSorted((a, b) => a.rank - b.rank);
  const picked = new Set(ranked.slice(0, count).map(({ one }) => one));
  return all.filter((one) => picked.has(one));
}

/** Numbers from 0 to 1 (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
