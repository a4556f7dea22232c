import { fork } from 'node:child_process';
import { resolve } from 'node:path';

/**
 * Runs a measurement that needs no network in a process of its own, so that it finds neither the heap nor the compiled
 * code of another.
 *
 * @param name a module of `bench/micro/` whose `measure(plan)` is called there
 */
export function inProcess(name, plan = {}, { execArgv = [], env = process.env } = {}) {
  const child = fork(resolve(import.meta.dirname, 'task-process.mjs'), [name, JSON.stringify(plan)], {
    execArgv: ['--expose-gc', ...execArgv],
    env,
  });
  return new Promise((done, fail) => {
    child.once('message', done);
    child.once('exit', (code) => fail(new Error(`'${name}' ended with ${code} and without a result`)));
  });
}
