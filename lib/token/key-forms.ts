/**
 * Finds the keys in a value of any form. If a public key were used as a shared secret, everyone who knows it could
 * sign (RFC 8725 §2.1). So every usual form is tried, and a value that only looks like one is refused.
 */
import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { isAnyArrayBuffer } from 'node:util/types';
import { describe } from '../runtime/describe';
import type { Jwk } from '../types';
import { isDer, readDer } from './key-der';
import { encodedIn, unescapedFrom } from './key-encodings';
import { jwksIn, jwksOf, looksLikeJwk } from './key-jwk';
import { looksLikePem, readPem } from './key-pem';

/** What a value held. */
export type FoundKeys = readonly (KeyObject | Jwk)[];

const ACCEPTED =
  'accepted are a shared secret (a string or bytes), a public key, certificate or private key (PEM, DER, Base64 or hex of these, JWK or JWK set, as text or bytes) and a KeyObject';

/** How many encodings may wrap a key: a Kubernetes secret shows Base64 of Base64 of a PEM, and it may have escapes. */
const MAX_LAYERS = 4;

/**
 * @returns at least one key; a shared secret if the value is no other key
 * @throws TypeError that says what is wrong, never the value
 */
export function findKeys(material: unknown): FoundKeys {
  if (material instanceof KeyObject) return fromKeyObject(material);
  const isText = typeof material === 'string';
  const bytes = isText ? Buffer.from(material) : toBytes(material);
  if (bytes !== undefined) {
    // Node's crypto refuses an empty secret late, and differently in each version.
    if (bytes.length === 0) throw new TypeError('must not be empty');
    const found = isText ? findInText(material, MAX_LAYERS) : findInBytes(bytes, MAX_LAYERS);
    return found ?? [createSecretKey(bytes)];
  }
  const jwks = Array.isArray(material) ? undefined : jwksOf(material);
  if (jwks === undefined) throw new TypeError(`expected a key, got ${describe(material)}; ${ACCEPTED}`);
  return jwks;
}

/** The bytes that a `Buffer`, another view, or an `ArrayBuffer` has; not a copy. */
export function toBytes(material: unknown): Buffer | undefined {
  if (ArrayBuffer.isView(material))
    return Buffer.from(material.buffer, material.byteOffset, material.byteLength);
  return isAnyArrayBuffer(material) ? Buffer.from(material) : undefined;
}

/** Whether a shared secret is in fact something else, such as a PEM that was made a secret. */
export function isDisguised(secret: KeyObject): boolean {
  return findInBytes(secret.export(), MAX_LAYERS) !== undefined;
}

function fromKeyObject(key: KeyObject): FoundKeys {
  if (key.type === 'private') return [createPublicKey(key)];
  return (key.type === 'secret' ? findInBytes(key.export(), MAX_LAYERS) : undefined) ?? [key];
}

function findInBytes(bytes: Buffer, layers: number): FoundKeys | undefined {
  const key = readDer(bytes);
  if (key !== undefined) return [key];
  if (isDer(bytes)) throw unreadable('DER');
  return findInText(decodeText(bytes), layers, bytes.toString('latin1'));
}

/** @param binary the bytes of the text as one character each; a string may be DER that was read as text */
function findInText(text: string, layers: number, binary = text): FoundKeys | undefined {
  const plain = withoutMarks(text);
  if (looksLikePem(plain)) return [readPem(plain) ?? refusePem(plain)];
  if (SSH_KEY.test(plain)) throw unreadable('an SSH key');
  if (XML_KEY.test(plain)) throw unreadable('a key in XML');
  const jwks = jwksIn(plain);
  if (jwks !== undefined) return jwks;
  const readings = [...new Set([binary, text].map((one) => one.replace(BEFORE_BYTES, '')))];
  for (const one of readings) {
    const key = one.startsWith('0') ? readDer(Buffer.from(one, 'latin1')) : undefined;
    if (key !== undefined) return [key];
  }
  const isBroken = readings.some((one) => BROKEN_DER.test(one));
  const fault = isBroken ? unreadable('DER that was cut off, or read as text') : undefined;
  return findEncoded(plain, layers, looksLikeJwk(plain) ? unreadable('a JWK') : fault);
}

/**
 * The first key that a text holds in another encoding. What only looks like a key counts if there is none: it may be a
 * line of the key, or stand beside it.
 *
 * @param fault of the text itself
 */
function findEncoded(text: string, layers: number, fault: unknown): FoundKeys | undefined {
  let firstFault = fault;
  for (const bytes of layers > 0 ? hiddenIn(text) : []) {
    try {
      const found = findInBytes(bytes, layers - 1);
      if (found !== undefined) return found;
    } catch (error) {
      firstFault ??= error;
    }
  }
  if (firstFault !== undefined) throw firstFault;
  return undefined;
}

function* hiddenIn(text: string): Generator<Buffer> {
  yield* encodedIn(text);
  yield* unescapedFrom(text);
}

/** What may stand before DER that was read as text: space, zeros, a byte-order mark, and how Python begins bytes. */
const BEFORE_BYTES = /^[\s\0b"'`]+/;

/**
 * An SSH public key as text (RFC 4253 §6.6, RFC 5656 §3.1), or as bytes whose length has lost its zeros; also after a
 * host's name or options, and in PuTTY's form.
 */
const SSH_KEY =
  // oxlint-disable-next-line no-control-regex
  /^[\x07\x13\x1A"]?(?:ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-|PuTTY-User-Key-File-)|\b(?:ssh|ecdsa-sha2)-\w+ AAAA/;

/** As .NET writes keys, and SAML certificates (XML Signature §4.5). */
const XML_KEY = /<(?:\w+:)?(?:RSAKeyValue|ECDSAKeyValue|ECKeyValue|X509Certificate)\b/;

/**
 * The identifier of RSA, EC, X25519, Ed25519 and their like, or the beginning of an RSA key in PKCS#1. Bytes above 127
 * are there, or were replaced when the file was read as UTF-8 or ASCII.
 */
const BROKEN_DER =
  // oxlint-disable-next-line no-control-regex
  /\*[\x06\x86\uFFFD]H(?:[\x06\x86\uFFFD][w\xF7\uFFFD]\r\x01\x01|[N\xCE\uFFFD]=\x02\x01)|0\x05\x06\x03\+e[n-q]|^0[\x02\x82\uFFFD][\x01-\x08][\n\x8A\uFFFD]\x02[\x02\x82\uFFFD][\x01-\x08][\x01\x81\uFFFD]\0/;

function unreadable(what: string, hint = ''): TypeError {
  return new TypeError(`looks like ${what}, but holds no key that can be read${hint}; ${ACCEPTED}`);
}

function refusePem(text: string): never {
  const hint = text.includes('\n')
    ? ' (a line of it is missing or changed: copy it again, with its line breaks, from -----BEGIN to the last -----)'
    : ' (it stands on one line: in an environment variable or .env file, put the whole value in quotes, or write its line breaks as \\n)';
  throw unreadable('PEM', hint);
}

function decodeText(bytes: Buffer): string {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (areUtf16(first, second, fourth)) return bytes.toString('utf16le');
  if (!areUtf16(second, first, third)) return bytes.toString();
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2));
  return Buffer.from(whole).swap16().toString('utf16le');
}

/**
 * UTF-16 is recognized by its byte-order mark, or by the zeros that it has in every key; of the second character too,
 * unless that one replaces a byte that could not be read.
 */
function areUtf16(low: number, high: number, nextHigh: number): boolean {
  return (
    (low === 0xff && high === 0xfe) || (low !== 0 && high === 0 && (nextHigh === 0 || nextHigh === 0xff))
  );
}

/** Removes the remains of UTF-16, or of a byte-order mark that was read in another encoding. */
function withoutMarks(text: string): string {
  return text
    .replaceAll('\0', '')
    .replace(/^(?:[\uFEFF\uFFFE\uFFFD\xFE\xFF]|\xEF\xBB\xBF)+/, '')
    .trim();
}
