/**
 * Mermaid, which draws the diagrams on the site. It is no dependency: it would bring a hundred packages, and the site needs
 * one file of it. The version and its hash are fixed here, and the file is served with the site.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const VERSION = '12.3.0';
const INTEGRITY =
  'sha512-4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw==';
const FILE = 'package/dist/mermaid.min.js';

/** The file, which is fetched once. */
export function fetchMermaid(root) {
  const folder = resolve(root, 'build/mermaid', VERSION);
  const archive = resolve(folder, `mermaid-${VERSION}.tgz`);
  if (!existsSync(archive)) {
    mkdirSync(folder, { recursive: true });
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, `mermaid@${VERSION}`], {
      cwd: root,
    });
  }
  const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (`sha512-${hash}` !== INTEGRITY)
    throw new Error(`${archive} is not what it was: delete it, and try again`);
  execFileSync('tar', ['xzf', archive, '-C', folder, FILE]);
  return resolve(folder, FILE);
}
