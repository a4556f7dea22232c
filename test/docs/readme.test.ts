import { expect } from 'chai';
import { linksOf, proseOf, sectionsOf, wordsOf } from '../support/markdown';
import { readText } from '../support/repository';

const readme = readText('README.md');

describe('README.md', () => {
  it('has at most 1,000 words: all that is not in a block of code, with headings and tables', () => {
    const words = wordsOf(readme);
    expect(words).to.have.length.within(400, 1000);
    expect(words).to.include.members(['Comparison', 'socketio-authorize', 'yes']);
  });

  it('says in three sentences and one picture what it is, then answers a newcomer in order', () => {
    const [introduction = ''] = readme.replace(/^# .*\n/, '').split(/^!\[/m);
    expect(introduction.trim().split(/[.]\s+(?=[A-Z])/)).to.have.length(3);
    expect(readme.match(/^!\[/gm)).to.have.length(1);
    expect([...sectionsOf(readme, 2).keys()]).to.deep.equal([
      'Install',
      'Quick start',
      'Why not just `io.use(jwt.verify)`?',
      'Which way to log in?',
      'Features',
      'Comparison',
      'Documents',
    ]);
    const why = sectionsOf(readme, 2).get('Why not just `io.use(jwt.verify)`?') ?? '';
    expect(why.match(/^- .*$/gm)).to.have.length(5);
  });

  it('has absolute links alone, because the page at npm shows it without its neighbours', () => {
    const links = linksOf(readme);
    expect(links).to.have.length.above(20);
    expect(links.filter((link) => !link.startsWith('https://'))).to.deep.equal([]);
  });

  it('defines every name that it uses as a link', () => {
    const text = proseOf(readme).replaceAll(/`[^`\n]*`/g, '');
    const defined = [...text.matchAll(/^\[([^\]]+)\]: /gm)].map(([, name]) => name);
    const body = text.replaceAll(/^\[[^\]]+\]: .*$/gm, '');
    const used = [...body.matchAll(/\[([^\]]+)\](?![[(])/g)].map(([, name]) => name?.toLowerCase());
    expect(used).to.include.members(['floods', 'client-helper']);
    expect(used.filter((name) => !defined.includes(name))).to.deep.equal([]);
    expect(defined.filter((name) => !used.includes(name))).to.deep.equal([]);
  });

  it('names the two commands that start the chat and run every test', () => {
    expect(readme)
      .to.match(/^npm ci && npm start {4}#/m)
      .and.to.match(/^npm ci && npm test {5}#/m);
  });

  it('listens for a refusal before it waits for the login', () => {
    for (const [, block = ''] of readme.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)) {
      if (!block.includes('auth.ready')) continue;
      expect(block.indexOf("on('unauthorized'")).to.be.within(0, block.indexOf('await auth.ready'));
    }
  });
});

describe('docs/revocation.md', () => {
  const text = readText('docs/revocation.md');

  for (const file of ['server.js', 'page.mjs']) {
    it(`shows "password changed, keep me in" as the example that a test runs, word for word: ${file}`, () => {
      expect(text).to.include(readText(`examples/password-change/${file}`));
    });
  }
});
