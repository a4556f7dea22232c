import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bin, execute, Project } from '../support/project';

const COMMONJS = ['--module', 'commonjs', '--moduleResolution'];
/** As older compilers and tools resolve: by the folders of the package. Version 7 has it no more. */
const NODE10 = 'module commonjs with node10';

type Settings = readonly (readonly [title: string, args: readonly string[]])[];

const TYPESCRIPT_7 = bin('typescript/bin/tsc');
const SETTINGS: Settings = [
  ['module commonjs', [...COMMONJS, 'bundler']],
  ['module node16', ['--module', 'node16']],
  ['module nodenext', ['--module', 'nodenext']],
  ['module preserve with bundler', ['--module', 'preserve', '--moduleResolution', 'bundler']],
];

/** The oldest that is supported. It is not among the dependencies, since its `tsc` would take the place of the newest. */
const OLDEST = '5.0';
/** Compilers in JavaScript, which take seconds for the declarations of others. Version 7 reads those. */
const OLDER: readonly (readonly [version: string, compiler: (project: Project) => string, Settings])[] = [
  [
    '6.0',
    () => bin('@typescript/typescript6/lib/typescript.js'),
    [
      [
        `${NODE10}, without esModuleInterop`,
        [...COMMONJS, 'node10', '--esModuleInterop', 'false', '--ignoreDeprecations', '6.0'],
      ],
    ],
  ],
  [
    OLDEST,
    (project) => join(project.folder, 'node_modules/typescript/lib/typescript.js'),
    [
      ['module nodenext', ['--module', 'nodenext']],
      [`${NODE10}, with esModuleInterop`, [...COMMONJS, 'node10', '--esModuleInterop', 'true']],
    ],
  ],
];

/** What TypeScript 7 says of the project, and of all declarations that it uses. */
async function check(project: Project, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(
    process.execPath,
    // One checker: the files are few, and each checker reads all declarations for itself.
    [TYPESCRIPT_7, '-p', '.', '--pretty', 'false', '--checkers', '1', ...args],
    project.folder,
  );
  return code === 0 ? '' : stdout + stderr;
}

/** What an older compiler says of the project and of this package's declarations, with each of some settings. */
async function diagnose(
  project: Project,
  compiler: string,
  settings: readonly (readonly string[])[],
): Promise<{ version: string; said: string[] }> {
  const { stdout, stderr } = await execute(
    process.execPath,
    [require.resolve('./diagnose'), compiler, ...settings.map((args) => JSON.stringify(args))],
    project.folder,
  );
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout) as { version: string; said: string[] };
}

describe("the package's types, in a strict project", () => {
  const project = new Project();

  before(async () => {
    await project.install('socket.io', 'socket.io-client', 'redis', `typescript@${OLDEST}`);
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

  for (const [title, args] of SETTINGS) {
    it(`know claims, events, keys and mistakes, TypeScript 7, ${title}`, async () => {
      expect(await check(project, args)).to.equal('');
    });
  }

  for (const [version, compiler, settings] of OLDER) {
    describe(`with TypeScript ${version}`, () => {
      let outcome: { version: string; said: string[] };

      before(async () => {
        // Beside the project, a mistake of an application, which has to be told.
        project.write(
          'mistaken/tsconfig.json',
          '{ "extends": "../tsconfig.json", "include": ["../*.ts", "../*.mts", "*.mts"] }',
        );
        project.write(
          'mistaken/index.mts',
          `import { authorize } from 'socketio-authorize';\nauthorize({});\n`,
        );
        outcome = await diagnose(
          project,
          compiler(project),
          settings.map(([, args]) => [...args, '-p', 'mistaken/tsconfig.json']),
        );
      });

      it('is what is asked here', () => {
        expect(outcome.version.startsWith(`${version}.`), outcome.version).to.equal(true);
      });

      for (const [index, [title]] of settings.entries()) {
        it(`know claims, events, keys and mistakes, and tell nothing but a mistake of the application, ${title}`, () => {
          expect(outcome.said[index]).to.match(/^mistaken\/index\.mts\(2,11\): error TS.*\n(?: .*\n)*$/);
        });
      }
    });
  }
});

describe("the package's types, beside the oldest Socket.IO 4", () => {
  const project = new Project();

  before(() => project.install('socket.io@4.0.2'));
  after(() => project.remove());

  it('hold as well', async () => {
    project.copy('test/types/consumer/tsconfig.json', 'tsconfig.json');
    project.copy('test/types/socket.io-4.0/server.ts', 'server.ts');
    expect(await check(project, [])).to.equal('');
  });
});
