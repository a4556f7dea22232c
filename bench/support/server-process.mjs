/** The process of one server: does what the benchmark tells it over IPC. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { answerChecks, KINDS } from './kinds.mjs';

const [kind, options] = process.argv.slice(2);
// Large enough for every header that a flood sends.
const http = createServer({ maxHeaderSize: 2 ** 20 });
const inspector = new Session();
const traffic = countTraffic();
const io = await KINDS[kind](http, JSON.parse(options));

const COMMANDS = {
  listen: () => new Promise((done) => http.listen(0, '127.0.0.1', 4096, () => done(http.address().port))),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  heap: () => leastOf(() => process.memoryUsage().heapUsed),
  /** The heap, and buffers outside of it. */
  held: () =>
    leastOf(() => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    }),
  resident: () => process.memoryUsage.rss(),
  traffic,
  /** So many broadcasts, each in a turn of its own, as an application would send them. */
  broadcast: async (count) => {
    for (let index = 0; index < count; index += 1) {
      io.emit('news', 'a message of forty characters or thereabouts', index);
      await new Promise(setImmediate);
    }
  },
  answerChecks,
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
async function leastOf(measure) {
  let last = Infinity;
  for (;;) {
    globalThis.gc();
    await new Promise((done) => setTimeout(done, 20));
    globalThis.gc();
    const bytes = measure();
    if (bytes > last - 10_000) return Math.min(bytes, last);
    last = bytes;
  }
}

/** Bytes over all TCP connections so far, as the network sees them. */
function countTraffic() {
  const open = new Set();
  const closed = { received: 0, sent: 0 };
  http.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      addBytes(closed, socket);
    });
  });
  return () => [...open].reduce(addBytes, { ...closed });
}

function addBytes(sum, { bytesRead, bytesWritten }) {
  sum.received += bytesRead;
  sum.sent += bytesWritten;
  return sum;
}

process.on('message', ({ id, command, argument }) => {
  void Promise.resolve(COMMANDS[command](argument)).then((result) => process.send({ id, result }));
});
process.on('disconnect', () => process.exit(0));
