/** Prints how far a run is, and each failure at once; writes the outcome to the file that `VERSIONS_REPORT` names. */
const { writeFileSync } = require('node:fs');
const { isMeant, missing, missingFeature, version } = require('./features.cjs');

/** Ms from one line of progress to the next. */
const PACE = 10_000;

module.exports = function report(runner) {
  const outcome = { version, passed: 0, failed: 0, skipped: {}, unused: [] };
  const skip = (reason) => (outcome.skipped[reason] = (outcome.skipped[reason] ?? 0) + 1);
  const skips = () => Object.values(outcome.skipped).reduce((sum, count) => sum + count, 0);
  const began = Date.now();
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(
      `  ${version}, ${seconds} s: ${outcome.passed} passed, ${outcome.failed} failed, ${skips()} skipped`,
    );
  }, PACE);
  runner.on('pass', () => (outcome.passed += 1));
  const unused = new Set(missing.flatMap(({ tests }) => tests));
  runner.on('pending', (test) => {
    skip(missingFeature(test)?.name ?? 'by the test itself');
    for (const pattern of unused) if (isMeant(pattern, test)) unused.delete(pattern);
  });
  runner.on('fail', (test, error) => {
    outcome.failed += 1;
    console.log(`  ${version} FAILED: ${test.fullTitle()}\n    ${error.stack ?? error.message}`);
  });
  runner.once('end', () => {
    clearInterval(progress);
    // A test that was given another name would run without what it needs.
    outcome.unused = [...unused].map(String);
    writeFileSync(process.env.VERSIONS_REPORT, JSON.stringify(outcome));
  });
};
