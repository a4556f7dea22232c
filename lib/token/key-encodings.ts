/**
 * Finds what a text holds in Base64, hex or numbers, wherever it stands: behind the name of a variable or a comment,
 * in quotes, in JSON, YAML or source code. Every step costs time in proportion to the length of the text.
 */
import { MIN_KEY_BYTES } from './key-der';

/** The bytes of each part of a text that is long enough for a key. Most are none: the caller tries them. */
export function* encodedIn(text: string): Generator<Buffer> {
  for (const form of [HEX, HEX_WORD]) {
    for (const [hex] of text.matchAll(form)) yield Buffer.from(hex.replace(/0x|[^\da-f]/gi, ''), 'hex');
  }
  for (const [numbers] of text.matchAll(NUMBERS)) yield bytesOf(numbers);
  for (const base64 of new Set(base64In(text))) {
    if (base64.length >= MIN_KEY_BYTES) yield Buffer.from(base64, 'base64');
  }
}

/** Pairs of digits, alone or as `30:82`, `30-82`, `30 82`, `0x30, 0x82`, `\x30\x82`, also in lines. */
const HEX = /(?<![\da-f])[\da-f]{2}(?:(?:[\s:,;-]|\\+[nrx]|0x)*[\da-f]{2}){43,}/gi;
/** Without a separator: what stands before it, such as a `kid`, may consist of such digits too. */
const HEX_WORD = /(?<![\da-f])(?:[\da-f]{2}){44,}/gi;

/** Bytes as numbers, as JSON, Go and Java (with a sign) print them; JSON of a `Uint8Array` has their indexes too. */
const NUMBERS = /(?<![\d-])-?\d{1,3}(?:[\s,]+(?:"\d+"\s*:\s*)?-?\d{1,3}){43,}/g;

function bytesOf(numbers: string): Buffer {
  const plain = numbers.replace(/"\d+"\s*:/g, '');
  return Buffer.from(Array.from(plain.matchAll(/-?\d+/g), Number));
}

const WORD = /[\w+/-]+/g;
/** What stands between the lines of Base64, in source code too. */
const FILLER = /(?<!\\)\\+[nrt]|[\s\\"'`,;]/g;
/** What is neither Base64 nor between its lines. */
const FOREIGN = /[^\w+/\s\\"'`,;-]+/;
/** DER begins with a sequence, whose first byte gives these letters. */
const DER_START = /(?<![A-Za-z0-9+])M[A-P][\w+/-]{14}/;

function* base64In(text: string): Generator<string> {
  for (const run of text.split(FOREIGN)) {
    yield run.replace(FILLER, '');
    // Words before it, such as a comment or a name, are Base64 too. What follows DER does not matter.
    yield run.slice(Math.max(0, run.search(DER_START))).replace(FILLER, '');
  }
  yield* blocksIn(text);
  for (const [word] of text.matchAll(WORD)) yield word;
}

/** Base64 in lines, whatever stands around and between: words of one length, and a shorter one at the end. */
function* blocksIn(text: string): Generator<string> {
  let block = '';
  let width = 0;
  for (const [word] of text.matchAll(WORD)) {
    const isNextLine = word.length <= width;
    if (!isNextLine) {
      yield block;
      block = '';
    }
    block += word;
    width = isNextLine && word.length < width ? 0 : word.length;
  }
  yield block;
}

/** The text without the escapes, or the comments, of one kind of format; only texts that differ, each byte as one character. */
export function* unescapedFrom(text: string): Generator<Buffer> {
  for (const unescape of [ofSourceCode, ofDocuments, withoutComments]) {
    const plain = unescape(text);
    if (plain !== text) yield Buffer.from(plain, 'latin1');
  }
}

/** A backslash may be doubled, once for each format that the text went through. */
const BACKSLASHES = /(?<!\\)\\+(?:(?:u00|x)([\da-fA-F]{2})|([0-3][0-7]{2})|([nrt])|(?=\r?\n|["'`/]))/g;
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
/** Two strings that `+` joins. */
const CONCATENATION = /(["'`])\s*\+\s*\1/g;

/** The escapes of JSON, JavaScript, C, Python and shells. */
function ofSourceCode(text: string): string {
  return text
    .replaceAll(CONCATENATION, '')
    .replaceAll(BACKSLASHES, (_, hex?: string, octal?: string, control?: string) => {
      if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      return control === undefined ? '' : (CONTROLS[control] as string);
    });
}

const DECIMAL = /&#(\d{2,3});/g;
const PERCENT_OR_HEX = /(?:%|&#x)([\da-f]{2});?/gi;

/** The escapes of URLs and XML. */
function ofDocuments(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll(DECIMAL, (_, digits: string) => String.fromCharCode(Number(digits)))
    .replaceAll(PERCENT_OR_HEX, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

const COMMENT = /^[ \t]*(?:#|;|\/\/[ \t]|--[ \t]).*$/gm;

/** Lines of comment may have words and brackets, as a key has. */
function withoutComments(text: string): string {
  return text.replaceAll(COMMENT, '');
}
