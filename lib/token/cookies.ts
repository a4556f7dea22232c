/** Parses a `Cookie` header (RFC 6265 §4.2). */

/** A cookie found by its name, and the header without it. */
export interface FoundCookie {
  /** As the client sent it, still percent-encoded. Of several cookies of that name, the first. */
  readonly value: string;
  /** The other cookies, as a header; `undefined` if there are none. */
  readonly others: string | undefined;
}

/** Finds a cookie; `undefined` if there is none of that name. */
export function findCookie(header: string, name: string): FoundCookie | undefined {
  const isNamed = (pair: string): boolean => nameOf(pair) === name;
  const pair = header.split(';').find(isNamed);
  if (pair === undefined) return undefined;
  return { value: pair.slice(pair.indexOf('=') + 1), others: withoutCookies(header, isNamed) };
}

/** The header without some of its cookies; `undefined` if none is left. */
export function withoutCookies(header: string, isTaken: (pair: string) => boolean): string | undefined {
  const kept = header.split(';').filter((pair) => !isTaken(pair));
  return kept.join(';').trim() || undefined;
}

/** Undoes the percent-encoding; `undefined` if it is broken. */
export function decodeCookie(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function nameOf(pair: string): string | undefined {
  const equals = pair.indexOf('=');
  return equals < 0 ? undefined : withoutSpace(pair.slice(0, equals));
}

/**
 * `trim` would also remove a no-break space, byte 0xA0 of the header. For a browser that is part of the name: it may take
 * such a cookie from any subdomain, whereas it protects one whose name begins with `__Host-`.
 */
function withoutSpace(text: string): string {
  let [start, end] = [0, text.length];
  while (isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

const isSpace = (character: string | undefined): boolean => character === ' ' || character === '\t';
