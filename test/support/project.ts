import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './repository';

const run = promisify(execFile);

/** What a program said, and how it ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program, whose fault is an outcome too. */
export async function execute(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(command, args, { cwd, timeout: 120_000, maxBuffer: 1e7 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : 1, stdout, stderr };
  }
}

/** A program of the repository's dependencies. */
export const bin = (path: string): string => resolve(ROOT, 'node_modules', path);

/** An empty project of a user, with the packed package installed. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'socketio-authorize-'));
  tarball = '';

  async install(...others: string[]): Promise<void> {
    const packed = await execute('npm', ['pack', '--silent', '--pack-destination', this.folder], ROOT);
    this.tarball = join(this.folder, packed.stdout.trim().split('\n').at(-1) ?? '');
    this.write('package.json', JSON.stringify({ name: 'user', private: true }));
    const options = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    const outcome = await execute('npm', ['install', ...options, this.tarball, ...others], this.folder);
    if (outcome.code !== 0) throw new Error(outcome.stderr);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Runs a file of the project with Node. */
  node(name: string, node = process.execPath): Promise<Outcome> {
    return execute(node, [name], this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
