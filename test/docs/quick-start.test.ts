import { expect } from 'chai';
import { TestBrowser } from '../browser/kit';
import { needs } from '../support/debian';
import { blockAfter } from '../support/markdown';
import { freePort, Program } from '../support/program';
import { Project } from '../support/project';
import { readText } from '../support/repository';

const readme = readText('README.md');
const [, packages = ''] = /^npm install (socketio-authorize .*)$/m.exec(readme) ?? [];
const [, serve = ''] = /`(python3 -m http\.server [^`]*)`/.exec(readme) ?? [];

/** The quick start of the README, done to the letter in an empty folder. */
describe('the quick start of README.md', () => {
  const project = new Project();
  const programs: Program[] = [];
  const ports = new Map<string, number>();
  let server: Program;

  /** The README's ports may be taken on this machine. */
  function onFreePorts(text: string): string {
    let moved = text;
    for (const [port, free] of ports) moved = moved.replaceAll(port, String(free));
    return moved;
  }

  function start(line: string): Program {
    const program = new Program(onFreePorts(line), project.folder, { JWT_SECRET: undefined });
    programs.push(program);
    return program;
  }

  before(async () => {
    const [first, ...others] = packages.split(' ');
    expect(first).to.equal('socketio-authorize');
    await project.install(...others);
    for (const port of ['3000', '8080']) ports.set(port, await freePort());
    for (const name of ['server.mjs', 'client.mjs', 'page.html'])
      project.write(name, onFreePorts(blockAfter(readme, `\n\`${name}\` `)));
    server = start('node server.mjs');
    await server.prints('Waiting');
  });
  after(async () => {
    for (const program of programs) await program.kill();
    project.remove();
  });

  it('logs the Node client in, which ends by itself, and both print what the README says', async () => {
    expect(readme).to.include('Start `node server.mjs`. In a second terminal, start `node client.mjs`.');
    const client = start('node client.mjs');
    expect(await client.ends()).to.equal(0);
    expect(client.output).to.equal(blockAfter(readme, 'It prints:'));
    expect(server.output).to.equal(onFreePorts(blockAfter(readme, 'The server has printed:')));
  });

  it('logs a page of another port in, which shows what the README says', async function () {
    needs(this, 'chromium', 'python3-jwt');
    const browser = new TestBrowser();
    try {
      await browser.launch(this);
      await browser.open();
      await start(serve).prints('Serving');
      const tab = await browser.tab(onFreePorts('http://localhost:8080/page.html'));
      const promised = blockAfter(readme, '`http://localhost:8080/page.html`');
      await tab.sees(promised.trim().split('\n').at(-1) ?? '');
      // Chromium asks for an icon by itself.
      expect(tab.faults.filter((fault) => !fault.includes('404'))).to.deep.equal([]);
      expect((await tab.page.innerText('body')).trim()).to.equal(promised.trim());
    } finally {
      await browser.closeProfile();
      await browser.close();
    }
  });

  /** The Node client of the README, with one change. */
  function changedClient(name: string, from: string, to: string): Program {
    const client = blockAfter(readme, '\n`client.mjs` ');
    expect(client).to.include(from);
    project.write(name, onFreePorts(client.replace(from, to)));
    return start(`node ${name}`);
  }

  it('refuses a token that the server has not signed: the client says so, and ends without a stack', async () => {
    const forged = changedClient('forged.mjs', 'token: fetchToken', "token: 'e30.e30.x'");
    expect(await forged.ends()).to.equal(1);
    expect(forged.output).to.equal('refused: invalid_token\n');
  });

  it('has a client that says so when it gets no token, instead of waiting without a word', async () => {
    const lost = changedClient('lost.mjs', '/login', '/elsewhere');
    await lost.prints('trying again: ');
  });
});
