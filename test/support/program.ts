import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A program that runs as a user starts it; what it prints is kept. */
export class Program {
  /** What it has printed so far, errors too. */
  output = '';
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  #onOutput: () => void = () => undefined;

  /** @param env variables to add; `undefined` takes one away */
  constructor(line: string, cwd: string, env: Record<string, string | undefined> = {}) {
    const [command = '', ...args] = line.split(' ');
    this.#process = spawn(command === 'node' ? process.execPath : command, args, {
      cwd,
      // Python holds back what it prints into a pipe.
      env: { ...process.env, PYTHONUNBUFFERED: '1', ...env },
    });
    this.#closed = once(this.#process, 'close');
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#onOutput();
      });
    }
  }

  /** Waits until it has printed a text. */
  async prints(text: string): Promise<void> {
    const ended = this.#closed.then(() => {
      if (!this.output.includes(text)) throw new Error(`ended without "${text}": ${this.output}`);
    });
    const printed = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (this.output.includes(text)) resolve();
      };
      this.#onOutput();
    });
    await Promise.race([printed, ended]);
  }

  /** Waits until it has ended by itself, and gives its exit code. */
  async ends(): Promise<number | null> {
    await this.#closed;
    return this.#process.exitCode;
  }

  async kill(): Promise<void> {
    this.#process.kill();
    await this.#closed;
  }
}

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
