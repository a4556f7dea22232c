import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bin, execute, Project } from '../support/project';

/** Versions of TypeScript, from the oldest that is supported to the newest: where each compiler is. */
const TYPESCRIPT_7 = bin('typescript/bin/tsc');
/** Knows `node10`, the resolution by folders, which version 7 has no more. */
const TYPESCRIPT_6 = bin('@typescript/typescript6/bin/tsc6');
/** Not among the dependencies, since its `tsc` would take the place of the newest. */
const OLDEST = 'typescript@5.0';

const COMMONJS = ['--module', 'commonjs', '--moduleResolution'];

/** As older compilers and tools resolve: by the folders of the package. */
const NODE10 = 'module commonjs with node10';
const SETTINGS: Record<'7' | '6' | '5.0', [title: string, args: string[]][]> = {
  7: [
    ['module commonjs', [...COMMONJS, 'bundler']],
    ['module node16', ['--module', 'node16']],
    ['module nodenext', ['--module', 'nodenext']],
    ['module preserve with bundler', ['--module', 'preserve', '--moduleResolution', 'bundler']],
  ],
  // The oldest and the newest look at the other ways to resolve.
  6: [
    [
      `${NODE10}, without esModuleInterop`,
      [...COMMONJS, 'node10', '--esModuleInterop', 'false', '--ignoreDeprecations', '6.0'],
    ],
  ],
  '5.0': [
    ['module nodenext', ['--module', 'nodenext']],
    [`${NODE10}, with esModuleInterop`, [...COMMONJS, 'node10', '--esModuleInterop', 'true']],
  ],
};

/** Checks the project, the declarations of its dependencies too, and gives what the compiler says. */
async function check(project: Project, compiler: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(
    process.execPath,
    [compiler, '-p', '.', '--pretty', 'false', ...args],
    project.folder,
  );
  return code === 0 ? '' : stdout + stderr;
}

/** What an old compiler says of the application and of this package; those of others ask for a newer one. */
function ours(said: string): string[] {
  return said
    .split('\n')
    .filter((line) => /^\S/.test(line) && !/^(\.\.\/|node_modules\/(?!socketio-authorize\/))/.test(line));
}

describe("the package's types, in a strict project", () => {
  const project = new Project();

  before(async () => {
    await project.install('socket.io', 'socket.io-client', 'redis');
    project.copy('test/types/consumer/tsconfig.json', 'tsconfig.json');
    for (const name of ['server', 'events', 'keys', 'client', 'default', 'undefined']) {
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

  for (const [title, args] of SETTINGS[7]) {
    it(`know claims, events, keys and mistakes, TypeScript 7, ${title}`, async () => {
      expect(await check(project, TYPESCRIPT_7, args)).to.equal('');
    });
  }

  for (const [title, args] of SETTINGS[6]) {
    it(`know claims, events, keys and mistakes, TypeScript 6, ${title}`, async () => {
      expect(await check(project, TYPESCRIPT_6, args)).to.equal('');
    });
  }

  describe('with TypeScript 5.0', () => {
    const compiler = join(project.folder, 'node_modules/typescript/bin/tsc');

    before(async function () {
      await project.npmInstall('--no-save', OLDEST);
      if (existsSync(compiler)) return;
      if (process.env.CI === 'true') throw new Error(`npm's ${OLDEST} is missing`);
      this.skip();
    });

    it('is what is asked here', async () => {
      const { stdout } = await execute(process.execPath, [compiler, '--version'], project.folder);
      expect(stdout).to.match(/^Version 5\.0\./);
    });

    for (const [title, args] of SETTINGS['5.0']) {
      it(`know claims, events, keys and mistakes, ${title}`, async () => {
        expect(ours(await check(project, compiler, args))).to.deep.equal([]);
      });
    }

    it('tells a mistake of the application', async () => {
      project.write('mistake.mts', `import { authorize } from 'socketio-authorize';\nauthorize({});\n`);
      const args = [compiler, '--noEmit', '--skipLibCheck', '--module', 'nodenext', 'mistake.mts'];
      const { stdout } = await execute(process.execPath, args, project.folder);
      expect(ours(stdout).join('\n')).to.match(/^mistake\.mts\(2,11\): error TS/);
    });
  });
});

describe("the package's types, beside the oldest Socket.IO 4", () => {
  const project = new Project();

  before(() => project.install('socket.io@4.0.2'));
  after(() => project.remove());

  it('hold as well', async () => {
    project.copy('test/types/consumer/tsconfig.json', 'tsconfig.json');
    project.copy('test/types/socket.io-4.0/server.ts', 'server.ts');
    expect(await check(project, TYPESCRIPT_7, [])).to.equal('');
  });
});
