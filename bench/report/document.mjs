import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format } from 'oxfmt';

const ROOT = resolve(import.meta.dirname, '../..');
const CONFIG = resolve(ROOT, '.oxfmtrc.json');

export const DOCS = resolve(ROOT, 'docs');

/** Writes a document as the project's other documents are formatted. */
export async function writeDocument(path, text) {
  const { code, errors } = await format(path, text, JSON.parse(readFileSync(CONFIG, 'utf8')));
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  writeFileSync(path, code);
}
