import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readText, ROOT } from './repository';

/** Where the repository will be: npm's page shows the README alone, so its links are absolute. */
const REPOSITORY = 'https://github.com/socketio-authorize/socketio-authorize/blob/main/';
const RAW = 'https://raw.githubusercontent.com/socketio-authorize/socketio-authorize/main/';

/** The first block of code after a text. */
export function blockAfter(markdown: string, text: string): string {
  const start = markdown.indexOf(text);
  if (start < 0) throw new Error(`the document does not say: ${text}`);
  const block = /^```\w*\n([\s\S]*?)^```$/m.exec(markdown.slice(start))?.[1];
  if (block === undefined) throw new Error(`no block of code after: ${text}`);
  return block;
}

/** A document without its blocks of code. */
export function proseOf(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

/** The words that a reader of the rendered document sees: prose, headings, lists and tables, without blocks of code. */
export function wordsOf(markdown: string): string[] {
  const text = proseOf(markdown)
    .replaceAll(/^\[[^\]]+\]: .*$/gm, '')
    .replaceAll(/\](?:\([^)]*\)|\[[^\]]*\])/g, ']');
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/** The sections of a document below headings of one level: from the heading's text to the section's. */
export function sectionsOf(markdown: string, level: number): Map<string, string> {
  const mark = '#'.repeat(level);
  const sections = new Map<string, string>();
  for (const [, title = '', body = ''] of markdown.matchAll(
    new RegExp(`^${mark} (.+)\\n([\\s\\S]*?)(?=^#{1,${level}} |$(?![\\s\\S]))`, 'gm'),
  ))
    sections.set(title, body);
  return sections;
}

/** The fragments that lead to a document's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, title = ''] of proseOf(markdown).matchAll(/^#+ (.+)$/gm)) {
    const text = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
    let name = anchor;
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`;
    anchors.add(name);
  }
  return anchors;
}

/** Where the links and pictures of a document lead. A name that nothing defines is given as it stands. */
export function linksOf(markdown: string): string[] {
  const text = proseOf(markdown);
  const definitions = new Map<string, string>();
  for (const [, name = '', link = ''] of text.matchAll(/^\[([^\]]+)\]: (\S+)$/gm))
    definitions.set(name, link);
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
  const named = [...text.matchAll(/\]\[([^\]]+)\]/g)].map(([, name = '']) => definitions.get(name) ?? name);
  return [...inline, ...named, ...definitions.values()];
}

/** The links of a document that lead nowhere in the repository; those to other sites are not followed. */
export function deadLinksOf(path: string): string[] {
  return linksOf(readText(path)).filter((link) => {
    const target = targetOf(path, link);
    return target !== undefined && !isThere(target);
  });
}

/** The file and the fragment that a link leads to. */
function targetOf(path: string, link: string): [file: string, fragment: string] | undefined {
  const base = [REPOSITORY, RAW].find((prefix) => link.startsWith(prefix));
  if (base === undefined && /^[a-z]+:/.test(link)) return undefined;
  const [name = '', fragment = ''] = (base === undefined ? link : link.slice(base.length)).split('#');
  if (name === '') return [path, fragment];
  return [base === undefined ? join(dirname(path), name) : name, fragment];
}

function isThere([file, fragment]: [file: string, fragment: string]): boolean {
  if (!existsSync(resolve(ROOT, file))) return false;
  return fragment === '' || !file.endsWith('.md') || anchorsOf(readText(file)).has(fragment);
}
