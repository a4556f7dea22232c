import { expect } from 'chai';
import { checkOption } from '../../lib/authorizer/option-checks';
import { DEFAULTS } from '../../lib/authorizer/option-defaults';
import { UnauthorizedError } from '../../lib';
import { CODES, NAMESPACE_EVENTS, REASONS } from '../../lib/protocol';
import type { UnauthorizedReason } from '../../lib/protocol';
import { emptyStats } from '../../lib/session/statistics';
import { ALGORITHMS } from '../../lib/token/keys';
import { sectionsOf } from '../support/markdown';
import { membersOf, named, readText, tableRows } from '../support/repository';

/**
 * Sections whose heading is one name, or a call, by that heading. Not in code marks: the site makes no fragment of those.
 */
function byName(markdown: string, level: number): Map<string, string> {
  return new Map([...sectionsOf(markdown, level)].filter(([title]) => /^[a-z]\w*(\(\w*\))?$/.test(title)));
}

describe('docs/options.md', () => {
  const sections = byName(readText('docs/options.md'), 3);

  it('has a heading for every option of authorize(), and no other', () => {
    const source = readText('lib/options.ts');
    const options = ['AuthorizeOptions', 'VerifierOptions']
      .flatMap((name) => membersOf(source, name))
      .map((name) => name.replace('?', ''));
    expect(options).to.have.length.above(30);
    expect([...sections.keys()]).to.have.members(options);
  });

  it('names no option that the checks do not know', () => {
    for (const name of sections.keys()) {
      const check = (): void => checkOption(name, Symbol('of no type'));
      if (name !== 'secret') expect(check, name).to.throw(TypeError, `options.${name} must be`);
    }
  });

  for (const [name, body] of sections) {
    if (name === 'secret') continue;
    it(`says type and default of ${name}`, () => {
      expect(body).to.match(/^\nType: /);
      const [, stated = ''] = /Default: ([\s\S]*?)(?:\n\n|$)/.exec(body) ?? [];
      expect(stated).to.not.equal('');
      const value: unknown = (DEFAULTS as Record<string, unknown>)[name];
      if (['string', 'number', 'boolean'].includes(typeof value)) {
        const literal = typeof value === 'string' ? `'${value}'` : String(value);
        expect(stated).to.match(new RegExp(`^\`${literal}\``));
      } else if (Array.isArray(value)) expect(stated).to.match(/^`\[\]`/);
    });
  }

  it('names every algorithm that is accepted', () => {
    const [type = ''] = sections.get('algorithms')?.split('Default:') ?? [];
    expect(named(type)).to.deep.equal([...ALGORITHMS]);
  });

  it('names codes of the library alone', () => {
    const codes = [...readText('docs/options.md').matchAll(/[Tt]he client gets\s+`(\w+)`/g)].map(
      ([, code]) => code,
    );
    expect(codes).to.have.length.above(15);
    expect(Object.values(CODES)).to.include.members(codes);
  });
});

describe('docs/errors.md', () => {
  const text = readText('docs/errors.md');
  const sections = byName(text, 2);
  const reasons = byName(text, 3);

  it('has a heading for every code of the library, and no other', () => {
    expect([...sections.keys()]).to.have.members(Object.values(CODES));
  });

  it('has a heading for every reason of invalid_token, and names the one of invalid_secret', () => {
    const { keyUnavailable, ...others } = REASONS;
    expect([...reasons.keys()]).to.have.members(Object.values(others));
    expect(sections.get(CODES.invalidSecret)).to.include(`\`${keyUnavailable}\``);
  });

  for (const [code, body] of sections) {
    it(`says of ${code} when it comes, whether a retry helps, as the library does, and what to do`, () => {
      const [, answer] = /\*\*Retryable:\*\*\s+(yes|no)/.exec(body) ?? [];
      expect(new UnauthorizedError(code).data.retryable).to.equal(answer === 'yes');
      expect(body).to.match(/^\n\*\*When:\*\* /);
      expect(code === CODES.invalidToken ? (reasons.get(REASONS.malformed) ?? '') : body).to.match(
        /^- \*\*(Client|Server):\*\* /m,
      );
    });
  }

  for (const [reason, body] of reasons) {
    it(`says of the reason ${reason} what to do`, () => {
      expect(body).to.match(/^- \*\*(Client|Server):\*\* /m);
      const { data } = new UnauthorizedError(CODES.invalidToken, { reason: reason as UnauthorizedReason });
      // `revoked` is final unless the rule was for a user.
      expect(data.retryable).to.equal(reason !== REASONS.revoked);
    });
  }
});

describe('docs/api.md', () => {
  const text = readText('docs/api.md');

  it('names every event on the namespace, and no other', () => {
    const rows = tableRows(text, 'event').flatMap(([names]) => named(names));
    expect(rows).to.have.members(Object.values(NAMESPACE_EVENTS));
  });

  it('has a heading for every member of the authorizer, and no other', () => {
    const source = readText('lib/authorize.ts');
    const members = new Set(membersOf(source.replaceAll(/attach</g, 'attach('), 'Authorizer'));
    const headings = [...byName(text, 3).keys()].map((title) => title.replace(/\(.*/, ''));
    expect(headings).to.have.members([...members]);
  });

  it('names every figure of stats()', () => {
    const body = byName(text, 3).get('stats()');
    for (const figure of Object.keys(emptyStats())) expect(body).to.include(`\`${figure}\``);
  });

  it('names every entry of the package', () => {
    const rows = tableRows(text, 'import').flatMap(([names]) => named(names));
    const { exports } = JSON.parse(readText('package.json')) as { exports: Record<string, unknown> };
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    expect(rows).to.have.members(entries.map((entry) => entry.replace('.', 'socketio-authorize')));
  });
});
