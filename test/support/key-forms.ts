import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
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

const oneLine = (text: string, between = ''): string => text.trimEnd().replaceAll('\n', between);
const lines = (text: string, length: number, end: string): string =>
  (text.match(new RegExp(`.{1,${length}}`, 'g')) as string[]).join(end);

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
  ['DER read as Latin-1', spki.toString('latin1')],
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
  ['hex of DER', spki.toString('hex')],
  ['hex of DER in capitals', spki.toString('hex').toUpperCase()],
  ['hex of DER with colons, as openssl shows it', lines(spki.toString('hex'), 2, ':')],
  ['hex of a PEM', Buffer.from(pem).toString('hex')],
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
  } else if (material instanceof ArrayBuffer) {
    guesses.push(Buffer.from(material), '[object ArrayBuffer]');
  } else {
    guesses.push(JSON.stringify(material), '[object Object]');
  }
  return guesses;
}
