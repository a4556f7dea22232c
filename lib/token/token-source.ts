import type { IncomingMessage } from 'node:http';
import { unauthorized } from '../errors';
import { CODES, REASONS } from '../protocol';
import type { AnySocket } from '../types';
import { malformed } from './verifier';

/** Where tokens are looked for. */
export interface TokenSources {
  readonly cookie: string | undefined;
  readonly headerOnly: boolean;
  readonly maxTokenBytes: number;
}

/** What a client showed as its token: a string of a sane size, or nothing. Anything else is a refusal. */
export type ShownToken = string | undefined;

/**
 * The token of an `authenticate` event.
 *
 * @throws UnauthorizedError if what is there is no token, or too long
 */
export function tokenOfEvent(payload: unknown, sources: TokenSources): ShownToken {
  return toToken(memberOf(payload, 'token'), sources);
}

/**
 * Takes the token out of `socket.handshake.auth`, with or without `Bearer `. It is removed there, since
 * `fetchSockets()` sends the handshake to other nodes.
 *
 * @throws UnauthorizedError if what is there is no token, or too long
 */
export function takeAuthToken(socket: AnySocket, sources: TokenSources): ShownToken {
  const auth: unknown = socket.handshake.auth;
  const shown = memberOf(auth, 'token');
  if (shown === undefined) return undefined;
  delete (auth as { token?: unknown }).token;
  return toToken(typeof shown === 'string' ? withoutScheme(shown) : shown, sources);
}

/**
 * The token that came with the HTTP request: `Authorization: Bearer` (RFC 6750 §2.1), then `query.token`, then the
 * cookie.
 *
 * @throws UnauthorizedError if what is there is no token, or too long
 */
export function tokenOfRequest(socket: AnySocket, sources: TokenSources): ShownToken {
  // A connection over WebTransport has no HTTP request.
  const request = socket.request as (IncomingMessage & { _query?: unknown }) | null;
  const headers = request?.headers ?? {};
  const bearer = bearerToken(headers.authorization);
  if (bearer !== undefined || sources.headerOnly) return detached(toToken(bearer, sources));
  const query = memberOf(request?._query, 'token');
  if (query !== undefined && query !== '') return detached(toToken(query, sources));
  return detached(toToken(cookieValue(headers.cookie, sources.cookie), sources));
}

/** In memory of its own: a part of a string keeps the whole of it, here the URL, as long as the token is kept. */
function detached(token: ShownToken): ShownToken {
  return token === undefined ? undefined : Buffer.from(token).toString();
}

/**
 * Takes the tokens out of the handshake that `fetchSockets()` shows to other nodes. `socket.request` keeps them: it
 * never leaves the process.
 */
export function redactHandshake(socket: AnySocket, sources: TokenSources): void {
  const { handshake } = socket;
  const { authorization, cookie } = handshake.headers;
  // Copied only where there is something to hide: the headers are shared with the request.
  if (authorization !== undefined && /^bearer\b/i.test(authorization)) {
    handshake.headers = { ...handshake.headers };
    delete handshake.headers.authorization;
  }
  if (cookie !== undefined && sources.cookie !== undefined) {
    // Every cookie of that name, the one that cannot be decoded too.
    const others = withoutCookie(cookie, sources.cookie);
    if (others !== cookie) handshake.headers = { ...handshake.headers, cookie: others };
  }
  if (memberOf(handshake.query, 'token') === undefined) return;
  const { token: _, ...query } = handshake.query;
  handshake.query = query;
  // The request's target holds the query once more.
  handshake.url = handshake.url.replace(/\?.*/s, '');
}

/** A member that the client itself set; what an object inherits is no input. */
function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name] ?? undefined;
}

function toToken(shown: unknown, { maxTokenBytes }: TokenSources): ShownToken {
  if (shown === undefined || shown === '') return undefined;
  if (typeof shown !== 'string') throw malformed('invalid token datatype');
  // A JWT is ASCII (RFC 7515 §3.1), so its length is its size; what is not ASCII will not verify either way.
  if (shown.length <= maxTokenBytes) return shown;
  throw unauthorized(CODES.invalidToken, { message: 'jwt too large', reason: REASONS.tooLarge });
}

function isBearer(value: string): boolean {
  return /^bearer /i.test(value);
}

function withoutScheme(shown: string): string {
  return isBearer(shown) ? shown.slice('Bearer '.length).trim() : shown;
}

/**
 * @throws UnauthorizedError `credentials_bad_format` if the header is not `Bearer x`
 */
function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const match = /^bearer +([^ ]+) *$/i.exec(header);
  if (match === null) throw unauthorized(CODES.credentialsBadFormat);
  return match[1];
}

/** One cookie's value (RFC 6265 §5.4); undecodable or missing counts as none. */
function cookieValue(header: unknown, name: string | undefined): string | undefined {
  if (name === undefined || typeof header !== 'string') return undefined;
  const pair = header.split(';').find((one) => cookieName(one) === name);
  if (pair === undefined) return undefined;
  const value = pair.slice(pair.indexOf('=') + 1).trim();
  return decodeCookie(value.replace(/^"(.*)"$/, '$1'));
}

function withoutCookie(header: string, name: string): string {
  return header
    .split(';')
    .filter((pair) => cookieName(pair) !== name)
    .join(';')
    .trim();
}

function cookieName(pair: string): string | undefined {
  const equals = pair.indexOf('=');
  return equals < 0 ? undefined : pair.slice(0, equals).trim();
}

function decodeCookie(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
