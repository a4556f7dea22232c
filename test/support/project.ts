import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
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
    const { stdout, stderr } = await run(command, args, { cwd, timeout: 280_000, maxBuffer: 1e7 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : 1, stdout, stderr };
  }
}

/** A program of the repository's dependencies. */
export const bin = (path: string): string => resolve(ROOT, 'node_modules', path);

/** An empty project of a user, for the package as `npm publish` would send it. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'socketio-authorize-'));
  tarball = '';

  /** Packs what is in `dist`. */
  async pack(): Promise<void> {
    const { stdout, stderr } = await execute(
      'npm',
      ['pack', '--silent', '--ignore-scripts', '--pack-destination', this.folder],
      ROOT,
    );
    const name = stdout.trim().split('\n').at(-1);
    if (!name?.endsWith('.tgz')) throw new Error(`npm pack: ${stderr}`);
    this.tarball = join(this.folder, name);
    this.write('package.json', JSON.stringify({ name: 'user', private: true }));
  }

  /** Installs the package, and what its user has beside it. */
  async install(...others: string[]): Promise<void> {
    await this.pack();
    const outcome = await this.npmInstall(this.tarball, ...others);
    if (outcome.code !== 0) throw new Error(outcome.stderr);
  }

  npmInstall(...packages: string[]): Promise<Outcome> {
    const options = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    return execute('npm', ['install', ...options, ...packages], this.folder);
  }

  write(name: string, text: string): void {
    const target = join(this.folder, name);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** Brings a file of the repository in. */
  copy(path: string, name: string): void {
    const target = join(this.folder, name);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(resolve(ROOT, path), target);
  }

  /** Runs a file of the project with Node. */
  node(name: string, node = process.execPath): Promise<Outcome> {
    return execute(node, [name], this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
