/** Folders whose tests collect garbage again and again. They come first, while a worker holds little. */
const LEAN = ['attacks', 'session'];
/** Folders whose tests mostly wait for other programs. They come next, so that no worker is left alone with one. */
const SLOW = ['package', 'docs', 'examples', 'browser', 'conformance', 'bench', 'soak', 'cluster'];
const EARLY = [...LEAN, ...SLOW];

module.exports = {
  spec: [...EARLY, `!(${EARLY.join('|')})`].map((folder) => `.build/test/${folder}/**/*.test.js`),
  require: ['.build/test/support/coverage.js'],
  // How long a test that fails may wait for what does not come: no test leans on the speed of the machine.
  timeout: 600_000,
  'forbid-only': true,
  parallel: true,
  // Most tests wait for sockets rather than compute.
  jobs: 5,
  // MiB, of the young generation. The tests open and drop thousands of servers; V8's own limit collects them too often.
  'node-option': ['max-semi-space-size=32'],
};
