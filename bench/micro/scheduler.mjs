import { load } from '../support/build.mjs';
import { cpuOf } from '../support/fake-transport.mjs';
import { interleave } from '../support/rounds.mjs';

const { Deadline, Deadlines } = load('runtime/deadlines');

/** A look takes a tenth of a µs, and the process's clock tells whole ones. */
const LOOKS = 20_000;

/** Random, and the same for all: between a minute and ten hours from now. */
function delays(count) {
  let seed = 1;
  return Array.from({ length: count }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return 60_000 + (seed % 36_000_000);
  });
}

/** A million sessions in the scheduler. */
export async function measure({ sessions, rounds }) {
  const all = delays(sessions);
  const wheel = wheelOf(all);
  const contenders = [
    { measure: () => withTimers(all) },
    { measure: () => withTimers(all) },
    { measure: () => wheel.addAndRemove() },
    { measure: () => wheel.renew() },
  ];
  const [timers, noise, cycle, renewal] = await interleave(contenders, { warmups: 1, rounds });
  const idle = await idleTicks([1000, 1000, sessions], rounds);
  const [timerBytes, timerBytesNoise, bytes] = await interleave(memoryOf(all), { warmups: 1, rounds });
  return {
    id: 'scheduler',
    title: `The scheduler with ${sessions.toLocaleString('en')} sessions`,
    note: 'CPU per session; random delays of a minute to ten hours.',
    unit: 'µs',
    reference: 'timers',
    samples: { timers, noise, cycle, renewal, ...idle, timerBytes, timerBytesNoise, bytes },
    rows: [
      { id: 'timers', name: '`setTimeout` and `clearTimeout`' },
      { id: 'noise', name: 'A/A: `setTimeout` once more' },
      { id: 'cycle', name: 'added and removed', target: 0.3 },
      { id: 'renewal', name: 'renewed, against added and removed', reference: 'cycle', target: 1 },
      { id: 'few', name: 'a look with nothing due, 1,000 sessions', reference: 'few' },
      { id: 'fewNoise', name: 'A/A: 1,000 sessions once more', reference: 'few' },
      {
        id: 'many',
        name: `a look with nothing due, ${sessions.toLocaleString('en')} sessions`,
        reference: 'few',
        noiseRow: 'fewNoise',
        target: 1.5,
      },
      { id: 'timerBytes', name: '`setTimeout`, heap', unit: 'bytes', isFigure: true },
      { id: 'timerBytesNoise', name: 'A/A: `setTimeout`, heap, once more', unit: 'bytes', isFigure: true },
      { id: 'bytes', name: 'scheduler, heap', unit: 'bytes', targetFigure: 80 },
    ],
  };
}

async function withTimers(all) {
  globalThis.gc();
  const timers = Array.from({ length: all.length });
  return (
    (await cpuOf(() => {
      for (let index = 0; index < all.length; index += 1) timers[index] = setTimeout(nothing, all[index]);
      for (const timer of timers) clearTimeout(timer);
    })) / all.length
  );
}

function wheelOf(all) {
  const scheduler = new Deadlines();
  const owner = { onDeadline: nothing };
  const measured = async (act) => {
    globalThis.gc();
    return (await cpuOf(act)) / all.length;
  };
  return {
    addAndRemove() {
      const entries = Array.from({ length: all.length });
      return measured(() => {
        const now = Date.now();
        for (let index = 0; index < all.length; index += 1) {
          const entry = new Deadline(owner);
          entries[index] = entry;
          scheduler.set(entry, now + all[index]);
        }
        for (const entry of entries) scheduler.clear(entry);
      });
    },
    async renew() {
      const now = Date.now();
      const entries = all.map((delay) => {
        const entry = new Deadline(owner);
        scheduler.set(entry, now + delay);
        return entry;
      });
      const figure = await measured(() => {
        for (let index = 0; index < all.length; index += 1) {
          scheduler.set(entries[index], now + all[all.length - 1 - index]);
        }
      });
      for (const entry of entries) scheduler.clear(entry);
      return figure;
    },
  };
}

/** CPU of a wake-up that finds nothing due, while so many wait. The clock is ours, and so is the timer. */
async function idleTicks(counts, rounds) {
  const { setTimeout: original } = globalThis;
  let wake;
  globalThis.setTimeout = (callback) => {
    wake = callback;
    return { unref: () => 0 };
  };
  try {
    const contenders = counts.map((count) => {
      const look = waiting(count, () => wake);
      return { measure: async () => (await cpuOf(() => look(LOOKS))) / LOOKS };
    });
    const [few, fewNoise, many] = await interleave(contenders, { warmups: 3, rounds });
    return { few, fewNoise, many };
  } finally {
    globalThis.setTimeout = original;
  }
}

/** So many deadlines, the first of them in ten hours; looks at them as often as it is told to. */
function waiting(count, wakeOf) {
  let now = 1_000_000;
  const scheduler = new Deadlines({ now: () => now });
  const owner = { onDeadline: nothing };
  for (const delay of delays(count)) scheduler.set(new Deadline(owner), now + 36_060_000 + delay);
  let wake = wakeOf();
  return (looks) => {
    for (let index = 0; index < looks; index += 1) {
      now += 1;
      wake();
      wake = wakeOf();
    }
  };
}

/** Twice with timers, once with the scheduler. The arrays that hold them are there before. */
function memoryOf(all) {
  const entries = all.map(() => 0);
  const owner = { onDeadline: nothing };
  const timers = {
    measure() {
      const bytes = heapOf(all, entries, (delay) => setTimeout(nothing, delay));
      for (const timer of entries) clearTimeout(timer);
      return bytes;
    },
  };
  const scheduler = {
    measure() {
      const deadlines = new Deadlines();
      const now = Date.now();
      const bytes = heapOf(all, entries, (delay) => {
        const entry = new Deadline(owner);
        deadlines.set(entry, now + delay);
        return entry;
      });
      deadlines.close();
      return bytes;
    },
  };
  return [timers, timers, scheduler];
}

function heapOf(all, entries, make) {
  entries.fill(undefined);
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < all.length; index += 1) entries[index] = make(all[index]);
  globalThis.gc();
  return (process.memoryUsage().heapUsed - before) / all.length;
}

function nothing() {}
