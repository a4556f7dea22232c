import { expect } from 'chai';
import { blockAfter, sectionsOf } from '../support/markdown';
import { freePort, Program } from '../support/program';
import { Project } from '../support/project';
import { readText } from '../support/repository';

const page = readText('docs/getting-started.md');
const sections = sectionsOf(page, 2);
const [, packages = ''] = /^npm install (socketio-authorize .*)$/m.exec(page) ?? [];

/** The page, done to the letter in an empty folder. */
describe('docs/getting-started.md', () => {
  const project = new Project();
  let server: Program;
  let port: number;

  const onFreePort = (text: string): string =>
    text.replaceAll('3000/', `${port}/`).replaceAll(':3000', `:${port}`);

  function save(section: string, name: string): void {
    const text = blockAfter(section, `Save this as \`${name}\``);
    project.write(name, onFreePort(text).replace('listen(3000,', `listen(${port},`));
  }

  /** Runs the program of a step; gives what it and the server have printed until it ended. */
  async function run(section: string, name: string): Promise<[client: string, server: string]> {
    save(section, name);
    expect(section).to.include(`Start it with \`node ${name}\``);
    const before = server.output.length;
    const client = new Program(`node ${name}`, project.folder);
    expect(await client.ends()).to.equal(0);
    return [client.output, server.output.slice(before)];
  }

  const step = (title: string): string => sections.get(title) ?? '';

  before(async () => {
    const [first, ...others] = packages.split(' ');
    expect(first).to.equal('socketio-authorize');
    await project.install(...others);
    port = await freePort();
    save(step('2. A server'), 'server.mjs');
    server = new Program('node server.mjs', project.folder);
    await server.prints('Waiting');
  });
  after(async () => {
    await server.kill();
    project.remove();
  });

  it('starts a server that says where it waits', () => {
    expect(server.output).to.equal(onFreePort(blockAfter(step('2. A server'), 'Start it with')));
  });

  it('shows a stranger who is neither heard nor served', async () => {
    const section = step('3. A client without a token');
    const [client, said] = await run(section, 'stranger.mjs');
    expect(client).to.equal(blockAfter(section, 'it has printed:'));
    expect(said).to.equal('refused: authentication_timeout\n');
  });

  it('shows a login by event, and the end of its token', async () => {
    const section = step('4. A client with a token');
    const [client, said] = await run(section, 'login.mjs');
    expect(client).to.equal(blockAfter(section, 'it has printed:'));
    expect(said).to.equal(blockAfter(section, 'The server has printed:'));
  });

  it('shows the helper, which stays logged in', async () => {
    const section = step('5. A client that stays');
    const [client, said] = await run(section, 'stay.mjs');
    expect(client).to.equal(blockAfter(section, 'it has printed:'));
    const promised = blockAfter(section, 'The server has printed:');
    expect(said.slice(0, promised.length)).to.equal(promised);
  });
});
