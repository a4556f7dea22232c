import { expect } from 'chai';
import { readText } from '../support/repository';

/** The part of a file from one text up to another, without its indentation. */
function part(path: string, from: string, to: string): string {
  const source = readText(path);
  const start = source.indexOf(from);
  const indentation = source.slice(source.lastIndexOf('\n', start) + 1, start);
  return source.slice(start, source.indexOf(to, start)).replaceAll(`\n${indentation}`, '\n').trim();
}

describe('the documents show the examples that tests run, word for word:', () => {
  it('the recipes for the sessions of a user', () => {
    const page = readText('docs/permissions-and-rooms.md');
    expect(page).to.include(readText('examples/user-sessions/recipes.js'));
    expect(page).to.include(part('examples/user-sessions/events.js', 'const check', '\n}\n'));
    expect(page).to.include(part('examples/user-sessions/logins.js', 'const keyOf', 'module.exports'));
  });

  it("an application's tests", () => {
    const page = readText('docs/testing.md');
    for (const file of ['kit.mjs', 'application.mjs', 'application.test.mjs']) {
      expect(page).to.include(readText(`examples/testing/${file}`));
    }
  });

  it('the hook for React', () => {
    expect(readText('docs/platforms.md')).to.include(readText('examples/react/use-authorized-socket.js'));
  });
});
