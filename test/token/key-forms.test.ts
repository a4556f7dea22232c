import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import {
  assert,
  constantFrom,
  integer,
  noBias,
  oneof,
  property,
  string,
  tuple,
  uint8Array,
} from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { toVerificationKeys } from '../../lib/token/keys';
import type { VerificationKey } from '../../lib/token/keys';
import { bits, der, integer as number, NULL, octets, oid, sequence, toPem } from '../support/der';
import { KEY_FORMS, utf16be } from '../support/key-forms';
import { rsaKeys } from '../support/tokens';

const { publicKey, privateKey } = rsaKeys();
const spki = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
const jwkText = JSON.stringify(createPublicKey(publicKey).export({ format: 'jwk' }));
const setText = `{"keys":[${jwkText}]}`;

describe('a public key', () => {
  for (const [what, material] of KEY_FORMS) {
    it(`is recognized as a key, not as a shared secret, as ${what}`, () => {
      const keys = toVerificationKeys(material);
      expect(keys).to.have.length(1);
      expect((keys[0] as VerificationKey).key.export({ type: 'spki', format: 'pem' })).to.equal(publicKey);
    });
  }

  it('is the first of several blocks that can be read', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const lines = [
      toPem('DH PARAMETERS', sequence(number(5), number(7))),
      publicKey,
      other.publicKey.export({ type: 'spki', format: 'pem' }),
    ];
    const [key] = toVerificationKeys(lines.join('').replaceAll('\n', ' ')) as [VerificationKey];
    expect(key.key.export({ type: 'spki', format: 'pem' })).to.equal(publicKey);
  });
});

describe('text that looks like a key and cannot be read', () => {
  const encrypted = { type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  const { privateKey: pair } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encryptedDer = pair.export({ ...encrypted, format: 'der' });
  const dashed = publicKey.replaceAll('-----', '\u2013\u2013\u2013');
  const sshText = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 bob@example';
  const sshWire = (type: string): Buffer =>
    Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), randomBytes(40)]);
  const unknown = sequence(sequence(oid('2b060104018237'), NULL), bits(randomBytes(64)));
  const asText: [what: string, text: string][] = [
    ['a broken PEM', publicKey.replace('MII', 'XXX')],
    ['a PEM that was cut off', publicKey.slice(0, 200)],
    ['the label of a PEM alone, as an unquoted .env file leaves it', '-----BEGIN PUBLIC KEY-----'],
    ['a PEM without its first label', publicKey.replace(/^.*\n/, '')],
    ['a PEM without its last label', publicKey.replace(/-----END.*\n$/, '')],
    ['Base64 of DER that was cut off, behind a name', `KEY=${spki.toString('base64').slice(0, 200)}`],
    ['an encrypted private key', pair.export({ ...encrypted, format: 'pem' }) as string],
    ['an OpenSSH private key', toPem('OPENSSH PRIVATE KEY', randomBytes(99))],
    ['a PGP key', toPem('PGP PUBLIC KEY BLOCK', randomBytes(99))],
    ['a request for a certificate', toPem('CERTIFICATE REQUEST', unknown)],
    ['a PEM whose label a word processor has changed', dashed],
    ['a PEM as in a URL', encodeURIComponent(publicKey)],
    [
      'an SSH public key in its own PEM',
      '---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2E=\n---- END SSH2 PUBLIC KEY ----',
    ],
    ['an SSH public key', sshText],
    ['an SSH public key with space in front', `\n ${sshText}`],
    ['an SSH public key of ECDSA', 'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY='],
    ['an SSH public key of a token', 'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t'],
    ['the middle of an SSH public key', sshWire('ssh-ed25519').toString('base64')],
    ['the middle of an SSH public key of a token', sshWire('sk-ssh-ed25519@openssh.com').toString('base64')],
    ['the middle of an SSH public key of ECDSA', sshWire('ecdsa-sha2-nistp256').toString('base64')],
    ['an SSH public key behind the name of a host', `git.example ${sshText}`],
    ['a key of PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none'],
    [
      'a key in the XML of .NET',
      '<RSAKeyValue><Modulus>xxxx</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>',
    ],
    ['a certificate in SAML', '<?xml version="1.0"?><ds:X509Certificate>MIIC</ds:X509Certificate>'],
    ['a JWK that was cut off', jwkText.slice(0, -20)],
    [
      'a JWK with its members in another order that was cut off',
      jwkText.replace('{', '{"use":"sig",').slice(0, -20),
    ],
    ['a JWK with space in front of its members', `{\n  "kty": "RSA", `],
    ['a JWK in JavaScript', `{ kty: 'RSA', n: 'xxxx', e: 'AQAB' }`],
    ['a JWK in a string of JSON', JSON.stringify({ key: jwkText })],
    ['a JWK in YAML', 'kty: RSA\nn: xxxx\ne: AQAB'],
    ['a JWK without its braces', jwkText.slice(1, -1)],
    ['a JWK that was cut off behind a name', `KEY='${jwkText.slice(0, -20)}`],
    ['a JWK set that was cut off in quotes', `'${setText.slice(0, -1)}'`],
    ['a JWK without its numbers', '{"kty":"RSA"}'],
    ['a JWK of an unknown type', '{"kty":"AKP","pub":"xxxx"}'],
    ['a JWK whose kty is no string', '{"kty":["RSA"]}'],
    ['a JWK inside another object', `{"one":${jwkText}}`],
    ['a JWK set that was cut off', setText.slice(0, -1)],
    ['a JWK set without keys', '{"keys":[]}'],
    ['a JWK set that is none', '{"keys":"none"}'],
    ['a JWK set of what cannot be read', '{"keys":[{"kty":"RSA"},{"kty":"oct"}]}'],
    ['DER read as UTF-8', spki.toString()],
    ['DER read as Latin-1, behind a name', `KEY=${spki.toString('latin1')}`],
    ['DER read as ASCII', spki.toString('ascii')],
    [
      'DER of PKCS#1 read as UTF-8',
      createPublicKey(publicKey).export({ type: 'pkcs1', format: 'der' }).toString(),
    ],
    [
      'DER of an EC key read as UTF-8',
      createPublicKey(pair).export({ type: 'spki', format: 'der' }).toString(),
    ],
    [
      'DER of an Ed25519 key read as UTF-8',
      // With a byte that is no UTF-8, whatever the key is.
      Buffer.concat([Buffer.from('302a300506032b6570032100ff', 'hex'), randomBytes(31)]).toString(),
    ],
  ];
  for (const [what, text] of asText) {
    const forms: [form: string, material: string | Buffer][] = [
      ['text', text],
      ['bytes', Buffer.from(text)],
      ['UTF-16', Buffer.from(text, 'utf16le')],
      ['UTF-16, most significant byte first', utf16be(`\uFEFF${text}`)],
    ];
    for (const [form, material] of forms) {
      it(`throws: ${what}, as ${form}`, () => {
        expect(() => toVerificationKeys(material)).to.throw(TypeError);
      });
    }
  }

  const asBytes: [what: string, bytes: Buffer][] = [
    ['an encrypted private key', encryptedDer],
    ['a key of an unknown type', unknown],
    [
      'a container of PKCS#7',
      sequence(oid('2a864886f70d010702'), der(0xa0, sequence(number(1), der(0x31), octets(randomBytes(99))))),
    ],
    [
      'a container of PKCS#12',
      sequence(number(3), sequence(oid('2a864886f70d010701'), der(0xa0, octets(randomBytes(300))))),
    ],
    [
      'numbers that are no RSA key',
      sequence(number(1), number(0x7f, 0xff), number(3), number(0x80, 0), number(...Buffer.alloc(40, 7))),
    ],
    [
      'every kind of element that a certificate has',
      sequence(
        oid('550403'),
        der(0x01, Buffer.from([0xff])),
        der(0x01, Buffer.from([0])),
        der(0x0a, Buffer.from([1])),
        der(0x0c, Buffer.from('é')),
        ...[0x12, 0x13, 0x16, 0x17, 0x18, 0x1a].map((tag) => der(tag, Buffer.from('2026'))),
        ...[0x14, 0x1c, 0x1e, 0x80, 0x81, 0x82].map((tag) => der(tag, randomBytes(9))),
        der(0x31),
        der(0xa0),
        der(0xa1),
        der(0xa2),
        der(0xa3),
        bits(randomBytes(9)),
      ),
    ],
    ['an SPKI that was cut off', spki.subarray(0, 100)],
    ['an SSH public key', sshWire('ssh-rsa')],
  ];
  for (const [what, bytes] of asBytes) {
    const forms: [form: string, material: string | Buffer][] = [
      ['bytes', bytes],
      ['Base64', bytes.toString('base64')],
      ['hex', bytes.toString('hex')],
    ];
    for (const [form, material] of forms) {
      it(`throws: ${what}, as ${form}`, () => {
        expect(() => toVerificationKeys(material)).to.throw(TypeError, /looks like|JWK/);
      });
    }
  }

  it('is refused with a list of the accepted forms, and a hint if a PEM has no line breaks', () => {
    const message = (material: string): string => {
      try {
        toVerificationKeys(material);
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    const broken = privateKey.replace('MII', 'XXX');
    expect(message(broken))
      .to.match(/looks like PEM.*PEM, DER, Base64.*JWK/)
      .and.not.match(/one line/);
    expect(message('-----BEGIN PUBLIC KEY-----')).to.match(/one line.*\.env.*quotes.*\\n/);
    for (const line of broken.split('\n').filter((part) => part !== '')) {
      if (!line.startsWith('-----')) expect(message(broken)).not.to.include(line);
    }
  });
});

describe('a real shared secret', () => {
  /** Every secret stays what it is, byte by byte. */
  function holds(secrets: Arbitrary<string | Uint8Array>, numRuns: number): void {
    assert(
      property(secrets, (secret) => {
        const [{ key }, ...others] = toVerificationKeys(secret) as [VerificationKey];
        return key.type === 'secret' && key.export().equals(Buffer.from(secret)) && others.length === 0;
      }),
      { numRuns },
    );
  }

  // Without fast-check's preference for small numbers, which are what DER is made of.
  const bytes = (minLength = 1, maxLength = 80): Arbitrary<Buffer> =>
    noBias(uint8Array({ minLength, maxLength })).map((some) => Buffer.from(some));
  /** Bytes that begin like a sequence of just their length. */
  const nearDer = (inner: Arbitrary<Buffer>): Arbitrary<Buffer> => inner.map((content) => der(0x30, content));
  const words = constantFrom(
    'correct',
    'horse',
    'BEGIN',
    'certificate',
    'ssh',
    'key',
    'kty',
    '-',
    '"',
    '{',
    '----',
    '0',
  );

  it('of random bytes is not taken as a key', () => holds(bytes(), 20_000));
  it('of random bytes that begin like DER is not taken as a key', () => {
    holds(
      oneof(
        bytes().map((some) => Buffer.concat([Buffer.from([0x30]), some])),
        nearDer(bytes(1, 150)),
        nearDer(bytes(2, 127).map((some) => der(0x02, some))),
      ),
      30_000,
    );
  });
  it('in hex, Base64 or Base64url is not taken as a key', () => {
    const encoded = tuple(bytes(), constantFrom('hex', 'base64', 'base64url'), constantFrom('', '\n', '='));
    holds(
      encoded.map(([some, encoding, end]) => some.toString(encoding as 'hex') + end),
      30_000,
    );
  });
  it('in hex, Base64 or Base64url of bytes that begin like DER is not taken as a key', () => {
    const encoded = tuple(nearDer(bytes()), constantFrom('hex', 'base64', 'base64url'));
    holds(
      encoded.map(([some, encoding]) => some.toString(encoding as 'hex')),
      10_000,
    );
  });
  it('of random bytes that were read as text is not taken as a key', () => {
    holds(
      tuple(oneof(bytes(), nearDer(bytes())), constantFrom('utf8', 'latin1', 'ascii', 'utf16le')).map(
        ([some, encoding]) => `x${some.toString(encoding as 'utf8')}`,
      ),
      10_000,
    );
    holds(
      nearDer(bytes(30, 120)).map((some) => some.toString()),
      10_000,
    );
  });
  it('of words, or any text, is not taken as a key', () => {
    const phrases = tuple(words, words, words, words).map((some) => some.join(' '));
    holds(
      oneof(phrases, string({ minLength: 1, maxLength: 100 }), string({ unit: 'grapheme', minLength: 1 })),
      10_000,
    );
  });
  it('that is a UUID, or a number, is not taken as a key', () => {
    holds(
      oneof(
        integer().map(() => randomUUID()),
        integer().map(String),
      ),
      5_000,
    );
  });

  const honest: [what: string, secret: string | Buffer][] = [
    ['an object as JSON', '{"secret":"of the application, of 32 bytes"}'],
    ['a list as JSON', '["one secret", "another secret, of 32 bytes"]'],
    ['a string as JSON', '"a secret of the application, of 32 bytes"'],
    ['JSON that was cut off', '{"secret":"of the application, of 32 bytes'],
    ['quotes without end', '"'.repeat(40)],
    ['JSON in JSON in JSON in JSON', JSON.stringify(JSON.stringify(JSON.stringify(JSON.stringify('x'))))],
    ['a token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJlIG9mIHRoZSB0b2tlbg'],
    ['one byte', Buffer.from([0x30])],
    ['a sequence of nothing', Buffer.from([0x30, 0])],
    ['a sequence of one number', sequence(number(5))],
    [
      'two short numbers, with bytes behind them',
      Buffer.concat([sequence(number(...Buffer.alloc(40, 7)), number(5)), randomBytes(9)]),
    ],
    ['a sequence of unknown length', Buffer.from('3080020105020107', 'hex')],
    ['a sequence whose length is not the shortest', Buffer.from('308106020105020107', 'hex')],
    ['a sequence whose length takes five bytes', Buffer.from('3085000000000602010502010700', 'hex')],
    ['a sequence whose length is cut off', Buffer.from('308201', 'hex')],
    ['a number that is not the shortest', sequence(number(0, 5), number(7))],
    ['a negative number that is not the shortest', sequence(number(0xff, 0x85), number(7))],
    ['a number without bytes', sequence(number(), number(7))],
    ['an element that says more than is there', Buffer.from('3006020105020207', 'hex')],
    ['an element without a length', Buffer.from('300402010502', 'hex')],
    ['a sequence without object identifiers', sequence(octets(randomBytes(20)), number(5))],
    ['an object identifier that does not end', sequence(oid('2b81'), NULL)],
    ['an object identifier of one byte', sequence(oid('2b'), NULL)],
    ['an object identifier that is not the shortest', sequence(oid('802b65'), NULL)],
    ['a boolean of two bytes', sequence(oid('2b6570'), der(0x01, Buffer.from([0xff, 0xff])))],
    ['a boolean that is neither', sequence(oid('2b6570'), der(0x01, Buffer.from([7])))],
    ['bits without a count', sequence(oid('2b6570'), der(0x03))],
    ['bits with a wrong count', sequence(oid('2b6570'), der(0x03, Buffer.from([8])))],
    ['null that is something', sequence(oid('2b6570'), der(0x05, Buffer.from([1])))],
    ['text that is no UTF-8', sequence(oid('2b6570'), der(0x0c, Buffer.from([0xff])))],
    ['text that is no ASCII', sequence(oid('2b6570'), der(0x13, Buffer.from([0xe9])))],
    ['an element of no key', sequence(oid('2b6570'), der(0x1b, Buffer.from('x')))],
    ['a sequence with bytes behind it', Buffer.concat([sequence(oid('2b6570'), NULL), Buffer.from('x')])],
    ['UTF-16 of an odd length', Buffer.from([0, 0x61, 0])],
  ];
  for (const [what, secret] of honest) {
    it(`may be ${what}`, () => {
      const [{ key }] = toVerificationKeys(secret) as [VerificationKey];
      expect(key.type).to.equal('secret');
      expect(key.export()).to.deep.equal(Buffer.from(secret));
    });
  }
});
