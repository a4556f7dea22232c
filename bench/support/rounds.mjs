import { setTimeout as sleep } from 'node:timers/promises';
import { progress } from './progress.mjs';

/**
 * Measures contenders in turn, A B C A B C …, so that whatever disturbs the machine meets all of them; each round begins
 * with another one.
 *
 * @param contenders `{ measure(round) }`, which gives a figure or a promise of it
 * @returns the figures of each, in the order of the rounds
 */
export function interleave(contenders, { warmups, rounds }) {
  progress.rounds(warmups + rounds);
  return takeTurns(contenders, { warmups, rounds });
}

/** The same within a round of another measurement. */
export async function takeTurns(contenders, { warmups, rounds }, onRound = () => progress.round()) {
  const figures = contenders.map(() => []);
  for (let round = -warmups; round < rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const index = (turn + round + warmups) % contenders.length;
      const figure = await contenders[index].measure(round);
      if (round >= 0) figures[index].push(figure);
    }
    onRound();
  }
  return figures;
}

/**
 * The same with processes that are started anew for each generation: what a process was dealt at its start (the layout of
 * its memory, the order of its compilations) would otherwise pass for a property of the code.
 *
 * @param open gives contenders that have `close()` as well
 */
export function interleaveGenerations(open, { generations, warmups, rounds }) {
  progress.rounds(generations * (warmups + rounds));
  return takeTurnsInGenerations(open, { generations, warmups, rounds });
}

/** The same as a part of a measurement with more rounds. */
export async function takeTurnsInGenerations(open, { generations, warmups, rounds }) {
  const all = [];
  for (let generation = 0; generation < generations; generation += 1) {
    const contenders = await open();
    try {
      const figures = await takeTurns(contenders, { warmups, rounds });
      for (const [index, some] of figures.entries()) (all[index] ??= []).push(...some);
    } finally {
      await Promise.all(contenders.map((one) => one.close()));
    }
    // The kernel takes its time with closed connections.
    await sleep(200);
  }
  return all;
}

/**
 * Measures contenders against each other, and makes a table of it: a row each, unless the table has its own.
 *
 * @param contenders `{ id, name, … }`; the others are rows of the table, what only `open` needs is left out
 * @param open gives, for a contender, what `interleaveGenerations` measures
 */
export async function compare(contenders, open, rounds, table) {
  const figures = await interleaveGenerations(() => Promise.all(contenders.map((one) => open(one))), rounds);
  return {
    unit: 'µs',
    reference: 'plain',
    rows: contenders.map(({ id, name, target }) => ({ id, name, target })),
    ...table,
    samples: Object.fromEntries(contenders.map(({ id }, index) => [id, figures[index]])),
  };
}
