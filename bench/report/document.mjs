import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

/** Writes a document as the project's other documents are formatted. */
export async function writeDocument(path, text) {
  const config = await resolveConfig(path);
  writeFileSync(path, await format(text, { ...config, filepath: path }));
}
