import { expect } from 'chai';
import { assert, constantFrom, property, tuple } from 'fast-check';
import { UnauthorizedError } from '../../lib';
import { readAuthorization, readToken } from '../../lib/token/token-text';
import type { Shown } from '../../lib/token/token-text';
import { cpuOf } from '../support/cost';

const TOKEN = 'aaa.bbb.ccc';
const MAX = 100;

function refusalOf(shown: Shown): object {
  expect(shown).to.be.instanceOf(UnauthorizedError);
  const { code, data } = shown as UnauthorizedError;
  return { code, reason: data.reason };
}

describe('a token', () => {
  const wrapped = [
    TOKEN,
    ` ${TOKEN}\n`,
    `\t${TOKEN}\r\n`,
    `"${TOKEN}"`,
    `'${TOKEN}'`,
    ` " ${TOKEN} " `,
    `Bearer ${TOKEN}`,
    `bearer   ${TOKEN} `,
    `BEARER\t${TOKEN}`,
    `Bearer\n${TOKEN}`,
    `Bearer "${TOKEN}"`,
    `"Bearer ${TOKEN}"\n`,
    `' bearer ${TOKEN}'`,
  ];
  for (const shown of wrapped) {
    it(`is read from ${JSON.stringify(shown)}`, () => expect(readToken(shown, MAX)).to.equal(TOKEN));
  }

  const left: [shown: string, token: string][] = [
    [`""${TOKEN}""`, `"${TOKEN}"`],
    [`"Bearer "${TOKEN}""`, `"${TOKEN}"`],
    [`Bearer Bearer ${TOKEN}`, `Bearer ${TOKEN}`],
    [`"${TOKEN}'`, `"${TOKEN}'`],
    [`"${TOKEN}`, `"${TOKEN}`],
    ['"', '"'],
    [`Bearer${TOKEN}`, `Bearer${TOKEN}`],
    [`Basic ${TOKEN}`, `Basic ${TOKEN}`],
    [`\`${TOKEN}\``, `\`${TOKEN}\``],
  ];
  for (const [shown, token] of left) {
    it(`has one scheme and one pair of quotes removed, and no more: ${shown}`, () => {
      expect(readToken(shown, MAX)).to.equal(token);
    });
  }

  it('is the same, whatever text surrounds it', () => {
    const space = constantFrom('', ' ', '\n', '\t ', '\u00a0');
    const quote = constantFrom('', '"', "'");
    const scheme = constantFrom('', 'Bearer ', 'bearer\t', 'BEARER  ');
    assert(
      property(tuple(space, quote, space, scheme, space), constantFrom(true, false), (parts, isAround) => {
        const [before, mark, inside, bearer, after] = parts;
        const shown = isAround
          ? before + mark + inside + bearer + TOKEN + inside + mark + after
          : before + bearer + mark + inside + TOKEN + inside + mark + after;
        expect(readToken(shown, MAX)).to.equal(TOKEN);
      }),
    );
  });

  for (const shown of [
    undefined,
    null,
    '',
    ' ',
    '\n',
    '""',
    "' '",
    'Bearer',
    'bearer ',
    '"Bearer"',
    'Bearer ""',
  ]) {
    it(`is missing: ${JSON.stringify(shown)}`, () => expect(readToken(shown, MAX)).to.equal(undefined));
  }

  for (const shown of [1, true, {}, [TOKEN], Buffer.from(TOKEN), () => TOKEN, Symbol(TOKEN)]) {
    it(`is malformed as ${typeof shown}`, () => {
      expect(refusalOf(readToken(shown, MAX))).to.deep.equal({ code: 'invalid_token', reason: 'malformed' });
    });
  }

  it('is malformed if UTF-8 cannot encode it', () => {
    expect(refusalOf(readToken('a.b.\ud800', MAX))).to.include({ reason: 'malformed' });
    expect(readToken('opaque-tökén-\u{1f511}', MAX)).to.equal('opaque-tökén-\u{1f511}');
  });

  it('is measured in bytes, with everything that the client sent around it', () => {
    const tooLarge = { code: 'invalid_token', reason: 'too_large' };
    expect(readToken('x'.repeat(MAX), MAX)).to.have.length(MAX);
    for (const shown of [
      'x'.repeat(MAX + 1),
      ` ${'x'.repeat(MAX)}`,
      `Bearer ${'x'.repeat(MAX - 6)}`,
      `${TOKEN}${' '.repeat(MAX)}`,
      'é'.repeat(MAX / 2 + 1),
    ]) {
      expect(refusalOf(readToken(shown, MAX))).to.deep.equal(tooLarge);
    }
    expect(readToken('é'.repeat(MAX / 2), MAX)).to.have.length(MAX / 2);
  });

  for (const piece of [' ', '"', '\t', 'Bearer ', ' Bearer', '" ', '\'"', '\u00a0']) {
    it(`takes time that is linear in what was sent: 2 MB of ${JSON.stringify(piece)}`, async () => {
      const cost = await cpuOf(() => {
        const many = piece.repeat(2_000_000 / piece.length);
        for (const shown of [
          many,
          many + TOKEN,
          `Bearer ${many}${TOKEN}`,
          `Bearer ${TOKEN}${many}x`,
          `"${many}`,
        ])
          readToken(shown, Infinity);
        readAuthorization(`Bearer ${many}${TOKEN}${many}`, Infinity);
      });
      // A reading whose time is quadratic takes minutes.
      expect(cost).to.be.below(5000);
    });
  }
});

describe('an Authorization header', () => {
  for (const header of [`Bearer ${TOKEN}`, `bearer  ${TOKEN} `, `"Bearer ${TOKEN}"`, `Bearer "${TOKEN}"`]) {
    it(`has a token: ${header}`, () => expect(readAuthorization(header, MAX)).to.equal(TOKEN));
  }

  for (const header of [
    '',
    TOKEN,
    `"${TOKEN}"`,
    'Bearer',
    'Bearer   ',
    'Bearer ""',
    `Bearer ${TOKEN} ${TOKEN}`,
    `Bearer${TOKEN}`,
    `Basic ${TOKEN}`,
    `Token ${TOKEN}`,
    `Negotiate ${'x'.repeat(2 * MAX)}`,
  ]) {
    it(`has a bad format, and is refused: ${header.slice(0, 40)}`, () => {
      expect(refusalOf(readAuthorization(header, MAX))).to.deep.equal({
        code: 'credentials_bad_format',
        reason: undefined,
      });
    });
  }

  it('may be missing', () => expect(readAuthorization(undefined, MAX)).to.equal(undefined));

  it('may not be too long', () => {
    expect(refusalOf(readAuthorization(`Bearer ${'x'.repeat(MAX)}`, MAX))).to.include({
      reason: 'too_large',
    });
  });
});
