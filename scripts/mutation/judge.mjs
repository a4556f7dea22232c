import { resolve } from 'node:path';
import { reaches } from './coverage.mjs';
import { ROOT, runTests, shortName } from './tests.mjs';

const PLANT = resolve(ROOT, 'scripts/mutation/plant.cjs');
/** Seconds of tests that are run together, before the next are begun: the very first file notices most faults. */
const STAGES = [0, 2, 15, Infinity];
/** Seconds that any tests have, and how much longer than without a fault they may take. */
const LEAST = 5;
const PATIENCE = 4;

/**
 * What became of a fault: a test failed, the tests went on without end, all passed, or none runs that code.
 *
 * @typedef {{ outcome: 'noticed' | 'late' | 'survived' | 'not reached', seconds: number, title?: string }} Verdict
 */

/** Plants faults, each in a process of its own, and runs the tests that reach it. */
export class Judge {
  #coverages;
  /** By file of `lib/` and test file, how many faults it has noticed. */
  #noticed = new Map();

  constructor(coverages) {
    this.#coverages = coverages;
  }

  /** @returns {Promise<Verdict>} */
  async judge(mutant) {
    const start = performance.now();
    const verdict = await this.#verdict(mutant);
    return { ...verdict, seconds: (performance.now() - start) / 1000 };
  }

  async #verdict(mutant) {
    const reaching = this.#inOrder(mutant);
    if (reaching.length === 0) return { outcome: 'not reached' };
    for (const stage of inStages(reaching)) {
      const { outcome, title, file } = await runTests(
        stage.map(({ test }) => test),
        { env: environment(mutant), ...boundsOf(stage) },
      );
      if (outcome === 'late') return { outcome: 'late' };
      if (outcome === 'failed') {
        this.#remember(mutant, file);
        return { outcome: 'noticed', title };
      }
    }
    return { outcome: 'survived' };
  }

  /** The fast ones first, and those that have noticed other faults of the file, or bear its name. */
  #inOrder(mutant) {
    const name = shortName(mutant.file).replace('lib/', 'test/').replace('.js', '.test.js');
    const rank = ({ test, seconds }) => {
      const noticed = this.#noticed.get(key(mutant, test)) ?? 0;
      return seconds / (1 + 3 * noticed + (shortName(test) === name ? 10 : 0));
    };
    return this.#coverages
      .filter((coverage) => reaches(coverage, mutant))
      .toSorted((one, two) => rank(one) - rank(two));
  }

  #remember(mutant, test) {
    if (test === undefined) return;
    this.#noticed.set(key(mutant, test), (this.#noticed.get(key(mutant, test)) ?? 0) + 1);
  }
}

const key = ({ file }, test) => `${file} ${test}`;

function environment({ file, start, end, text }) {
  const { NODE_OPTIONS = '' } = process.env;
  return {
    MUTANT: JSON.stringify({ file, start, end, text }),
    NODE_OPTIONS: `${NODE_OPTIONS} --require ${JSON.stringify(PLANT)}`,
  };
}

/** Test files, in pieces that take so many seconds, or are one file. */
function inStages(coverages) {
  const rest = [...coverages];
  const stages = [];
  for (const seconds of STAGES) {
    const stage = rest.splice(0, 1);
    let left = seconds - (stage[0]?.seconds ?? 0);
    while (rest.length > 0 && rest[0].seconds <= left) {
      left -= rest[0].seconds;
      stage.push(...rest.splice(0, 1));
    }
    stages.push(stage);
  }
  return stages.filter(({ length }) => length > 0);
}

/** Ms that tests have, each of them and all together. */
function boundsOf(coverages) {
  const seconds = coverages.reduce((sum, coverage) => sum + coverage.seconds, 0);
  const slowest = Math.max(...coverages.map((coverage) => coverage.slowest));
  return { timeout: (LEAST + PATIENCE * slowest) * 1000, budget: (LEAST + PATIENCE * seconds) * 1000 };
}
