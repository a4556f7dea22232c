/** Reads a token from the text that carries it, in the same way for every place. */
import { unauthorized } from '../errors';
import type { UnauthorizedError } from '../errors';
import { CODES } from '../protocol';
import { ownText } from '../runtime/own-text';
import { malformed, tooLarge } from './refusals';

/** What a client showed as its token: a text within the size limit, nothing, or the refusal. */
export type Shown = string | UnauthorizedError | undefined;

/**
 * Removes what people and programs put around a token: white space, the scheme `Bearer` in any case (RFC 6750 §2.1),
 * and one pair of quotes around the token or around all of it.
 *
 * @param maxBytes measured on what the client sent, before anything is removed
 * @returns `undefined` for nothing, null, and a text without a token
 */
export function readToken(shown: unknown, maxBytes: number): Shown {
  if (shown === undefined || shown === null) return undefined;
  if (typeof shown !== 'string') return malformed('invalid token datatype');
  if (isLonger(shown, maxBytes)) return tooLarge();
  return ownToken(unwrap(shown).token);
}

/**
 * The token of an `Authorization` header, where the scheme is required: credentials of another scheme hold no token.
 *
 * @param maxBytes see {@link readToken}
 */
export function readAuthorization(header: string | undefined, maxBytes: number): Shown {
  if (header === undefined) return undefined;
  const { token, hasScheme } = unwrap(header);
  if (!hasScheme || token === '' || /\s/.test(token)) return unauthorized(CODES.credentialsBadFormat);
  return isLonger(header, maxBytes) ? tooLarge() : ownToken(token);
}

/** Whether an `Authorization` header holds a token. */
export function isBearer(header: string): boolean {
  return unwrap(header).hasScheme;
}

/** Whether a text is longer than so many bytes. */
export function isLonger(shown: string, maxBytes: number): boolean {
  // A character has at least one byte, so a text with too many characters needs no measuring.
  return shown.length > maxBytes || Buffer.byteLength(shown) > maxBytes;
}

interface Unwrapped {
  readonly token: string;
  readonly hasScheme: boolean;
}

/** Each step is linear, because a packet of 1 MB may consist of spaces. */
function unwrap(shown: string): Unwrapped {
  const text = shown.trim();
  const quoted = insideQuotes(text);
  const { token, hasScheme } = withoutScheme(quoted ?? text);
  return { token: quoted === undefined ? (insideQuotes(token) ?? token) : token, hasScheme };
}

const QUOTES: ReadonlySet<string | undefined> = new Set(['"', "'"]);

function insideQuotes(text: string): string | undefined {
  const isQuoted = text.length > 1 && QUOTES.has(text[0]) && text.at(-1) === text[0];
  return isQuoted ? text.slice(1, -1).trim() : undefined;
}

function withoutScheme(text: string): Unwrapped {
  return /^bearer(?:\s|$)/i.test(text)
    ? { token: text.slice('Bearer'.length).trim(), hasScheme: true }
    : { token: text, hasScheme: false };
}

function ownToken(token: string): Shown {
  if (token === '') return undefined;
  const own = ownText(token);
  // UTF-8 cannot carry a lone surrogate: the text would change on its way to a verifier.
  return own === token ? own : malformed();
}
