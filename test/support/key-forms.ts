import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import type { KeyMaterial } from '../../lib';
import { selfSigned, toPem } from './der';
import { rsaKeys } from './tokens';

/** A form in which applications have a key, and the same key in that form. */
export type KeyForm = readonly [what: string, material: KeyMaterial];

const { publicKey: pem, privateKey: privatePem } = rsaKeys();
const publicKey = createPublicKey(pem);
const privateKey = createPrivateKey(privatePem);

const toDer = (key: KeyObject, type: 'spki' | 'pkcs1' | 'pkcs8'): Buffer =>
  key.type === 'public'
    ? key.export({ type: type as 'spki', format: 'der' })
    : key.export({ type: type as 'pkcs8', format: 'der' });

const spki = toDer(publicKey, 'spki');
const pkcs1 = toDer(publicKey, 'pkcs1');
const certificate = selfSigned(publicKey, privateKey);
const certificatePem = toPem('CERTIFICATE', certificate);
const jwk = publicKey.export({ format: 'jwk' });
const jwkText = JSON.stringify(jwk);
const setText = JSON.stringify({ keys: [{ ...jwk, kid: 'one', use: 'sig', alg: 'RS256' }] });
const base64 = spki.toString('base64');

const certificateBase64 = certificate.toString('base64');
const hex = spki.toString('hex');

const oneLine = (text: string, between = ''): string => text.trimEnd().replaceAll('\n', between);
const lines = (text: string, length: number, end: string): string =>
  (text.match(new RegExp(`.{1,${length}}`, 'g')) as string[]).join(end);

/** Base64 in lines, of which the first has the name of a variable in front. */
function folded(name: string, text: string): string {
  return lines(`${name}=${text}`, 64, '\n');
}

/** As Python prints bytes. */
function pythonBytes(bytes: Buffer): string {
  const escape = (char: string): string => `\\x${Buffer.from(char, 'latin1').toString('hex')}`;
  return `b'${bytes.toString('latin1').replace(/[^!-&(-[\]-~]/g, escape)}'`;
}

/** UTF-16, most significant byte first. */
export function utf16be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

const arrayBufferOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

/** One RSA key of {@link rsaKeys}, in every form that is in use. */
export const KEY_FORMS: readonly KeyForm[] = [
  // PEM (RFC 7468)
  ['a PEM', pem],
  ['a PEM of PKCS#1', publicKey.export({ type: 'pkcs1', format: 'pem' })],
  ['a PEM of a certificate', certificatePem],
  ['a PEM of a chain of certificates', certificatePem + certificatePem],
  ['a PEM of a private key', privatePem],
  ['a PEM of a private key of PKCS#1', privateKey.export({ type: 'pkcs1', format: 'pem' })],
  ['a PEM with text in front', `Bag Attributes\n    friendlyName: x\n${pem}`],
  ['a PEM with text in front of it on its line', `JWT_PUBLIC_KEY=${pem}`],
  ['a PEM with space around it', `\n  ${pem}\n\n`],
  ['a PEM whose lines are indented', pem.replaceAll('\n', '\n    ')],
  ['a PEM with CRLF', pem.replaceAll('\n', '\r\n')],
  ['a PEM with CR', pem.replaceAll('\n', '\r')],
  ['a PEM with a byte-order mark', `\uFEFF${pem}`],
  ['a PEM with a byte-order mark, as bytes', Buffer.from(`\uFEFF${pem}`)],
  ['a PEM on one line', oneLine(pem)],
  ['a PEM on one line, with spaces for line breaks', oneLine(pem, ' ')],
  ['a PEM with \\n written out', oneLine(pem, '\\n')],
  ['a PEM with \\n written out at its end too', pem.replaceAll('\n', '\\n')],
  ['a PEM with \\r\\n written out', pem.replaceAll('\n', '\\r\\n')],
  ['a PEM with \\\\n written out', pem.replaceAll('\n', '\\\\n')],
  [
    'a PEM with its labels in small letters',
    pem.replace(/-----[A-Z ]+-----/g, (label) => label.toLowerCase()),
  ],
  ['a PEM in quotes', `"${oneLine(pem, '\\n')}"`],
  ['a PEM of a certificate on one line', oneLine(certificatePem)],
  ['a PEM of a private key on one line', oneLine(privatePem)],
  ['a PEM under the label of another form', pem.replaceAll('PUBLIC KEY', 'RSA PUBLIC KEY')],
  ['a PEM in JSON', JSON.stringify({ public_key: pem })],
  ['a PEM as bytes', Buffer.from(pem)],
  ['a PEM in an ArrayBuffer', arrayBufferOf(Buffer.from(pem))],
  ['a PEM in UTF-16', Buffer.from(pem, 'utf16le')],
  ['a PEM in UTF-16 with a byte-order mark', Buffer.from(`\uFEFF${pem}`, 'utf16le')],
  ['a PEM in UTF-16, most significant byte first', utf16be(pem)],
  ['a PEM in UTF-16, most significant byte first, with a byte-order mark', utf16be(`\uFEFF${pem}`)],
  ['a PEM in UTF-16, read as UTF-8', Buffer.from(`\uFEFF${pem}`, 'utf16le').toString()],
  ['a PEM in UTF-16, read as Latin-1', Buffer.from(`\uFEFF${pem}`, 'utf16le').toString('latin1')],
  // DER
  ['DER', spki],
  ['DER of PKCS#1', pkcs1],
  ['DER of a certificate', certificate],
  ['DER of a private key', toDer(privateKey, 'pkcs8')],
  ['DER of a private key of PKCS#1', toDer(privateKey, 'pkcs1')],
  ['DER in a Uint8Array', Uint8Array.from(spki)],
  ['DER in an ArrayBuffer', arrayBufferOf(spki)],
  ['DER with a line break behind it', Buffer.concat([spki, Buffer.from('\r\n')])],
  ['DER with a line break in front', Buffer.concat([Buffer.from('\n'), spki])],
  ['DER with a zero in front', Buffer.concat([Buffer.from([0]), spki])],
  ['DER of a chain of certificates', Buffer.concat([certificate, certificate])],
  ['DER read as Latin-1', spki.toString('latin1')],
  ['DER read as Latin-1, in UTF-16', Buffer.from(spki.toString('latin1'), 'utf16le')],
  ['DER as Python prints it', pythonBytes(spki)],
  [
    'DER as PostgreSQL once printed it',
    spki.toString('latin1').replace(/[^]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`),
  ],
  // Base64 and hex of these
  ['Base64 of DER, as Keycloak shows it', base64],
  ['Base64 of DER as bytes', Buffer.from(base64)],
  ['Base64 of DER in UTF-16', Buffer.from(base64, 'utf16le')],
  ['Base64 of DER without padding', base64.replaceAll('=', '')],
  ['Base64 of DER in lines', lines(base64, 64, '\n')],
  ['Base64 of DER in lines of MIME', lines(base64, 76, '\r\n')],
  ['Base64 of DER in lines written out', lines(base64, 64, '\\n')],
  ['Base64 of DER with space around it', `  ${base64}\n`],
  ['Base64 of DER in quotes', `'${base64}'`],
  ['Base64url of DER', spki.toString('base64url')],
  ['Base64 of DER of PKCS#1', pkcs1.toString('base64')],
  ['Base64 of DER of a certificate, as in x5c', certificate.toString('base64')],
  ['Base64 of DER of a private key', toDer(privateKey, 'pkcs8').toString('base64')],
  ['Base64 of a PEM', Buffer.from(pem).toString('base64')],
  ['Base64url of a PEM', Buffer.from(pem).toString('base64url')],
  ['Base64 of a PEM in UTF-16', Buffer.from(pem, 'utf16le').toString('base64')],
  ['Base64 of Base64 of a PEM', Buffer.from(Buffer.from(pem).toString('base64')).toString('base64')],
  ['hex of DER', hex],
  ['hex of DER in capitals', hex.toUpperCase()],
  ['hex of DER behind 0x', `0x${hex}`],
  ['hex of DER with colons, as openssl shows it', lines(hex, 2, ':')],
  ['hex of DER with colons, in indented lines', lines(lines(hex, 2, ':'), 45, '\n    ')],
  ['hex of DER with dashes, as .NET shows it', lines(hex.toUpperCase(), 2, '-')],
  ['hex of DER as PostgreSQL shows it', `\\x${hex}`],
  ['hex of DER as C writes it', lines(hex, 2, ', 0x').replace('30', '0x30')],
  ['hex of DER as escapes', lines(hex, 2, '\\x').replace('30', '\\x30')],
  ['hex of DER as Node inspects a Buffer', `<Buffer ${lines(hex, 2, ' ')}>`],
  ['hex of DER behind a name', `JWT_PUBLIC_KEY=${hex}`],
  ['hex of a PEM', Buffer.from(pem).toString('hex')],
  ['hex of DER by kid', JSON.stringify({ abc123: hex })],
  ['hex of DER by kid, in YAML', `abc123: ${hex}`],
  // Base64 of these, with something around it
  ['Base64 of DER behind a name', `JWT_PUBLIC_KEY=${base64}`],
  ['Base64 of DER in quotes behind a name', `JWT_PUBLIC_KEY="${base64}"`],
  ['Base64 of DER in a line of a shell', `export JWT_PUBLIC_KEY='${base64}';`],
  ['Base64 of DER in YAML', `public-key: |\n  ${lines(base64, 64, '\n  ')}\n`],
  ['Base64 of DER behind a comment', `# the key of the realm\n${lines(base64, 64, '\n')}`],
  ['Base64 of DER with a comment behind it', `${base64} # the key of the realm`],
  ['Base64 of DER in backticks', `\`${base64}\``],
  ['Base64 of DER in angle brackets', `<${base64}>`],
  ['Base64 of DER before a semicolon', `${base64};`],
  ['Base64 of DER with its lines continued', lines(base64, 64, '\\\n')],
  ['Base64 of DER in lines that source code joins', `"${lines(base64, 64, '" +\n  "')}"`],
  ['Base64 of DER with its slashes escaped, as PHP does', base64.replaceAll('/', '\\/')],
  ['Base64 of DER in XML', `<key>${base64.replaceAll('+', '&#43;').replaceAll('/', '&#x2F;')}</key>`],
  ['Base64 of DER, percent-encoded', encodeURIComponent(`${base64}\n`)],
  ['Base64 of DER, percent-encoded, in lines', encodeURIComponent(lines(base64, 64, '\r\n'))],
  ['Base64 of DER in a data: URL', `data:application/octet-stream;base64,${base64}`],
  ['Base64 of DER behind its encoding', `base64:${base64}`],
  ['Base64 of a certificate that was folded with its name', folded('MAIN_CERTIFICATE', certificateBase64)],
  ['Base64 of certificates, one a line', `${certificateBase64}\n${certificateBase64}`],
  ['Base64 of certificates, in lines', lines(`${certificateBase64}\n`.repeat(2), 64, '\n')],
  ["Keycloak's document of a realm", JSON.stringify({ realm: 'demo', public_key: base64 })],
  ['x5c', JSON.stringify([certificateBase64, certificateBase64])],
  ['an object with x5c', JSON.stringify({ x5c: [certificateBase64] })],
  ['certificates by kid', JSON.stringify({ one: certificateBase64 }, undefined, 2)],
  [
    'Base64 of a PEM behind a comment',
    `# realm key\n${lines(Buffer.from(pem).toString('base64'), 76, '\n')}`,
  ],
  // Numbers
  ['JSON of a Buffer', JSON.stringify(spki)],
  ['JSON of a Uint8Array', JSON.stringify(Uint8Array.from(spki))],
  ['a list of numbers, as Java prints it', `[${Array.from(Int8Array.from(spki)).join(', ')}]`],
  ['a list of numbers, as Go prints it', `[${spki.join(' ')}]`],
  ['JSON of a Buffer of a PEM', JSON.stringify(Buffer.from(pem))],
  // JWK (RFC 7517)
  ['a JWK', jwk],
  ['a private JWK', privateKey.export({ format: 'jwk' })],
  ['a JWK as text', jwkText],
  ['a JWK as indented text', JSON.stringify(jwk, undefined, 2)],
  ['a JWK as text with space around it', `\r\n ${jwkText}\n`],
  ['a JWK as text with its members in another order', JSON.stringify({ e: jwk.e, n: jwk.n, kty: jwk.kty })],
  ['a JWK as bytes', Buffer.from(jwkText)],
  ['a JWK in UTF-16', Buffer.from(`\uFEFF${jwkText}`, 'utf16le')],
  ['a JWK in UTF-16, most significant byte first', utf16be(jwkText)],
  ['a JWK as text in a JSON string', JSON.stringify(jwkText)],
  ['Base64 of a JWK', Buffer.from(jwkText).toString('base64')],
  ['Base64url of a JWK', Buffer.from(jwkText).toString('base64url')],
  ['a JWK in single quotes', `'${jwkText}'`],
  ['a JWK in double quotes, as Docker leaves them', `"${jwkText}"`],
  ['a JWK in backticks', `\`${jwkText}\``],
  ['a JWK in quotes, as bytes', Buffer.from(`'${jwkText}'`)],
  ['a JWK in quotes, as a secret KeyObject', createSecretKey(Buffer.from(`'${jwkText}'`))],
  ['Base64 of a JWK in quotes', Buffer.from(`'${jwkText}'`).toString('base64')],
  ['a JWK behind a name', `JWT_PUBLIC_KEY=${jwkText}`],
  ['a JWK in a line of a shell', `export JWT_PUBLIC_KEY='${jwkText}';`],
  ['a JWK behind a comment', `# of the [demo] realm {1}\n${jwkText}\n`],
  ['a JWK with its quotes escaped', jwkText.replaceAll('"', '\\"')],
  ['a JWK in an attribute of XML', jwkText.replaceAll('"', '&quot;')],
  ['a JWK, percent-encoded', encodeURIComponent(jwkText)],
  ['a JWK behind a comment, percent-encoded', encodeURIComponent(`# [demo]\n${jwkText}`)],
  ['a JWK set in quotes', `'${setText}'`],
  ['a JWK set, percent-encoded', encodeURIComponent(setText)],
  ['a JWK set', { keys: [jwk] }],
  ['a JWK set as text', setText],
  ['a JWK set as indented text', JSON.stringify(JSON.parse(setText), undefined, 2)],
  ['a JWK set as bytes', Buffer.from(setText)],
  ['Base64 of a JWK set', Buffer.from(setText).toString('base64')],
  ['a list of JWKs as text', JSON.stringify([jwk])],
];

/** What somebody who knows the public key may sign with, hoping that the server takes it for a shared secret. */
export function guessesOf(material: KeyMaterial): readonly (string | Buffer)[] {
  const guesses: (string | Buffer)[] = [pem, pem.trim(), spki, base64, jwkText];
  if (typeof material === 'string') {
    const plain = material
      .replaceAll('\0', '')
      .replace(/^[\uFEFF\uFFFDÿþ]+/, '')
      .trim();
    guesses.push(
      material,
      Buffer.from(material, 'latin1'),
      Buffer.from(material, 'utf16le'),
      material.trim(),
      plain,
    );
  } else if (material instanceof Uint8Array) {
    guesses.push(
      Buffer.from(material),
      Buffer.from(material).toString(),
      Buffer.from(material).toString('latin1'),
    );
  } else if (material instanceof KeyObject) {
    guesses.push(material.export());
  } else if (material instanceof ArrayBuffer) {
    guesses.push(Buffer.from(material), '[object ArrayBuffer]');
  } else {
    guesses.push(JSON.stringify(material), '[object Object]');
  }
  return guesses;
}
