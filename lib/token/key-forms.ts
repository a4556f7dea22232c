/**
 * Finds the keys in a value of any form. If a public key were used as a shared secret, everyone who knows it could
 * sign (RFC 8725 §2.1). So every usual form is tried, and a value that only looks like one is refused.
 */
import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { isAnyArrayBuffer } from 'node:util/types';
import { describe } from '../runtime/describe';
import type { Jwk } from '../types';
import { isDer, MIN_KEY_BYTES, readDer } from './key-der';
import { jwksOf } from './key-jwk';
import { looksLikePem, readPem } from './key-pem';

/** What a value held. */
export type FoundKeys = readonly (KeyObject | Jwk)[];

const ACCEPTED =
  'accepted are a shared secret (a string or bytes), a public key, certificate or private key (PEM, DER, Base64 of these, JWK or JWK set, as text or bytes) and a KeyObject';

/** How many encodings may wrap a key: a Kubernetes secret shows Base64 of Base64 of a PEM. */
const MAX_LAYERS = 3;

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
  const jwks = findInJson(plain, layers);
  if (jwks !== undefined) return jwks;
  const key = binary.startsWith('0') ? readDer(Buffer.from(binary, 'latin1')) : undefined;
  if (key !== undefined) return [key];
  if (BROKEN_DER.test(binary) || BROKEN_DER.test(text))
    throw unreadable('DER that was cut off, or read as text');
  return layers > 0 ? findEncoded(plain, layers - 1) : undefined;
}

function findInJson(text: string, layers: number): FoundKeys | undefined {
  if (!/^[{["]/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Perhaps JSON that was cut off.
  }
  if (typeof value === 'string' && layers > 0) return findInText(value, layers - 1);
  const jwks = jwksOf(value);
  if (jwks === undefined && JWK.test(text)) throw unreadable('a JWK');
  return jwks;
}

function findEncoded(text: string, layers: number): FoundKeys | undefined {
  const compact = text.replace(/\\+[nrt]|[\s"',]/g, '');
  if (compact.length < MIN_KEY_BYTES) return undefined;
  const hex = compact.replace(/^0x/i, '').replaceAll(':', '');
  const found = /^(?:[\da-f]{2})+$/i.test(hex) ? findInBytes(Buffer.from(hex, 'hex'), layers) : undefined;
  if (found !== undefined || !/^[\w+/-]+={0,2}$/.test(compact)) return found;
  return findInBytes(Buffer.from(compact, 'base64'), layers);
}

/**
 * An SSH public key as text (RFC 4253 §6.6, RFC 5656 §3.1), or as bytes whose length has lost its zeros; also after a
 * host's name or options, and in PuTTY's form.
 */
const SSH_KEY =
  // oxlint-disable-next-line no-control-regex
  /^[\x07\x13\x1A"]?(?:ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-|PuTTY-User-Key-File-)|\b(?:ssh|ecdsa-sha2)-\w+ AAAA/;

/** As .NET writes keys, and SAML certificates (XML Signature §4.5). */
const XML_KEY = /<(?:\w+:)?(?:RSAKeyValue|ECDSAKeyValue|ECKeyValue|X509Certificate)\b/;

/** JSON or JavaScript of a JWK or a set that cannot be read, quotes escaped or not. */
const JWK = /^\{\s*[\\"']*(?:kty|keys)[\\"']*\s*:|^[{[][\s\S]*[\\"']kty[\\"']*\s*:/;

/**
 * A sequence with the identifier of RSA, EC, X25519, Ed25519 and their like inside, or the beginning of an RSA key in
 * PKCS#1. Bytes above 127 are there, or were replaced when the file was read as UTF-8 or ASCII.
 */
const BROKEN_DER =
  // oxlint-disable-next-line no-control-regex
  /^\uFEFF?0(?:[^]*(?:\*[\x06\x86\uFFFD]H(?:[\x06\x86\uFFFD][w\xF7\uFFFD]\r\x01\x01|[N\xCE\uFFFD]=\x02\x01)|0\x05\x06\x03\+e[n-q])|[\x02\x82\uFFFD][\x01-\x08][\n\x8A\uFFFD]\x02[\x02\x82\uFFFD][\x01-\x08][\x01\x81\uFFFD]\0)/;

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
  const [first = 0, second = 0] = bytes;
  if (areUtf16(first, second)) return bytes.toString('utf16le');
  if (!areUtf16(second, first)) return bytes.toString();
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2));
  return Buffer.from(whole).swap16().toString('utf16le');
}

/** UTF-16 is recognized by its byte-order mark, or by the zeros that it has in every key. */
function areUtf16(low: number, high: number): boolean {
  return (low === 0xff && high === 0xfe) || (low !== 0 && high === 0);
}

/** Removes the remains of UTF-16, or of a byte-order mark that was read in another encoding. */
function withoutMarks(text: string): string {
  return text
    .replaceAll('\0', '')
    .replace(/^(?:[\uFEFF\uFFFE\uFFFD\xFE\xFF]|\xEF\xBB\xBF)+/, '')
    .trim();
}
