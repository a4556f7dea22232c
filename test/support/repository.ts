import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's root, from where the tests are compiled to. */
export const ROOT = resolve(__dirname, '../../..');

/** A file of the repository, as text. */
export function readText(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8');
}

/** The TypeScript files below a folder of the repository. */
export function sourcesOf(folder: string): string[] {
  return readdirSync(resolve(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .toSorted();
}

/** The rows of the Markdown table whose first column has a heading, without that line; each row as its cells. */
export function tableRows(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith('|') && cellsOf(line)[0] === heading);
  if (start < 0) throw new Error(`no table that begins with ${heading}`);
  const body = lines.slice(start + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  return body.slice(0, end < 0 ? undefined : end).map(cellsOf);
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** What a cell names in code marks. */
export function named(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
}

/** The names of an interface's members in a source text, with `?` where they may be missing. */
export function membersOf(source: string, name: string): string[] {
  const body = new RegExp(`interface ${name}[^{]* \\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+\??)[:(]/gm)].map(([, member]) => member ?? '');
}
