/** The process of one server: does what the benchmark tells it over IPC. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { KINDS } from './kinds.mjs';

const [kind, options] = process.argv.slice(2);
const http = createServer();
const inspector = new Session();
const io = await KINDS[kind](http, JSON.parse(options));

const COMMANDS = {
  listen: () => new Promise((done) => http.listen(0, '127.0.0.1', 4096, () => done(http.address().port))),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  heap: () => heapInUse(),
  resident: () => process.memoryUsage.rss(),
  /** So many broadcasts, each in a turn of its own, as an application would send them. */
  broadcast: async (count) => {
    for (let index = 0; index < count; index += 1) {
      io.emit('news', 'a message of forty characters or thereabouts', index);
      await new Promise(setImmediate);
    }
  },
  startProfile: async () => {
    inspector.connect();
    await inspector.post('Profiler.enable');
    await inspector.post('Profiler.start');
  },
  stopProfile: async (file) => {
    const { profile } = await inspector.post('Profiler.stop');
    writeFileSync(file, JSON.stringify(profile));
  },
  connections: () => io.engine.clientsCount,
  exit: () => process.exit(0),
};

/** What is still there after the collector found nothing more to free. */
async function heapInUse() {
  let last = Infinity;
  for (;;) {
    globalThis.gc();
    await new Promise((done) => setTimeout(done, 20));
    globalThis.gc();
    const { heapUsed } = process.memoryUsage();
    if (heapUsed > last - 10_000) return Math.min(heapUsed, last);
    last = heapUsed;
  }
}

process.on('message', ({ id, command, argument }) => {
  void Promise.resolve(COMMANDS[command](argument)).then((result) => process.send({ id, result }));
});
process.on('disconnect', () => process.exit(0));
