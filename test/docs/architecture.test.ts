import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { AUTHENTICATED, CLOSED, PENDING, transition } from '../../lib/session/state';
import type { SessionEvent, SessionState } from '../../lib/session/state';
import { named, readText, ROOT, sourcesOf, tableRows } from '../support/repository';

const document = readText('docs/architecture.md');
const contributing = readText('CONTRIBUTING.md');
const sources = new Map(sourcesOf('lib').map((path) => [path, readText(path)]));

/** What a text names in code marks, outside of its blocks of code. */
function namesIn(text: string): string[] {
  return [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, name]) => name ?? '',
  );
}

const mermaid = (kind: string): string =>
  new RegExp(`^\`\`\`mermaid\\n${kind}([\\s\\S]*?)^\`\`\`$`, 'm').exec(document)?.[1] ?? '';

/** The arrows of the first picture, as pairs. */
const arrows = [...mermaid('flowchart').matchAll(/^ *([\w-]+)(?:\[.*?\])? --> ([\w-]+)/gm)].map(
  ([, from = '', to = '']) => [from, to] as const,
);

/** The box of the picture that a file of `lib/` belongs to. */
function boxOf(path: string): string {
  const [, folder = '', file] = path.split('/');
  if (file !== undefined) return folder;
  const name = folder.replace(/\.ts$/, '');
  if (name === 'protocol') return name;
  return ['errors', 'events', 'options', 'types'].includes(name) ? 'contract' : 'entries';
}

const imports = [...sources].flatMap(([path, text]) =>
  [...text.matchAll(/from '(\.[^']+)'/g)].map(([, target = '']) => [
    boxOf(path),
    boxOf(`${join(dirname(path), target)}.ts`),
  ]),
);

function reach(from: string): Set<string> {
  const seen = new Set([from]);
  for (const box of seen) for (const [one, to] of arrows) if (one === box) seen.add(to);
  return seen;
}

/** Whether a class has a method, or any file a function, of this name. */
function isDefined(name: string): boolean {
  const [first = '', method] = name.split('.');
  const defines = (text: string, pattern: string): boolean => new RegExp(pattern, 'm').test(text);
  return [...sources.values()].some((text) =>
    method === undefined
      ? defines(text, `^(export )?function ${first}\\b`)
      : defines(text, `^export class ${first}\\b`) && defines(text, `^  (get )?${method}\\(`),
  );
}

describe('docs/architecture.md', () => {
  const functions = namesIn(document)
    .filter((name) => /^[\w.]+\(\)$/.test(name))
    .map((name) => name.slice(0, -2));

  it('names only functions that exist in the source', () => {
    expect(functions).to.have.length.above(30);
    expect(functions.filter((name) => !isDefined(name))).to.deep.equal([]);
  });

  for (const [name, text] of Object.entries({
    'docs/architecture.md': document,
    'CONTRIBUTING.md': contributing,
  })) {
    it(`agrees with the files that ${name} names`, () => {
      const paths = namesIn(text).filter((one) => /^(lib|test|docs|scripts)\/[\w./-]+$/.test(one));
      expect(paths).to.have.length.above(3);
      expect(paths.filter((path) => !existsSync(resolve(ROOT, path)))).to.deep.equal([]);
    });
  }

  it('names every folder of lib/ in the table of folders', () => {
    const folders = [...sources.keys()]
      .filter((path) => path.split('/').length > 2)
      .map((path) => dirname(path));
    const rows = tableRows(document, 'folder').flatMap(([names]) => named(names));
    expect(rows).to.have.members([...new Set(folders)].map((folder) => `${folder}/`));
  });

  it('draws an arrow only where the source imports', () => {
    expect(arrows).to.have.length.above(10);
    const real = new Set(imports.map((pair) => pair.join(' → ')));
    expect(arrows.map((pair) => pair.join(' → ')).filter((arrow) => !real.has(arrow))).to.deep.equal([]);
  });

  it('draws a path for every import of the source', () => {
    expect(imports.filter(([from = '', to = '']) => !reach(from).has(to))).to.deep.equal([]);
  });

  it('draws every change of status that the state machine makes, and no other', () => {
    const attempt = 1;
    const states: SessionState[] = [
      PENDING,
      { status: 'verifying', attempt, overdue: false },
      AUTHENTICATED,
      { status: 'renewing', attempt },
      CLOSED,
    ];
    const types: SessionEvent['type'][] = [
      'submit',
      'accept',
      'refuse',
      'timeout',
      'expire',
      'leave',
      'close',
    ];
    const changes = states.flatMap((state) =>
      types.map((type) => [state.status, transition(state, { type, attempt }).status, type]),
    );
    const drawn = [...mermaid('stateDiagram-v2').matchAll(/^ *(\w+) --> (\w+): (.*)$/gm)].flatMap(
      ([, from, to, labels = '']) => labels.split(' / ').map((type) => [from, to, type]),
    );
    expect(drawn).to.have.deep.members(changes.filter(([from, to]) => from !== to));
  });
});
