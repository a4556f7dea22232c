import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { toVerificationKeys } from '../../lib/token/keys';
import { cpuOf } from '../support/cost';
import { selfSigned } from '../support/der';
import { rsaKeys } from '../support/tokens';

const rsa = createPublicKey(rsaKeys().publicKey);
const PUBLIC_KEYS: Readonly<Record<string, KeyObject>> = {
  RSA: rsa,
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey,
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
  Ed25519: generateKeyPairSync('ed25519').publicKey,
  X25519: generateKeyPairSync('x25519').publicKey,
};

type Form = readonly [what: string, form: Buffer | string];

function formsOf([name, key]: [name: string, key: KeyObject]): Form[] {
  const jwk = key.export({ format: 'jwk' });
  return [
    [`the DER of ${name}`, key.export({ type: 'spki', format: 'der' })],
    [`the PEM of ${name}`, key.export({ type: 'spki', format: 'pem' })],
    [`the JWK of ${name}`, JSON.stringify(jwk)],
    [`the JWK set of ${name}`, JSON.stringify({ keys: [jwk] })],
  ];
}

const FORMS: readonly Form[] = [
  ...Object.entries(PUBLIC_KEYS).flatMap(formsOf),
  ['the DER of PKCS#1', rsa.export({ type: 'pkcs1', format: 'der' })],
  ['the DER of a certificate', selfSigned(rsa, createPrivateKey(rsaKeys().privateKey))],
];

/** What a form looks like as text: itself, or Base64 of bytes. */
const textOf = (form: Buffer | string): string => (typeof form === 'string' ? form : form.toString('base64'));

const pairsOf = (bytes: Buffer): readonly string[] => bytes.toString('hex').match(/../g) as string[];
const linesOf = (text: string, width: number): readonly string[] =>
  text.match(new RegExp(`[^]{1,${width}}`, 'g')) as string[];

/** How the bytes of a form are written as text. */
const ENCODINGS: Readonly<Record<string, (form: Buffer | string) => string>> = {
  'as it is': textOf,
  'in Base64': (form) => Buffer.from(textOf(form)).toString('base64'),
  'in Base64url': (form) => Buffer.from(form as string).toString('base64url'),
  'in lines of Base64': (form) => linesOf(Buffer.from(form as string).toString('base64'), 76).join('\n'),
  'in hex': (form) => Buffer.from(form as string).toString('hex'),
  'in hex with dashes': (form) => pairsOf(Buffer.from(form as string)).join('-'),
  'in hex of C': (form) =>
    pairsOf(Buffer.from(form as string))
      .map((pair) => `0x${pair}`)
      .join(', '),
  'in JSON of a Buffer': (form) => JSON.stringify(Buffer.from(form as string)),
  'in JSON twice': (form) => JSON.stringify(JSON.stringify(textOf(form))),
  'percent-encoded': (form) => encodeURIComponent(textOf(form)),
  'with slashes escaped': (form) => textOf(form).replaceAll('/', '\\/'),
  'with line breaks written out': (form) => textOf(form).replaceAll('\n', '\\n'),
};

/** What stands around a key in files, variables, and documents. */
const WRAPPINGS: Readonly<Record<string, (text: string) => unknown>> = {
  alone: (text) => text,
  'in single quotes': (text) => `'${text}'`,
  'in double quotes': (text) => `"${text}"`,
  'in backticks': (text) => `\`${text}\``,
  'in the quotes of a word processor': (text) => `\u201C${text}\u201D`,
  'in angle brackets': (text) => `<${text}>`,
  'as bytes of Python': (text) => `b'${text}'`,
  'behind a name': (text) => `PUBLIC_KEY=${text}`,
  'behind a name, in quotes': (text) => `PUBLIC_KEY="${text}"`,
  'in a line of a shell': (text) => `export KEY='${text}'`,
  'in YAML': (text) => `key: ${text}`,
  'in a block of YAML': (text) => `key: |\n  ${text.replaceAll('\n', '\n  ')}`,
  'in an object of JSON': (text) => JSON.stringify({ realm: 'demo', public_key: text }),
  'in a list of JSON': (text) => JSON.stringify([text, text]),
  'deep in JSON': (text) => JSON.stringify({ a: [{ b: { c: [text] } }] }),
  'before a semicolon': (text) => `${text};`,
  'before a comma': (text) => `${text},`,
  'before a comment': (text) => `${text} # comment`,
  'behind a comment': (text) => `# key\n${text}`,
  'behind a comment of C': (text) => `// the [public] key\n${text}`,
  'behind a data: URL': (text) => `data:text/plain;base64,${Buffer.from(text).toString('base64')}`,
  'with space around it': (text) => `\n\t ${text} \r\n`,
  twice: (text) => `${text}\n${text}`,
  'in Base64': (text) => Buffer.from(text).toString('base64'),
  'with a zero in front': (text) => `\0${text}`,
  'in UTF-16': (text) => Buffer.from(text, 'utf16le'),
  'as bytes': (text) => Buffer.from(text),
  'as a secret KeyObject': (text) => createSecretKey(Buffer.from(text)),
  'as a JWK of type oct': (text) => ({ kty: 'oct', k: Buffer.from(text).toString('base64url') }),
};

/** Whether HS256 would be verified with a material; one that is refused is safe. */
function isSecret(material: unknown): boolean {
  try {
    return toVerificationKeys(material).some(({ key }) => key.type === 'secret');
  } catch (error) {
    expect(error).to.be.instanceOf(TypeError);
    return false;
  }
}

describe('a public key is never a shared secret', () => {
  for (const [where, wrap] of Object.entries(WRAPPINGS)) {
    for (const [how, encode] of Object.entries(ENCODINGS)) {
      it(`${how}, ${where}`, () => {
        const taken = FORMS.filter(([, form]) => isSecret(wrap(encode(form)))).map(([what]) => what);
        expect(taken).to.deep.equal([]);
      });
    }
  }

  it('as an object around it, which is no key', () => {
    const base64 = rsa.export({ type: 'spki', format: 'der' }).toString('base64');
    for (const material of [{ realm: 'demo', public_key: base64 }, { x5c: [base64] }, [base64]])
      expect(() => toVerificationKeys(material)).to.throw(TypeError);
  });
});

describe('to look for a key', () => {
  const der = rsa.export({ type: 'spki', format: 'der' }).toString('base64');
  const parts: [what: string, part: string][] = [
    ['backslashes', '\\'],
    ['labels of PEM', '-----BEGIN X KEY-----'],
    ['words of labels', 'BEGIN '],
    ['quotes and space', `"${' '.repeat(99)}`],
    ['the beginning of DER', `${der.slice(0, 60)} `],
    ['pairs of hex', '30 \\\\\\\\'],
    ['numbers', '1 "1" : '],
    ['members of a JWK', '{"kty": '],
    ['percent signs', '%25'],
    ['comments', '# \n'],
    ['words', 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz.'],
    ['names of SSH keys', 'ecdsa-sha2-a'],
  ];
  for (const [what, part] of parts) {
    it(`takes time in proportion to the length of the value: ${what}`, async () => {
      const costOf = (length: number): Promise<number> =>
        cpuOf(() => isSecret(part.repeat(Math.ceil(length / part.length))));
      // A square of it would be minutes.
      expect(await costOf(300_000)).to.be.below(10_000);
    });
  }
});
