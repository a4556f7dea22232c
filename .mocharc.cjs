module.exports = {
  spec: ['.build/test/**/*.test.js'],
  timeout: 10_000,
  'forbid-only': true,
  parallel: true,
  // Most tests wait for sockets rather than compute.
  jobs: 3,
  // Machines of a CI stall for seconds at times, and real clocks, processes and browsers do not wait.
  retries: process.env.CI === 'true' ? 2 : 0,
};
