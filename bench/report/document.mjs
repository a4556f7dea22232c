import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';

export const DOCS = resolve(import.meta.dirname, '../../docs');

/** Writes a document as the project's other documents are formatted. */
export async function writeDocument(path, text) {
  const config = await resolveConfig(path);
  writeFileSync(path, await format(text, { ...config, filepath: path }));
}
