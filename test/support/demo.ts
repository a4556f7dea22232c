import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from './repository';

/** Variables that would change what an example prints. */
const UNSET = ['JWT_SECRET', 'SESSION_SECRET', 'AUTH_SECRET', 'ISSUER', 'AUDIENCE', 'JWKS_URI', 'HOST'];

/** A command line in a shell of its own, as a user types it; what it prints is kept. */
export class Terminal {
  output = '';
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  #onChange: () => void = () => undefined;

  constructor(line: string, env: Record<string, string> = {}) {
    const others = Object.fromEntries(UNSET.map((name) => [name, undefined]));
    this.#process = spawn('bash', ['-c', line], {
      cwd: ROOT,
      env: { ...process.env, ...others, PYTHONUNBUFFERED: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: a pipeline ends as a whole.
      detached: true,
    });
    this.#closed = once(this.#process, 'close').then(() => this.#onChange());
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#onChange();
      });
    }
  }

  get #isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Waits until what it has printed holds a text, from an offset on. */
  async prints(text: string, offset = 0): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onChange = () => {
        if (this.output.slice(offset).includes(text)) resolve();
        else if (this.#isOver) reject(new Error(`ended without "${text}":\n${this.output}`));
      };
      this.#onChange();
    });
  }

  /** Waits for its end, and gives the exit code. */
  async ends(): Promise<number | null> {
    await this.#closed;
    return this.#process.exitCode;
  }

  async close(): Promise<void> {
    if (!this.#isOver) process.kill(-(this.#process.pid as number), 'SIGTERM');
    await this.#closed;
  }
}

/** One step of what an example prints to do next. */
export interface Step {
  line: string;
  see: string[];
  before: string[];
  here: string[];
}

/** Reads the steps: a line to copy, and what one sees in which terminal. */
export function stepsOf(output: string): Step[] {
  return output
    .split(/^\d+\. /m)
    .slice(1)
    .map((text) => {
      const blocks = text.split(/^(?= {3}\S.*you see:$| {3}You see:$)/im);
      const under = (heading: RegExp): string[] => linesOf(blocks.find((block) => heading.test(block)) ?? '');
      const [line = ''] = linesOf(blocks[0] ?? '');
      return {
        line,
        see: under(/^ {3}You see/),
        before: under(/^ {3}In the terminal of step 1/),
        here: under(/^ {3}In this terminal/),
      };
    });
}

function linesOf(block: string): string[] {
  return [...block.matchAll(/^ {4}(\S.*)$/gm)].map(([, line]) => line ?? '');
}

/** Starts an example as a user does, with any free port. */
export async function startDemo(name: string, env: Record<string, string> = {}): Promise<Terminal> {
  const terminal = new Terminal(`npm run --silent example -- ${name}`, { PORT: '0', ...env });
  await terminal.prints('Ctrl+C ends it.');
  await terminal.prints('Copy ');
  return terminal;
}
