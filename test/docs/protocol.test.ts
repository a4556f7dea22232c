import { expect } from 'chai';
import { UnauthorizedError } from '../../lib';
import { CODES, EVENTS, REASONS } from '../../lib/protocol';
import type { UnauthorizedReason } from '../../lib/protocol';
import { membersOf, named, readText, sourcesOf, tableRows } from '../support/repository';

const protocol = readText('PROTOCOL.md');
const codeRows = tableRows(protocol, 'code');

/** Events, codes and reasons as the document's tables name them. */
function documented(rows: string[][], column: number): Set<string> {
  return new Set(rows.flatMap((row) => named(row[column])));
}

describe('PROTOCOL.md', () => {
  it('names every event of the protocol, and no other', () => {
    const sections = protocol.split('\n## ');
    const rows = sections
      .filter((section) => /^(Client to server|Server to client)/.test(section))
      .flatMap((section) => tableRows(section, 'event'));
    expect([...documented(rows, 0)]).to.have.members(Object.values(EVENTS));
  });

  it('names every code of the library, and no other', () => {
    expect([...documented(codeRows, 0)]).to.have.members(Object.values(CODES));
  });

  it('names every reason of the library, and no other', () => {
    expect([...documented(codeRows, 1)]).to.have.members(Object.values(REASONS));
  });

  for (const row of codeRows) {
    const [code = '', reason] = [named(row[0])[0], named(row[1])[0]];
    it(`says whether ${code} ${reason ?? ''} is retryable, as the library does`, () => {
      const error = new UnauthorizedError(
        code,
        reason === undefined ? {} : { reason: reason as UnauthorizedReason },
      );
      const claim = row.at(-1) ?? '';
      expect(error.data.retryable).to.equal(claim === 'yes');
      if (claim !== 'yes') expect(claim).to.match(/\bno$/);
    });
  }

  it('shows each payload as the library types it', () => {
    const source = readText('lib/protocol.ts');
    for (const name of [
      'AuthenticatePayload',
      'AuthenticatedPayload',
      'UnauthorizedPayload',
      'UnauthorizedData',
    ]) {
      expect(membersOf(protocol, name), name).to.deep.equal(membersOf(source, name));
    }
  });
});

describe('lib/', () => {
  const contract = [...Object.values(EVENTS), ...Object.values(CODES)].filter((name) => name.includes('_'));

  /** In the client `CODES` would bring all of them into a page; a literal that the compiler holds to them does not. */
  const checked = /'\w+' satisfies \w+/g;
  for (const file of sourcesOf('lib').filter((name) => name !== 'lib/protocol.ts')) {
    it(`has no event name or code as a string outside the protocol's file: ${file}`, () => {
      const source = readText(file).replaceAll(file.startsWith('lib/client/') ? checked : /$^/g, '');
      for (const name of contract) expect(source).not.to.include(`'${name}'`);
    });
  }
});
