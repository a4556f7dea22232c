import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Measures contenders in turn, A B C A B C …, so that whatever disturbs the machine meets all of them; each round begins
 * with another one.
 *
 * @param contenders `{ measure(): number | Promise<number> }`
 * @returns the figures of each, in the order of the rounds
 */
export async function interleave(contenders, { warmups, rounds }) {
  const figures = contenders.map(() => []);
  for (let round = -warmups; round < rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const index = (turn + round + warmups) % contenders.length;
      const figure = await contenders[index].measure(round);
      if (round >= 0) figures[index].push(figure);
    }
  }
  return figures;
}

/**
 * The same with processes that are started anew for each generation: what a process was dealt at its start (the layout of
 * its memory, the order of its compilations) would otherwise pass for a property of the code.
 *
 * @param open gives contenders that have `close()` as well
 */
export async function interleaveGenerations(open, { generations, warmups, rounds }) {
  const all = [];
  for (let generation = 0; generation < generations; generation += 1) {
    const contenders = await open();
    try {
      const figures = await interleave(contenders, { warmups, rounds });
      for (const [index, some] of figures.entries()) (all[index] ??= []).push(...some);
    } finally {
      await Promise.all(contenders.map((one) => one.close()));
    }
    // The kernel takes its time with closed connections.
    await sleep(200);
  }
  return all;
}
