/**
 * Removes tokens from `socket.handshake`, which `fetchSockets()` shows to other nodes. `socket.request` keeps them,
 * because it never leaves the process.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { unescape } from 'node:querystring';
import type { AnySocket } from '../types';
import { withoutCookies } from './cookies';

type Handshake = AnySocket['handshake'];

/** Whether a member's name or value must not be seen. */
type Holds = (value: unknown) => boolean;

/**
 * Removes everything that contains what `getToken` returned: headers, cookies, members of the query and of `auth`, at
 * any depth.
 *
 * @param given what `getToken` returned, unchanged
 * @param token the token that was read from it, if there is one
 */
export function hideGiven(handshake: Handshake, given: unknown, token: string | undefined): void {
  const holds = holderOf(given, token);
  handshake.headers = withoutHeld(redactCookie(handshake.headers, holds), holds);
  handshake.query = withoutHeld(handshake.query, holds);
  if (holds(handshake.url)) handshake.url = pathOf(handshake.url, holds);
  removeHeld(handshake.auth, holds);
}

/** A request's target without its query. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*/s, '');
}

/**
 * Finds a text unchanged, percent-encoded, and in Base64, as subprotocols carry it (RFC 6455 §1.9 allows no `=`
 * there).
 */
function holderOf(given: unknown, token: string | undefined): Holds {
  const text = token ?? given;
  if (typeof text !== 'string') return (value) => value === given;
  const bytes = Buffer.from(text);
  const forms = [text, bytes.toString('base64url'), bytes.toString('base64').replace(/=+$/, '')];
  const isIn = (value: string): boolean => forms.some((form) => value.includes(form));
  return (value) =>
    typeof value === 'string' && (isIn(value) || (value.includes('%') && isIn(unescape(value))));
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
