import { expect } from 'chai';
import { bin, execute, Project } from '../support/project';
import { readText } from '../support/repository';

interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
  engines: Record<string, string>;
  scripts: Record<string, string>;
  exports: Record<string, unknown>;
  [name: string]: unknown;
}

describe('the package, as it is published', () => {
  const project = new Project();
  const manifest = JSON.parse(readText('package.json')) as Manifest;
  let files: string[];

  before(async () => {
    await project.pack();
    const { stdout } = await execute('tar', ['tzf', project.tarball], project.folder);
    files = stdout
      .trim()
      .split('\n')
      .map((name) => name.replace('package/', ''));
  });
  after(() => project.remove());

  it('holds what was built, and the documents that a user needs; nothing else', () => {
    const others = files.filter((name) => !/^dist\/[\w/-]+\.(js|d\.ts)$/.test(name));
    const entries = ['index', 'client', 'jwks', 'oidc', 'redis'];
    expect(others).to.have.members([
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'PROTOCOL.md',
      ...entries.flatMap((entry) => [`dist/${entry}.mjs`, `dist/${entry}.d.mts`]),
      'dist/client.node.mjs',
      'dist/client.min.js',
      // For tools that ignore `exports`.
      ...entries.filter((entry) => entry !== 'index').map((entry) => `${entry}/package.json`),
    ]);
    expect(files).to.include.members(entries.flatMap((entry) => [`dist/${entry}.js`, `dist/${entry}.d.ts`]));
  });

  it('has a folder for each sub-entry, for tools that ignore `exports`', () => {
    const paths = Object.keys(manifest.exports).filter((path) => path !== '.' && !path.endsWith('.json'));
    expect(files).to.include.members(paths.map((path) => `${path.slice('./'.length)}/package.json`));
  });

  it('is what publint asks for', async () => {
    const args = [bin('publint/src/cli.js'), project.tarball, '--strict'];
    const { code, stdout } = await execute(process.execPath, args, project.folder);
    expect(stdout).to.match(/All good!/);
    expect(code).to.equal(0);
  });

  it('is what arethetypeswrong asks for, with no exception', async () => {
    const args = [bin('@arethetypeswrong/cli/dist/index.js'), project.tarball, '--format', 'ascii'];
    const { code, stdout } = await execute(process.execPath, args, project.folder);
    expect(stdout).to.match(/No problems found/);
    for (const entry of ['', '/client', '/jwks', '/oidc', '/redis'])
      expect(stdout).to.include(`"socketio-authorize${entry}"`);
    expect(code).to.equal(0);
  });

  it('brings jsonwebtoken and at most one more', () => {
    expect(Object.keys(manifest.dependencies)).to.have.members(['jsonwebtoken', 'debug']);
  });

  it('asks its user for Socket.IO 4 and Node 20; what the other entries stand on may be missing', () => {
    const { engines, peerDependencies, peerDependenciesMeta } = manifest;
    expect(engines).to.deep.equal({ node: '>=20' });
    expect(peerDependencies['socket.io']).to.equal('^4.0.0');
    const required = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    expect(required).to.deep.equal(['socket.io']);
  });

  it('says where it comes from, and where to report', () => {
    const repository = 'https://github.com/socketio-authorize/socketio-authorize';
    expect(manifest).to.deep.include({
      name: 'socketio-authorize',
      license: 'MIT',
      homepage: `${repository}#readme`,
      bugs: { url: `${repository}/issues` },
      repository: { type: 'git', url: `git+${repository}.git` },
    });
    expect(manifest['author']).to.be.a('string').and.include('https://github.com/socketio-authorize');
    expect(manifest['keywords']).to.include.members(['socket.io', 'jwt', 'authentication', 'socketio-jwt']);
    expect(manifest['funding']).to.equal(undefined);
  });

  it('has documents without links that lead nowhere at npm', () => {
    const documents = files.filter((name) => name.endsWith('.md'));
    expect(documents).to.have.members(['README.md', 'CHANGELOG.md', 'PROTOCOL.md']);
    for (const name of documents) {
      const links = [...readText(name).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
      expect(
        links.filter((link) => !/^(?:https:\/\/|#)/.test(link)),
        name,
      ).to.deep.equal([]);
    }
  });

  it('has a changelog that names every entry and every option', () => {
    const changelog = readText('CHANGELOG.md');
    for (const path of Object.keys(manifest.exports).filter((one) => one !== '.' && !one.endsWith('.json')))
      expect(changelog).to.include(`\`socketio-authorize${path.slice(1)}\``);
    for (const name of [
      'verify',
      'permissions',
      'scopes',
      'rooms',
      'backchannelLogout',
      'jwksVerifier',
      'recheckInterval',
      'userClaim',
      'holdEvents',
      'getToken',
      'grace',
      'redisRevocationStore',
    ])
      expect(changelog).to.include(`\`${name}\``);
  });

  it('runs nothing on the machine that it is installed on', () => {
    expect(manifest.scripts).not.to.have.any.keys('preinstall', 'install', 'postinstall');
  });
});
