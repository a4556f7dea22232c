import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { expect } from 'chai';
import { readText, ROOT } from '../support/repository';

const FOLDER = resolve(ROOT, '.build/code-blocks');
const DOCUMENTS = [
  'README.md',
  'PROTOCOL.md',
  'SECURITY.md',
  ...documentsIn('docs'),
  ...documentsIn('examples'),
];

/** Of the files that blocks are written to; `mjs` for what is not named. */
const EXTENSIONS: { readonly [language: string]: string } = { jsx: 'jsx', ts: 'mts', typescript: 'mts' };

/** A block of TypeScript or JavaScript in a document, and where it begins. */
interface CodeBlock {
  document: string;
  line: number;
  extension: string;
  code: string;
}

function documentsIn(folder: string): string[] {
  return readdirSync(resolve(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `${folder}/${path}`);
}

function blocksOf(document: string): CodeBlock[] {
  const text = readText(document);
  return [...text.matchAll(/^```(js|jsx|ts|javascript|typescript)\n([\s\S]*?)^```$/gm)].map((match) => ({
    document,
    line: text.slice(0, match.index).split('\n').length,
    extension: EXTENSIONS[match[1] ?? ''] ?? 'mjs',
    code: match[2] ?? '',
  }));
}

/** The protocol's types are told piece by piece, and belong together. */
function joined(blocks: readonly CodeBlock[]): CodeBlock[] {
  const [protocol, others] = [true, false].map((is) =>
    blocks.filter(({ document }) => (document === 'PROTOCOL.md') === is),
  ) as [CodeBlock[], CodeBlock[]];
  const code = protocol.map((block) => block.code).join('\n');
  return [...others, { document: 'PROTOCOL.md', line: 0, extension: 'mts', code }];
}

describe('the code in the documents', () => {
  const blocks = DOCUMENTS.flatMap(blocksOf);

  it('compiles, every block of it', () => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    for (const { document, line, extension, code } of joined(blocks)) {
      const name = `${basename(document, '.md')}-${line}.${extension}`;
      // A module each, so that one block's names are not another's.
      writeFileSync(resolve(FOLDER, name), `${code}\nexport {};\n`);
    }
    copyFileSync(resolve(ROOT, 'test/support/doc-globals.d.ts'), resolve(FOLDER, 'globals.d.ts'));
    writeFileSync(resolve(FOLDER, 'tsconfig.json'), JSON.stringify(CONFIG));
    expect(compile()).to.equal('');
    expect(blocks).to.have.length.above(10);
  });
});

const CONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023', 'DOM'],
    module: 'preserve',
    moduleResolution: 'bundler',
    strict: true,
    allowJs: true,
    jsx: 'preserve',
    // Of JavaScript only the syntax: what types say of it is not what happens.
    checkJs: false,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [resolve(ROOT, 'node_modules/@types')],
  },
  include: ['.'],
};

/** What the compiler has to say. */
function compile(): string {
  try {
    execFileSync(process.execPath, [resolve(ROOT, 'node_modules/typescript/bin/tsc'), '-p', FOLDER], {
      encoding: 'utf8',
    });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
