/**
 * Removes tokens from `socket.handshake`, which `fetchSockets()` shows to other nodes. `socket.request` keeps them,
 * because it never leaves the process.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { unescape } from 'node:querystring';
import { ownText } from '../runtime/own-text';
import type { AnySocket } from '../types';
import { withoutCookies } from './cookies';

type Handshake = AnySocket['handshake'];

/** The parts of a handshake that come from the HTTP request. */
type RequestParts = Pick<Handshake, 'headers' | 'query' | 'url'>;

/** Whether a member's name or value must not be seen. */
type Holds = (value: unknown) => boolean;

/** A result of `getToken` that a request holds. */
interface Found {
  readonly isIn: Holds;
  readonly parts: RequestParts;
  /** What is left of the parts. */
  readonly visible: RequestParts;
}

/** Results of `getToken` in one request, each of which takes a copy of its headers. No honest request holds as many. */
const MAX_FOUND = 16;

/**
 * Removes what `getToken` returned from the handshakes of one connection. They share the HTTP request, and a CONNECT
 * packet of ten bytes makes a handshake: so the request is decoded once, and searched once for a result that it holds.
 * Each socket may have another result.
 */
export class Redaction {
  /** Texts of the request that are percent-encoded, decoded. */
  #decoded = new Map<string, string>();
  readonly #found = new Map<unknown, Found>();

  /**
   * Removes everything that contains what `getToken` returned: headers, cookies, members of the query and of `auth`, at
   * any depth.
   *
   * @param given what `getToken` returned, unchanged
   * @param token the token that was read from it, if there is one
   */
  hide(handshake: Handshake, given: unknown, token: string | undefined): void {
    const text = token ?? given;
    const isIn = this.#found.get(text)?.isIn ?? searchFor(text);
    removeHeld(handshake.auth, holderOf(isIn, unescape));
    const { headers, query, url } = handshake;
    Object.assign(handshake, this.#visiblePartsOf({ headers, query, url }, text, isIn));
  }

  #visiblePartsOf(parts: RequestParts, text: unknown, isIn: Holds): RequestParts {
    const known = this.#found.get(text);
    // A middleware of the application may have put others in their place.
    if (known !== undefined && isSame(known.parts, parts)) return known.visible;
    if (known === undefined && this.#found.size === MAX_FOUND) return { headers: {}, query: {}, url: '' };
    const visible = withoutText(parts, holderOf(isIn, this.#decoder()));
    // What is not found may be as large as a packet, and is not remembered.
    if (isSame(visible, parts)) return visible;
    const own = withoutPacket(text);
    this.#found.set(own, { isIn: searchFor(own), parts, visible });
    return visible;
  }

  /** Decodes texts, except those of the last search. Forgets what is no longer there: the application may change headers. */
  #decoder(): (text: string) => string {
    const last = this.#decoded;
    const decoded = (this.#decoded = new Map<string, string>());
    return (text) => {
      const plain = last.get(text) ?? unescape(text);
      decoded.set(text, plain);
      return plain;
    };
  }
}

/** A text may be a part of a packet. */
function withoutPacket(text: unknown): unknown {
  return typeof text === 'string' ? ownText(text) : text;
}

function isSame(one: RequestParts, other: RequestParts): boolean {
  return one.headers === other.headers && one.query === other.query && one.url === other.url;
}

function withoutText({ headers, query, url }: RequestParts, holds: Holds): RequestParts {
  return {
    headers: withoutHeld(redactCookie(headers, holds), holds),
    query: withoutHeld(query, holds),
    url: holds(url) ? pathOf(url, holds) : url,
  };
}

/** A request's target without its query. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*/s, '');
}

/** Finds a text unchanged, and in Base64, as subprotocols carry it (RFC 6455 §1.9 allows no `=` there). */
function searchFor(text: unknown): Holds {
  if (typeof text !== 'string') return (value) => value === text;
  const bytes = Buffer.from(text);
  const forms = new Set([text, bytes.toString('base64url'), bytes.toString('base64').replace(/=+$/, '')]);
  const all = [...forms];
  return (value) => typeof value === 'string' && all.some((form) => value.includes(form));
}

/** Also finds what is percent-encoded. */
function holderOf(isIn: Holds, decode: (text: string) => string): Holds {
  return (value) => isIn(value) || (typeof value === 'string' && value.includes('%') && isIn(decode(value)));
}

/** The other cookies stay. */
function redactCookie(headers: IncomingHttpHeaders, holds: Holds): IncomingHttpHeaders {
  const { cookie } = headers;
  if (!holds(cookie)) return headers;
  const { cookie: _, ...redacted } = headers;
  const others = withoutCookies(String(cookie), holds);
  return others === undefined ? redacted : { ...redacted, cookie: others };
}

/** Copies only if there is something to hide, because headers and query are shared with the request. */
function withoutHeld<Part extends object>(part: Part, holds: Holds): Part {
  const entries = Object.entries(part) as [string, unknown][];
  const seen = entries.filter(([name, value]) => ![name, value, ...[value].flat()].some(holds));
  return seen.length === entries.length ? part : (Object.fromEntries(seen) as Part);
}

function pathOf(url: string, holds: Holds): string {
  const path = withoutQuery(url);
  return holds(path) ? '' : path;
}

/** Without recursion: a packet of 800 KB can nest 400,000 deep. */
function removeHeld(root: unknown, holds: Holds): void {
  const found = new Set<object>(isPlain(root) ? [root] : []);
  // The loop also visits what is added to the set meanwhile.
  for (const container of found) {
    for (const [name, value] of Object.entries(container) as [string, unknown][]) {
      if (holds(name) || holds(value)) Reflect.deleteProperty(container, name);
      else if (isPlain(value)) found.add(value);
    }
  }
}

/** Plain data only: an object of the application may reference the whole server. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
