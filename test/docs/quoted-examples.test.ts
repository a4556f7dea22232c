import { expect } from 'chai';
import { readText } from '../support/repository';

/** The part of a file from one text up to another. */
function part(path: string, from: string, to: string): string {
  const source = readText(path);
  const start = source.indexOf(from);
  return source.slice(start, source.indexOf(to, start));
}

/** Lines break elsewhere in a document, where the code is not indented. */
const withoutSpace = (text: string): string => text.replaceAll(/\s/g, '');

describe('the documents show the examples that tests run, word for word:', () => {
  it('the recipes for the sessions of a user', () => {
    const page = readText('docs/permissions-and-rooms.md');
    expect(page).to.include(readText('examples/user-sessions/recipes.js'));
    for (const text of [
      part('examples/user-sessions/events.js', 'const check', '\n}\n'),
      part('examples/user-sessions/logins.js', 'const keyOf', 'module.exports'),
    ]) {
      expect(text).to.have.length.above(100);
      expect(withoutSpace(page)).to.include(withoutSpace(text));
    }
  });

  it("an application's tests", () => {
    const page = readText('docs/testing.md');
    for (const file of ['kit.mjs', 'application.mjs', 'application.test.mjs', 'later.test.mjs']) {
      expect(page).to.include(readText(`examples/testing/${file}`));
    }
  });

  it('the hook for React', () => {
    expect(readText('docs/platforms.md')).to.include(readText('examples/react/use-authorized-socket.js'));
  });
});
