import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The repository's root, from where the tests are compiled to. */
export const ROOT = resolve(__dirname, '../../..');

/** A file of the repository, as text. */
export function readText(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8');
}

/** The rows of the Markdown table that begins with a header, without the header; each row as its cells. */
export function tableRows(markdown: string, header: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${header} |`));
  if (start < 0) throw new Error(`no table that begins with ${header}`);
  const body = lines.slice(start + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  return body.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
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
