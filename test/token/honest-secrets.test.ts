import { randomBytes, randomUUID } from 'node:crypto';
import { assert, constantFrom, integer, noBias, property, string, tuple, uint8Array } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { toVerificationKeys } from '../../lib/token/keys';
import type { VerificationKey } from '../../lib/token/keys';

const bytes = noBias(uint8Array({ minLength: 16, maxLength: 130 })).map((some) => Buffer.from(some));
const characters = (alphabet: string): Arbitrary<string> =>
  string({ unit: constantFrom(...alphabet.split('')), minLength: 16, maxLength: 130 });
const words = constantFrom(
  'correct',
  'horse',
  'Battery',
  'staple',
  'key',
  'begin',
  'kty',
  'MAIN',
  'ssh',
  '42',
);

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** What the secrets of applications are made of. */
const ALPHABETS: readonly [what: string, secrets: Arbitrary<string>][] = [
  ['hex', bytes.map((some) => some.toString('hex'))],
  ['hex in capitals', bytes.map((some) => some.toString('hex').toUpperCase())],
  ['Base64', bytes.map((some) => some.toString('base64'))],
  ['Base64url', bytes.map((some) => some.toString('base64url'))],
  ['Base64 in lines', bytes.map((some) => some.toString('base64').replace(/.{64}/g, '$&\n'))],
  ['Base64 of Base64', bytes.map((some) => Buffer.from(some.toString('base64')).toString('base64'))],
  ['percent-encoded bytes', bytes.map((some) => some.toString('hex').replace(/../g, '%$&'))],
  ['escaped bytes', bytes.map((some) => some.toString('hex').replace(/../g, '\\x$&'))],
  ['JSON of bytes', bytes.map((some) => JSON.stringify([...some]))],
  ['JSON of a Buffer', bytes.map((some) => JSON.stringify(some))],
  ['digits', characters(DIGITS)],
  ['letters and digits', characters(LETTERS + DIGITS)],
  ['letters, digits and marks', characters(`${LETTERS}${DIGITS}!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~ `)],
  ['marks', characters('{}[]"\'`\\/=;:,.%&#-+ \n')],
  ['a pass phrase', tuple(words, words, words, words, words).map((some) => some.join(' '))],
  ['UUIDs', integer().map(() => `${randomUUID()} ${randomUUID()}`)],
  [
    'JSON of a service',
    tuple(characters(LETTERS), bytes).map(([password, some]) =>
      JSON.stringify({ user: 'app', password, token: some.toString('base64'), port: 5432 }),
    ),
  ],
  [
    'lines of variables',
    bytes.map((some) => `# secrets\nJWT_SECRET="${some.toString('base64')}"\nDB=${some.toString('hex')}\n`),
  ],
];

/** How a secret may begin by chance, or because an application marks its secrets so. */
const PREFIXES = [
  '',
  'M',
  'MII',
  'MIIB',
  'MFkw',
  'MCow',
  '30',
  '3082',
  '0x',
  '0x30',
  '\\x30',
  '{',
  '[',
  '"',
  "'",
  '`',
  '=',
  ';',
  '#',
  '0',
  '\0',
  'KEY=',
  'export KEY=',
  'base64:',
  'data:text/plain;base64,',
  'sk_live_',
  'eyJ',
  'LS0t',
];
const SUFFIXES = ['', '=', '==', ';', ',', '\n', '"', "'", '}', ']', ' # secret', '\0'];

describe('an honest secret', () => {
  const isItself = (secret: string | Buffer): boolean => {
    const [{ key }, ...others] = toVerificationKeys(secret) as [VerificationKey];
    return key.type === 'secret' && key.export().equals(Buffer.from(secret)) && others.length === 0;
  };

  for (const [what, secrets] of ALPHABETS) {
    it(`of ${what} stays what it is, whatever it begins or ends with`, () => {
      const decorated = tuple(constantFrom(...PREFIXES), secrets, constantFrom(...SUFFIXES));
      assert(
        property(decorated, ([prefix, secret, suffix]) => {
          const text = prefix + secret + suffix;
          return isItself(text) && isItself(Buffer.from(text));
        }),
        { numRuns: 1_000 },
      );
    });
  }

  it('of bytes stays what it is if it is long, and begins like DER', () => {
    for (let round = 0; round < 200; round += 1) {
      const secret = Buffer.concat([Buffer.from('3081900281', 'hex'), randomBytes(200)]);
      if (!isItself(secret) || !isItself(secret.toString('base64'))) throw new Error(secret.toString('hex'));
    }
  });
});
