/**
 * Loaded into each of mocha's workers. Coverage is measured in them alone: it makes a process slower, and not evenly, and
 * a process that a test starts is a compiler, a browser's server or something whose cost is measured.
 */
// Node hands this variable on to every process, also where `env` leaves it out. The main process needs it for its workers.
if (process.env.MOCHA_WORKER_ID !== undefined) delete process.env.NODE_V8_COVERAGE;
