import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { anchorsOf, deadLinksOf } from '../support/markdown';
import { readText, ROOT } from '../support/repository';

const markdownIn = (folder: string, recursive = false): string[] =>
  readdirSync(resolve(ROOT, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => (folder === '.' ? name : `${folder}/${name}`));

describe('the links in the documents', () => {
  const documents = [...markdownIn('.'), ...markdownIn('docs'), ...markdownIn('examples', true)];

  for (const document of documents) {
    it(`lead to a file, and to a heading of it: ${document}`, () => {
      expect(deadLinksOf(document)).to.deep.equal([]);
    });
  }

  it('lead from docs/README.md to every document of the folder', () => {
    const index = readText('docs/README.md');
    const missing = markdownIn('docs')
      .map((path) => path.slice('docs/'.length))
      .filter((name) => name !== 'README.md' && !index.includes(`](${name})`));
    expect(missing).to.deep.equal([]);
  });

  it('are understood as GitHub does', () => {
    expect(documents).to.include.members(['README.md', 'docs/security.md']);
    const anchors = anchorsOf(
      "# A `b_c`: d's\n\n## Why not just `io.use(jwt.verify)`?\n\n```sh\n# no heading\n```\n",
    );
    expect([...anchors]).to.deep.equal(['a-b_c-ds', 'why-not-just-iousejwtverify']);
  });
});
