import { expect } from 'chai';
import { CODES, NAMESPACE_EVENTS } from '../../lib/protocol';
import { emptyStats } from '../../lib/session/statistics';
import { membersOf, named, readText, tableRows } from '../support/repository';

const readme = readText('README.md');

describe('README.md', () => {
  it('has a row for every option of authorize(), and no other', () => {
    const source = readText('lib/options.ts');
    const options = ['AuthorizeOptions', 'VerifierOptions']
      .flatMap((name) => membersOf(source, name))
      .map((name) => name.replace('?', ''));
    const rows = tableRows(readme, 'option').flatMap(([names]) => named(names));
    expect(options).to.have.length.above(30);
    expect(rows).to.have.members(options);
  });

  it('names every code that a working server gives', () => {
    const rows = tableRows(readme, 'code').flatMap(([names]) => named(names));
    const codes = Object.values(CODES).filter((code) => code !== CODES.serverMisconfigured);
    expect(rows).to.have.members(codes);
  });

  it('names every event on the namespace', () => {
    const rows = tableRows(readme, 'event').flatMap(([names]) => named(names));
    expect(rows).to.have.members(Object.values(NAMESPACE_EVENTS));
  });

  it('names every figure of stats()', () => {
    const row = tableRows(readme, 'member').find(([name]) => name === '`stats()`');
    for (const figure of Object.keys(emptyStats())) expect(row?.[1]).to.include(figure);
  });

  it('shows the cluster as the example that a test runs, word for word', () => {
    expect(readme).to.include(readText('examples/cluster/server.js'));
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
