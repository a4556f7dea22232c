import { load } from '../support/build.mjs';
import { cpuOf } from '../support/fake-transport.mjs';
import { interleave } from '../support/rounds.mjs';

const { Deadline, Deadlines } = load('deadlines');

/** Random, and the same for all: between a minute and ten hours from now. */
function delays(count) {
  let seed = 1;
  return Array.from({ length: count }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return 60_000 + (seed % 36_000_000);
  });
}

/** Point 5: a million sessions in the scheduler. */
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
  const idle = [await idleTick(1000, rounds), await idleTick(sessions, rounds)];
  return {
    id: 'scheduler',
    title: `The scheduler with ${sessions.toLocaleString('en')} sessions`,
    note: 'CPU per session; random delays of a minute to ten hours.',
    unit: 'µs',
    reference: 'timers',
    samples: { timers, noise, cycle, renewal, few: idle[0], many: idle[1], ...memory(all) },
    rows: [
      { id: 'timers', name: '`setTimeout` and `clearTimeout`' },
      { id: 'noise', name: 'A/A: `setTimeout` once more' },
      { id: 'cycle', name: 'added and removed', target: 0.3 },
      { id: 'renewal', name: 'renewed, against added and removed', reference: 'cycle', target: 1 },
      { id: 'few', name: 'a look with nothing due, 1,000 sessions', reference: 'few' },
      {
        id: 'many',
        name: `a look with nothing due, ${sessions.toLocaleString('en')} sessions`,
        reference: 'few',
        target: 1.5,
      },
      { id: 'timerBytes', name: '`setTimeout`, heap', unit: 'bytes', isFigure: true },
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
async function idleTick(count, rounds) {
  let now = 1_000_000;
  let wake;
  const { setTimeout: original } = globalThis;
  globalThis.setTimeout = (callback) => {
    wake = callback;
    return { unref: () => 0 };
  };
  try {
    const scheduler = new Deadlines({ now: () => now });
    const owner = { onDeadline: nothing };
    for (const delay of delays(count)) scheduler.set(new Deadline(owner), now + 36_060_000 + delay);
    const looks = 2000;
    const figures = [];
    for (let round = -3; round < rounds; round += 1) {
      const cpu = await cpuOf(() => {
        for (let index = 0; index < looks; index += 1) {
          now += 1;
          wake();
        }
      });
      if (round >= 0) figures.push(cpu / looks);
    }
    return figures;
  } finally {
    globalThis.setTimeout = original;
  }
}

function memory(all) {
  const owner = { onDeadline: nothing };
  const scheduler = new Deadlines();
  const now = Date.now();
  // The arrays that hold them are there before.
  const entries = all.map(() => 0);
  const bytes = heapOf(all, entries, (delay) => {
    const entry = new Deadline(owner);
    scheduler.set(entry, now + delay);
    return entry;
  });
  for (const entry of entries) scheduler.clear(entry);
  const timerBytes = heapOf(all, entries, (delay) => setTimeout(nothing, delay));
  for (const timer of entries) clearTimeout(timer);
  return { bytes: [bytes], timerBytes: [timerBytes] };
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
