module.exports = {
  spec: ['.build/test/**/*.test.js'],
  require: ['.build/test/support/coverage.js'],
  // How long a test that fails may wait for what does not come. Suites that start processes or browsers give more.
  timeout: 120_000,
  'forbid-only': true,
  parallel: true,
  // Most tests wait for sockets rather than compute.
  jobs: 4,
};
