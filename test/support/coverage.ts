/**
 * Loaded into mocha and each of its workers, where coverage is measured. It is measured nowhere else: it makes a process
 * slower, and not evenly, and a process that a test starts is a compiler, a server or something whose cost is measured.
 */
if (process.env.MOCHA_WORKER_ID !== undefined) {
  // Node hands this variable on to every process, also where `env` leaves it out.
  delete process.env.NODE_V8_COVERAGE;
  // A worker that takes longer than a second to write its coverage is told to end. By default, that loses the file.
  process.on('SIGTERM', () => process.exit());
}
