/**
 * Finds which page made a request. WebSockets have no CORS (RFC 6455 §10.2), so any page can connect with its
 * visitor's cookies. A cookie counts only if the server's own pages sent it.
 */
import type { IncomingMessage } from 'node:http';

/** The parts of a request that show where it comes from. Other engines than Node's may lack some. */
export type OriginRequest = Pick<IncomingMessage, 'headers'> & {
  readonly _query?: unknown;
  /** A `TLSSocket` says that it is encrypted. */
  readonly socket?: object;
};

/** Scheme, host and port, and nothing else (RFC 6454 §6.2). */
const ORIGIN = /^([a-z][a-z\d+.-]*:)\/\/[^/?#\\@*\s]+$/i;
const WEB_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:']);

/**
 * Normalizes an origin for comparison: lower case, without the scheme's default port.
 *
 * @returns `undefined` for what is no origin: `'null'`, a path, a wildcard, a list
 */
export function normalizeOrigin(text: string): string | undefined {
  const scheme = ORIGIN.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  // Pages in apps have their own schemes: `capacitor://localhost`.
  if (!WEB_SCHEMES.has(scheme)) return text.toLowerCase();
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}

/**
 * @param origins other origins that may send cookies, normalized
 * @returns `undefined` if the request may carry a cookie; else the origin that it comes from, for a warning
 */
export function foreignOriginOf(request: OriginRequest, origins: ReadonlySet<string>): string | undefined {
  const shown = request.headers.origin;
  if (shown === undefined) {
    // Browsers send no Origin when they load a script, and any page can read a script's content.
    return isScript(request) ? 'a script of an unknown page (JSONP)' : undefined;
  }
  const origin = normalizeOrigin(shown);
  const isKnown = origin !== undefined && (origins.has(origin) || isOwn(origin, request));
  return isKnown ? undefined : shown;
}

/** Engine.IO answers with JSONP where the query has `j`. */
function isScript({ _query }: OriginRequest): boolean {
  return typeof _query === 'object' && _query !== null && Object.hasOwn(_query, 'j');
}

/** Whether a page is of the requested host. `X-Forwarded-Host` is ignored: any client can send it. */
function isOwn(origin: string, { headers, socket }: OriginRequest): boolean {
  const [scheme = ''] = origin.split('//');
  // An attacker can forge a page that came without TLS. If a proxy ends TLS, the scheme is not known here.
  if (!WEB_SCHEMES.has(scheme) || (isEncrypted(socket) && scheme !== 'https:')) return false;
  // In HTTP/2 the host is called `:authority` (RFC 9113 §8.3.1).
  const host = headers.host ?? headers[':authority'];
  return typeof host === 'string' && normalizeOrigin(`${scheme}//${host}`) === origin;
}

function isEncrypted(socket: object | undefined): boolean {
  return socket !== undefined && 'encrypted' in socket && socket.encrypted === true;
}
