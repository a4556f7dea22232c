import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bin, execute, Project } from '../support/project';

const TYPESCRIPT_7 = 'typescript/bin/tsc';
/** Knows `node10`, the resolution by folders and `typesVersions`, which version 7 has no more. */
const TYPESCRIPT_6 = '@typescript/typescript6/bin/tsc6';

const SETTINGS: [title: string, compiler: string, args: string[]][] = [
  ['module commonjs', TYPESCRIPT_7, ['--module', 'commonjs', '--moduleResolution', 'bundler']],
  ['module node16', TYPESCRIPT_7, ['--module', 'node16']],
  ['module nodenext', TYPESCRIPT_7, ['--module', 'nodenext']],
  ['module preserve with bundler', TYPESCRIPT_7, ['--module', 'preserve', '--moduleResolution', 'bundler']],
  [
    'module commonjs with node10, as older compilers resolve',
    TYPESCRIPT_6,
    ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
  ],
];

/** Checks the project, the declarations of its dependencies too, and gives what the compiler says. */
async function check(project: Project, compiler: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(
    process.execPath,
    [bin(compiler), '-p', '.', ...args],
    project.folder,
  );
  return code === 0 ? '' : stdout + stderr;
}

describe("the package's types, in a strict project", function () {
  this.timeout(300_000);
  const project = new Project();

  before(async () => {
    await project.install('socket.io', 'socket.io-client', 'redis');
    project.copy('test/types/consumer/tsconfig.json', 'tsconfig.json');
    for (const name of ['server', 'keys', 'client']) {
      // The same in both module formats, which find the declarations in different places.
      project.copy(`test/types/consumer/${name}.ts`, `${name}.ts`);
      project.copy(`test/types/consumer/${name}.ts`, `${name}.mts`);
    }
  });
  after(() => project.remove());

  it('ask for no declarations but those that npm installs with it', () => {
    expect(existsSync(join(project.folder, 'node_modules/@types/node'))).to.equal(true);
    // What is checked below is checked without these.
    for (const name of ['@types/jsonwebtoken', '@types/debug', 'jose'])
      expect(existsSync(join(project.folder, 'node_modules', name))).to.equal(false);
  });

  for (const [title, compiler, args] of SETTINGS) {
    it(`know claims, events, keys and mistakes, ${title}`, async () => {
      expect(await check(project, compiler, args)).to.equal('');
    });
  }
});

describe("the package's types, beside the oldest Socket.IO 4", function () {
  this.timeout(300_000);
  const project = new Project();

  before(() => project.install('socket.io@4.0.2'));
  after(() => project.remove());

  it('hold as well', async () => {
    project.copy('test/types/consumer/tsconfig.json', 'tsconfig.json');
    project.copy('test/types/socket.io-4.0/server.ts', 'server.ts');
    expect(await check(project, TYPESCRIPT_7, [])).to.equal('');
  });
});
