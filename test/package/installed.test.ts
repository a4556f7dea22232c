import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { build } from 'esbuild';
import { execute, Project } from '../support/project';
import { readText } from '../support/repository';

/** The main line of the design, word for word. */
const [SERVER, CLIENT, HANDSHAKE] = ['server', 'client', 'handshake'].map((name) =>
  readText(`test/package/fixtures/${name}.txt`),
) as [string, string, string];

const REQUIRE_IN_MODULES = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
`;

/** What stands around the snippets in a user's program: a port, a token, an end. */
const AROUND = `
const { sign } = require('jsonwebtoken');
const client = require('socket.io-client');
io.listen(0);
const url = 'http://localhost:' + io.httpServer.address().port;
const token = sign({ name: 'Bob' }, 'SECRET_KEY');
const end = (socket) => { socket.disconnect(); io.close(); };
`;

/** The client's snippet names a port of its own; `io` is the client's here. */
const LOGIN = `${AROUND}
logIn({ connect: () => client.connect(url) });
function logIn(io) {
${CLIENT}
socket.on('authenticated', () => { console.log('the client knows'); end(socket); });
}
`;

/** Refused without a token, let in with one. */
const HANDSHAKE_LOGIN = `
const io = require('socket.io')();
const { authorize } = require('socketio-authorize');
${HANDSHAKE}
io.on('connection', (socket) => console.log('Hello! ' + socket.decoded_token.name));
${AROUND}
const guest = client.connect(url, { forceNew: true });
guest.on('connect_error', ({ data }) => {
  console.log(data.code);
  guest.disconnect();
  const socket = client.connect(url, { auth: { token }, forceNew: true });
  socket.on('authenticated', () => { console.log('the client knows'); end(socket); });
});
`;

const AS_IMPORTS = SERVER.replace(
  /const io = .*\nconst .*\n/,
  `import { Server } from 'socket.io';
import { authorize } from 'socketio-authorize';
const io = new Server();
`,
);

const AS_CLASSIC = SERVER.replace('const { authorize }', 'const socketioJwt').replace(
  ' authorize(',
  ' socketioJwt.authorize(',
);

const AS_DEFAULT = AS_CLASSIC.replace(
  /const io = .*\nconst .*\n/,
  `import { Server } from 'socket.io';
import socketioJwt from 'socketio-authorize';
const io = new Server();
`,
);

/** What `import socketioJwt from` becomes where TypeScript or Babel makes CommonJS of it. */
const AS_COMPILED = AS_CLASSIC.replace(
  "const socketioJwt = require('socketio-authorize');",
  `const interop = (module) => (module.__esModule ? module : { default: module });
const socketioJwt = interop(require('socketio-authorize')).default;`,
);

/** Prints the names of the default export, which the module itself has too. */
const NAMES = `
import * as everything from 'socketio-authorize';
const { default: all, ...names } = everything;
console.log(...Object.keys(all).sort());
console.log(Object.keys(names).every((name) => all[name] === names[name]));
`;

const ENTRIES = ['', '/client', '/jwks', '/oidc', '/redis'];

const INSTANCE = `${REQUIRE_IN_MODULES}
for (const entry of ${JSON.stringify(ENTRIES)}) {
  const imported = await import('socketio-authorize' + entry);
  const required = require('socketio-authorize' + entry);
  for (const name of Object.keys(required).sort()) console.log('socketio-authorize' + entry, name, imported[name] === required[name]);
}
`;
const ONE_INSTANCE = `socketio-authorize UnauthorizedError true
socketio-authorize authorize true
socketio-authorize default true
socketio-authorize isUnauthorizedError true
socketio-authorize/client UnauthorizedError true
socketio-authorize/client authenticate true
socketio-authorize/client isUnauthorizedError true
socketio-authorize/jwks jwksVerifier true
socketio-authorize/oidc backchannelLogout true
socketio-authorize/redis redisRevocationStore true
`;

/** Prints `true`, or what loading has changed. What the dependencies do by themselves is done before. */
const effectsOf = (load: string): string => `
const prototypes = ['Server', 'Namespace', 'Socket'].map((name) => require('socket.io')[name].prototype);
const state = () => JSON.stringify([
  Object.getOwnPropertyNames(globalThis).sort(),
  process.eventNames().map((name) => String(name) + process.listenerCount(name)).sort(),
  process.getActiveResourcesInfo().sort(),
  prototypes.map((prototype) => Object.getOwnPropertyNames(prototype).sort()),
]);
for (const name of ['jsonwebtoken', 'debug']) require(name);
// Timers that are unref'ed are no active resources.
let timers = 0;
for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
  const original = globalThis[name];
  globalThis[name] = (...args) => { timers += 1; return original(...args); };
}
// Where \`debug\` looks whether there are colours.
void process.stderr.isTTY;
const before = state();
for (const entry of ${JSON.stringify(ENTRIES)}) ${load}('socketio-authorize' + entry);
const after = state();
console.log((after === before && timers === 0) || [before, after, timers]);
`;

const GREETED = 'Hello! Bob\nthe client knows\n';

/** What Node says of a warning, and how to see where it was made. */
const SHORT_SECRET =
  /^\(node:\d+\) SocketioAuthorizeWarning: a shared secret has less than 32 bytes: .*\n\(Use `node --trace-warnings .*\n/;

/** Programs of a user, and what they print. */
const PROGRAMS: Record<string, [text: string, prints: string]> = {
  'snippet.cjs': [SERVER + LOGIN, GREETED],
  'snippet.mjs': [REQUIRE_IN_MODULES + SERVER + LOGIN, GREETED],
  'imports.mjs': [REQUIRE_IN_MODULES + AS_IMPORTS + LOGIN, GREETED],
  'default.mjs': [REQUIRE_IN_MODULES + AS_DEFAULT + LOGIN, GREETED],
  'compiled.cjs': [AS_COMPILED + LOGIN, GREETED],
  'names.mjs': [NAMES, 'UnauthorizedError authorize isUnauthorizedError\ntrue\n'],
  'classic.cjs': [AS_CLASSIC + LOGIN, GREETED],
  'handshake.cjs': [HANDSHAKE_LOGIN, `credentials_required\n${GREETED}`],
  'handshake.mjs': [REQUIRE_IN_MODULES + HANDSHAKE_LOGIN, `credentials_required\n${GREETED}`],
  'instance.mjs': [INSTANCE, ONE_INSTANCE],
  'effects.cjs': [effectsOf('require'), 'true\n'],
  'effects.mjs': [REQUIRE_IN_MODULES + effectsOf('await import'), 'true\n'],
};

describe('the package, as a user installs it', () => {
  const project = new Project();

  before(async () => {
    await project.install('socket.io', 'socket.io-client', 'jose', 'jest@30');
    for (const [name, [text]] of Object.entries(PROGRAMS)) project.write(name, text);
  });
  after(() => project.remove());

  async function runs(name: string, node?: string): Promise<void> {
    const { stdout, stderr } = await project.node(name, node);
    // 'SECRET_KEY' is shorter than a secret should be.
    expect(stderr.replace(SHORT_SECRET, ''), name).to.equal('');
    expect(stdout, name).to.equal(PROGRAMS[name]?.[1]);
  }

  it('is documented with the snippets that are run here', () => {
    const words = (text: string): string => text.replaceAll(/\s+/g, '');
    const readme = words(readText('README.md'));
    for (const snippet of [SERVER, CLIENT, HANDSHAKE]) expect(readme).to.include(words(snippet));
  });

  it('runs them from CommonJS, word for word', () => runs('snippet.cjs'));
  it('runs them from an ES module, word for word', () => runs('snippet.mjs'));
  it('runs them with import', () => runs('imports.mjs'));
  it('runs them with the import name that socketio-jwt had', () => runs('classic.cjs'));
  it('runs them with the default import', () => runs('default.mjs'));
  it('runs them with the default import, compiled to CommonJS', () => runs('compiled.cjs'));
  it('has the same names in the default export', () => runs('names.mjs'));
  it('runs handshake mode from CommonJS', () => runs('handshake.cjs'));
  it('runs handshake mode from an ES module', () => runs('handshake.mjs'));
  it('is one and the same instance for require and import, in every entry', () => runs('instance.mjs'));
  it('has no side effect when it is required', () => runs('effects.cjs'));
  it('has no side effect when it is imported', () => runs('effects.mjs'));

  it('loads in Jest 30, in a project for Node and in one for browsers', async () => {
    const test = `
      const { authenticate } = require('socketio-authorize/client');
      test('loads', () => expect(typeof authenticate).toBe('function'));
    `;
    project.write(
      'browser.test.js',
      `/** @jest-environment-options {"customExportConditions":["browser"]} */${test}`,
    );
    project.write(
      'node.test.js',
      `const { authorize, UnauthorizedError } = require('socketio-authorize');
       test('works', () => {
         expect(typeof authorize({ secret: 'SECRET_KEY' }).attach).toBe('function');
         expect(new UnauthorizedError('mine').code).toBe('mine');
       });${test}`,
    );
    const args = [join(project.folder, 'node_modules/jest/bin/jest.js'), '--rootDir', project.folder];
    const { code, stderr } = await execute(process.execPath, args, project.folder);
    expect(stderr).to.match(/Tests: +3 passed, 3 total/);
    expect(code).to.equal(0);
  });

  it('gives a bundler a client that is an ES module of one file', async () => {
    const { metafile } = await build({
      stdin: {
        contents: `export { authenticate } from 'socketio-authorize/client'`,
        resolveDir: project.folder,
      },
      absWorkingDir: project.folder,
      bundle: true,
      write: false,
      metafile: true,
      platform: 'browser',
      logLevel: 'silent',
    });
    expect(Object.keys(metafile.inputs)).to.have.members([
      '<stdin>',
      'node_modules/socketio-authorize/dist/client.mjs',
    ]);
  });

  it('works on the newest Node', async function () {
    // What npm's `node` brings when its install script may run.
    const name = `node-${process.platform}-${process.arch}`;
    await project.npmInstall('--no-save', `${name}@latest`);
    const node = join(project.folder, 'node_modules', name, 'bin/node');
    if (!existsSync(node)) {
      if (process.env.CI === 'true') throw new Error("npm's newest Node is missing");
      this.skip();
    }
    for (const program of ['snippet.cjs', 'imports.mjs', 'instance.mjs', 'effects.mjs'])
      await runs(program, node);
  });
});

describe('the package, beside Socket.IO alone', () => {
  const project = new Project();

  before(() => project.install('socket.io'));
  after(() => project.remove());

  it('works without the optional peers; what stands on one names it', async () => {
    project.write(
      'alone.cjs',
      `for (const entry of ['', '/client', '/redis', '/jwks', '/oidc']) console.log(Object.keys(require('socketio-authorize' + entry)).length);
       const verify = require('socketio-authorize/jwks').jwksVerifier({ issuer: 'https://login.example' });
       verify('token').catch((error) => console.log(error.code));`,
    );
    const { stdout, stderr } = await project.node('alone.cjs');
    expect(stdout).to.equal('4\n3\n1\n1\n1\ninvalid_secret\n');
    expect(stderr).to.match(
      /SocketioAuthorizeWarning: jwksVerifier\(\) needs the package jose.*\nCannot find package 'jose'/,
    );
  });
});
