import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readText, ROOT } from '../support/repository';

/** The documents, and the sources of the examples. */
function shown(): string[] {
  const examples = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:js|mjs|ts|jsx|tsx)$/.test(path) && !path.includes('node_modules'))
    .map((path) => join('examples', path));
  const docs = readdirSync(join(ROOT, 'docs')).filter((path) => path.endsWith('.md'));
  return ['README.md', 'PROTOCOL.md', ...docs.map((path) => join('docs', path)), ...examples];
}

/** The server's listeners for `authenticated`, from their parameter to the end of the call. */
function loginListeners(source: string): string[] {
  return [...source.matchAll(/\('authenticated', (?:async )?\(?(?:socket\b|one\b)/g)].map(({ index }) => {
    let depth = 0;
    for (let end = index; end < source.length; end += 1) {
      if (source[end] === '(') depth += 1;
      if (source[end] === ')' && (depth -= 1) === 0) return source.slice(index, end);
    }
    return source.slice(index);
  });
}

describe('what the documents and the examples show', () => {
  it('registers what a socket may send in `connection`: a handler in `authenticated` is there twice after the next login', () => {
    const listeners = shown().map((path) => [path, loginListeners(readText(path))] as const);
    expect(listeners.flatMap(([, found]) => found)).to.have.length.above(10);
    const wrong = listeners
      .filter(([, found]) => found.some((body) => /\b(?:on|once|onAny|prependListener)\(/.test(body)))
      .map(([path]) => path);
    expect(wrong).to.deep.equal([]);
  });

  it('registers nothing in `connect` of a client: a handler is there twice after the next connection', () => {
    const wrong = shown().filter((path) =>
      /on\('connect', (?:async )?\(\) => \{?\s*socket\s*\.on\(/.test(readText(path)),
    );
    expect(wrong).to.deep.equal([]);
  });
});
