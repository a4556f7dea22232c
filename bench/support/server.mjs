import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

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
    const args = [kind, JSON.stringify(options)];
    server.#child = fork(resolve(import.meta.dirname, 'server-process.mjs'), args, {
      execArgv: ['--expose-gc', ...execArgv],
    });
    server.#child.on('message', ({ id, result }) => {
      server.#waiting.get(id)?.(result);
      server.#waiting.delete(id);
    });
    server.#child.on('exit', (code) => {
      if (code !== 0) throw new Error(`the server '${kind}' has died`);
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
