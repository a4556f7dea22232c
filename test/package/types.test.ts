import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bin, execute, Project } from '../support/project';

/** The newest, which looks at every declaration, also those of the dependencies. */
const NEWEST = bin('typescript/bin/tsc');
/** The oldest that is supported. It is not among the dependencies, since its `tsc` would take the place of the newest. */
const OLDEST = '5.0';

const COMMONJS = ['--module', 'commonjs', '--moduleResolution'];
type Settings = readonly [title: string, args: readonly string[]][];

const NEWEST_SETTINGS: Settings = [
  ['module commonjs', [...COMMONJS, 'bundler']],
  ['module node16', ['--module', 'node16']],
  ['module nodenext', ['--module', 'nodenext']],
  ['module preserve with bundler', ['--module', 'preserve', '--moduleResolution', 'bundler']],
];

/** As older compilers and tools resolve: by the folders of the package. Version 7 has it no more. */
const NODE10 = 'module commonjs with node10';
const OLD_SETTINGS: Record<'6.0' | typeof OLDEST, Settings> = {
  '6.0': [
    [
      `${NODE10}, without esModuleInterop`,
      [...COMMONJS, 'node10', '--esModuleInterop', 'false', '--ignoreDeprecations', '6.0'],
    ],
  ],
  [OLDEST]: [
    ['module nodenext', ['--module', 'nodenext']],
    [`${NODE10}, with esModuleInterop`, [...COMMONJS, 'node10', '--esModuleInterop', 'true']],
  ],
};

/** What the newest compiler says of the project, and of all declarations that it uses. */
async function check(project: Project, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(
    process.execPath,
    [NEWEST, '-p', '.', '--pretty', 'false', ...args],
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

  for (const [title, args] of NEWEST_SETTINGS) {
    it(`know claims, events, keys and mistakes, TypeScript 7, ${title}`, async () => {
      expect(await check(project, args)).to.equal('');
    });
  }

  for (const [version, settings] of Object.entries(OLD_SETTINGS)) {
    describe(`with TypeScript ${version}`, () => {
      let outcome: { version: string; said: string[] };

      before(async () => {
        const compiler =
          version === OLDEST
            ? join(project.folder, 'node_modules/typescript/lib/typescript.js')
            : bin('@typescript/typescript6/lib/typescript.js');
        // The last one is a mistake of an application, which has to be told.
        project.write('mistake/tsconfig.json', '{ "extends": "../tsconfig.json", "include": ["*.mts"] }');
        project.write(
          'mistake/index.mts',
          `import { authorize } from 'socketio-authorize';
authorize({});
`,
        );
        const mistaken = [...(settings[0]?.[1] ?? []), '-p', 'mistake/tsconfig.json'];
        outcome = await diagnose(project, compiler, [...settings.map(([, args]) => args), mistaken]);
      });

      it('is what is asked here', () => {
        expect(outcome.version.startsWith(`${version}.`), outcome.version).to.equal(true);
      });

      for (const [index, [title]] of settings.entries()) {
        it(`know claims, events, keys and mistakes, ${title}`, () => {
          expect(outcome.said[index]).to.equal('');
        });
      }

      it('tells a mistake of the application', () => {
        expect(outcome.said.at(-1)).to.match(/^mistake\/index\.mts\(2,11\): error TS/);
      });
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
