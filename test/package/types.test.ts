import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bin, execute, Project } from '../support/project';

const TYPESCRIPT_7 = bin('typescript/bin/tsc');
/** Knows `node10`, the resolution by folders, which version 7 has no more. */
const TYPESCRIPT_6 = bin('@typescript/typescript6/bin/tsc6');
/** The oldest that is supported. It is not among the dependencies, since its `tsc` would take the place of the newest. */
const OLDEST = '5.0';

const COMMONJS = ['--module', 'commonjs', '--moduleResolution'];

/** As older compilers and tools resolve: by the folders of the package. */
const NODE10 = 'module commonjs with node10';
const SETTINGS: Record<'7' | '6' | typeof OLDEST, [title: string, args: string[]][]> = {
  7: [
    ['module commonjs', [...COMMONJS, 'bundler']],
    ['module node16', ['--module', 'node16']],
    ['module nodenext', ['--module', 'nodenext']],
    ['module preserve with bundler', ['--module', 'preserve', '--moduleResolution', 'bundler']],
  ],
  6: [
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

/** What a compiler says of the project, and of all declarations that it uses. */
async function check(project: Project, compiler: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(
    process.execPath,
    [compiler, '-p', '.', '--pretty', 'false', ...args],
    project.folder,
  );
  return code === 0 ? '' : stdout + stderr;
}

/** What an old compiler says of the project and of this package's declarations, with each of some settings. */
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

  for (const [version, compiler] of [
    ['7', TYPESCRIPT_7],
    ['6', TYPESCRIPT_6],
  ] as const) {
    for (const [title, args] of SETTINGS[version]) {
      it(`know claims, events, keys and mistakes, TypeScript ${version}, ${title}`, async () => {
        expect(await check(project, compiler, args)).to.equal('');
      });
    }
  }

  describe(`with TypeScript ${OLDEST}`, () => {
    let outcome: { version: string; said: string[] };

    before(async () => {
      // The last one is a mistake of an application, which has to be told.
      project.write('mistake/tsconfig.json', '{ "extends": "../tsconfig.json", "include": ["*.mts"] }');
      project.write('mistake/index.mts', `import { authorize } from 'socketio-authorize';\nauthorize({});\n`);
      const mistaken = ['--module', 'nodenext', '-p', 'mistake/tsconfig.json'];
      const compiler = join(project.folder, 'node_modules/typescript/lib/typescript.js');
      outcome = await diagnose(project, compiler, [...SETTINGS[OLDEST].map(([, args]) => args), mistaken]);
    });

    it('is what is asked here', () => {
      expect(outcome.version.startsWith(`${OLDEST}.`), outcome.version).to.equal(true);
    });

    for (const [index, [title]] of SETTINGS[OLDEST].entries()) {
      it(`know claims, events, keys and mistakes, ${title}`, () => {
        expect(outcome.said[index]).to.equal('');
      });
    }

    it('tells a mistake of the application', () => {
      expect(outcome.said.at(-1)).to.match(/^mistake\/index\.mts\(2,11\): error TS/);
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
