/** Processes that are measured: servers, and measurements that need no network. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { progress } from './progress.mjs';

const forkHere = (script, args, { execArgv = [], env = process.env } = {}) =>
  fork(resolve(import.meta.dirname, script), args, { execArgv: ['--expose-gc', ...execArgv], env });

/** A server of one kind in a process of its own. */
export class ServerProcess {
  #child;
  #waiting = new Map();
  #lastId = 0;
  port = 0;

  /**
   * @param kind a name out of `kinds.mjs`
   * @param options for the library, where the kind is it
   */
  static async start(kind, { options = {}, execArgv = [] } = {}) {
    const server = new ServerProcess();
    server.#child = forkHere('server-process.mjs', [kind, JSON.stringify(options)], { execArgv });
    server.#child.on('message', ({ id, result }) => {
      server.#waiting.get(id)?.(result);
      server.#waiting.delete(id);
    });
    server.#child.on('exit', (code, signal) => {
      if (code !== 0) throw new Error(`the server '${kind}' has died of ${code ?? signal}`);
    });
    server.port = await server.ask('listen');
    return server;
  }

  ask(command, argument) {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((done) => {
      this.#waiting.set(id, done);
      this.#child.send({ id, command, argument });
    });
  }

  /**
   * CPU that the server's process uses, all its threads, in µs, while something is done to it. Nothing is collected
   * before: a full collection would throw compiled code away, and any would spare those who leave little rubbish.
   */
  async cpuOf(action) {
    const before = await this.ask('cpu');
    await action();
    return (await this.ask('cpu')) - before;
  }

  async close() {
    this.#child.send({ command: 'exit' });
    await once(this.#child, 'exit');
  }
}

/**
 * Runs a measurement that needs no network in a process of its own, so that it finds neither the heap nor the compiled
 * code of another.
 *
 * @param name a module of `bench/micro/` whose `measure(plan)` is called there
 */
export function inProcess(name, plan = {}, options = {}) {
  const child = forkHere('task-process.mjs', [name, JSON.stringify(plan)], options);
  return new Promise((done, fail) => {
    child.on('message', (message) => {
      if ('result' in message) done(message.result);
      else progress.follow(message);
    });
    child.once('exit', (code) => fail(new Error(`'${name}' ended with ${code} and without a result`)));
  });
}
