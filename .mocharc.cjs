module.exports = {
  spec: ['.build/test/**/*.test.js'],
  require: ['.build/test/support/coverage.js'],
  // How long a test that fails may wait for what does not come: no test leans on the speed of the machine.
  timeout: 600_000,
  'forbid-only': true,
  parallel: true,
  // Most tests wait for sockets rather than compute.
  jobs: 4,
};
