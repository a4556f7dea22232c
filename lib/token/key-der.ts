/** Keys in DER (ITU-T X.690), and the test that tells DER from a shared secret with the same first byte. */
import { isUtf8 } from 'node:buffer';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The first byte of every key and certificate. */
const SEQUENCE = 0x30;

const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;
/** The length of an Ed25519 key, the smallest key. */
export const MIN_KEY_BYTES = 44;

/** Every RSA key of 1024 bits is longer. */
const MIN_RSA_BYTES = 128;

type Reader = (der: Buffer) => KeyObject;

/** The forms to try, by the tag of the first element inside. Trying all forms costs a millisecond of exceptions. */
const READERS: Readonly<Record<number, readonly Reader[]>> = {
  [SEQUENCE]: [
    (key) => createPublicKey({ key, format: 'der', type: 'spki' }), // RFC 5280 §4.1, SubjectPublicKeyInfo
    (der) => new X509Certificate(der).publicKey, // RFC 5280 §4.1, Certificate
  ],
  [INTEGER]: [
    (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' }), // RFC 8017 §A.1.1, RSAPublicKey
    (key) => createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' })), // RFC 5958 §2
    (key) => createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs1' })), // RFC 8017 §A.1.2
    (key) => createPublicKey(createPrivateKey({ key, format: 'der', type: 'sec1' })), // RFC 5915 §3
  ],
};

/**
 * The public key of an SPKI, a certificate, or a private key, in DER. What follows it does not matter: white space, as
 * editors add it, or the next certificate. Only two short integers may begin a secret by chance.
 *
 * @returns `undefined` if the bytes are none of these
 */
export function readDer(bytes: Buffer): KeyObject | undefined {
  const element = bytes[0] === SEQUENCE ? elementAt(bytes, 0) : undefined;
  if (element === undefined || element.end < MIN_KEY_BYTES) return undefined;
  const isShort = bytes[element.start] === INTEGER && element.end < MIN_RSA_BYTES;
  if (isShort && bytes.toString('latin1', element.end).trim() !== '') return undefined;
  const der = bytes.subarray(0, element.end);
  for (const read of READERS[der[element.start] as number] ?? []) {
    try {
      return read(der);
    } catch {
      // Another form, perhaps.
    }
  }
  return undefined;
}

/**
 * Whether bytes are a sequence of well-formed elements throughout, as every key, certificate or container is: at least
 * two elements, with an object identifier somewhere inside, or only integers. Of random bytes that begin like a
 * sequence, fewer than one in 10^8 pass.
 */
export function isDer(bytes: Buffer): boolean {
  const element = bytes[0] === SEQUENCE ? elementAt(bytes, 0) : undefined;
  if (element?.end !== bytes.length) return false;
  const seen: number[] = [];
  if (!areWellFormed(bytes.subarray(element.start), seen)) return false;
  return seen.length > 1 && (seen.includes(OBJECT_IDENTIFIER) || seen.every((tag) => tag === INTEGER));
}

interface Element {
  readonly tag: number;
  /** Where its content starts and ends. */
  readonly start: number;
  readonly end: number;
}

/** X.690 §10.1: the length is definite, and as short as it can be. */
function elementAt(bytes: Buffer, at: number): Element | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const size = first < 0x80 ? 0 : first - 0x80;
  // Four bytes can express 4 GiB.
  if (first === 0x80 || size > 4 || at + 2 + size > bytes.length) return undefined;
  const length = size === 0 ? first : bytes.readUIntBE(at + 2, size);
  if (size > 0 && length < (size === 1 ? 0x80 : 2 ** (8 * (size - 1)))) return undefined;
  const start = at + 2 + size;
  return start + length > bytes.length ? undefined : { tag, start, end: start + length };
}

const isMinimal = ([first = 0, second]: Buffer): boolean =>
  second === undefined || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
const isInteger = (content: Buffer): boolean => content.length > 0 && isMinimal(content);
const isAscii = (content: Buffer): boolean => content.every((byte) => byte >= 0x20 && byte < 0x7f);
const isAnything = (): boolean => true;

/** What the content of an element may be, by its tag (X.690 §8). Tags that no key has are left out. */
const PRIMITIVES: Readonly<Record<number, (content: Buffer) => boolean>> = {
  0x01: (content) => content.length === 1 && (content[0] === 0 || content[0] === 0xff),
  [INTEGER]: isInteger,
  0x03: (content) => content.length > 0 && (content[0] as number) < 8,
  0x04: isAnything,
  0x05: (content) => content.length === 0,
  [OBJECT_IDENTIFIER]: (content) =>
    content.length > 1 && content[0] !== 0x80 && (content.at(-1) as number) < 0x80,
  0x0a: isInteger,
  0x0c: isUtf8,
  0x12: isAscii,
  0x13: isAscii,
  0x14: isAnything,
  0x16: isAscii,
  0x17: isAscii,
  0x18: isAscii,
  0x1a: isAscii,
  0x1c: isAnything,
  0x1e: isAnything,
  0x80: isAnything,
  0x81: isAnything,
  0x82: isAnything,
};
/** Sequences, sets, and the explicit tags of certificates and containers. */
const CONSTRUCTED: ReadonlySet<number> = new Set([SEQUENCE, 0x31, 0xa0, 0xa1, 0xa2, 0xa3]);

/** @param seen receives the tags of all elements, nested ones included */
function areWellFormed(bytes: Buffer, seen: number[]): boolean {
  for (let at = 0; at < bytes.length;) {
    const element = elementAt(bytes, at);
    if (element === undefined) return false;
    const content = bytes.subarray(element.start, element.end);
    const holds = CONSTRUCTED.has(element.tag)
      ? areWellFormed(content, seen)
      : PRIMITIVES[element.tag]?.(content) === true;
    if (!holds) return false;
    seen.push(element.tag);
    at = element.end;
  }
  return true;
}
