/** Finds tokens: in an `authenticate` event, in the CONNECT packet, and in the connection's HTTP request. */
import type { IncomingMessage } from 'node:http';
import { ownRefusal, unauthorized, UnauthorizedError } from '../errors';
import { CODES } from '../protocol';
import { isThenable, reportFaultOnce, warnOnce } from '../runtime/warnings';
import type { AnySocket } from '../types';
import { decodeCookie, findCookie } from './cookies';
import type { FoundCookie } from './cookies';
import { foreignOriginOf } from './origin';
import { Redaction, withoutQuery } from './redaction';
import { tooLarge } from './refusals';
import { isBearer, isLonger, readAuthorization, readToken } from './token-text';
import type { Shown } from './token-text';

/** The options about places for tokens. */
export interface SourceRules {
  /** Whether every place counts at connect, or only `handshake.auth`. */
  readonly handshake: boolean;
  readonly maxTokenBytes: number;
  /** Whether only `Authorization` counts in the HTTP request. */
  readonly headerOnly: boolean;
  readonly cookie: string | undefined;
  /** Other origins whose pages may send the cookie, normalized. */
  readonly origins: ReadonlySet<string>;
  /** The application's own place, instead of those in CONNECT packet and request. */
  readonly getToken: ((socket: AnySocket) => unknown) | undefined;
}

/** The tokens of one CONNECT packet. */
interface Connect {
  /** What the socket logs in with as it connects. */
  readonly login: Shown;
  /** The token that counts as shown with a recovery id. */
  readonly shown: () => Shown;
}

/** What `getToken` returned, and the token in it. */
interface Given {
  readonly value: unknown;
  readonly shown: Shown;
}

type HttpRequest = IncomingMessage & { readonly _query?: unknown };
type Handshake = AnySocket['handshake'];

/** What was found in a connection's HTTP request, which its namespaces share. */
interface Found {
  readonly cookie: FoundCookie | undefined;
  /** What other nodes may see of the handshake. */
  readonly visible: Partial<Pick<Handshake, 'headers' | 'query' | 'url'>>;
  /** The token; read when it is first asked for. */
  token?: { readonly shown: Shown };
}

const NOTHING: Found = { cookie: undefined, visible: {}, token: { shown: undefined } };

/** Finds the tokens of an authorizer's sockets. */
export class TokenSource {
  readonly #rules: SourceRules;
  readonly #requests = new WeakMap<HttpRequest, Found>();
  readonly #redactions = new WeakMap<object, Redaction>();
  /** What `getToken` returned for a socket. It is removed from the handshake, so it cannot be found again. */
  readonly #given = new WeakMap<AnySocket, Shown>();
  /** CONNECT packets that {@link shown} has read before {@link atConnect}. */
  readonly #early = new WeakMap<AnySocket, Connect>();
  readonly #reportGetToken = reportFaultOnce('options.getToken');
  readonly #warnOfOrigin = warnOnce(
    (origin: string) =>
      `a cookie with a token was ignored: the request comes from ${JSON.stringify(origin.slice(0, 200))}, which ` +
      'is neither its Host nor one of options.origins. If this is your own page, add its origin there.',
  );

  constructor(rules: SourceRules) {
    this.#rules = rules;
  }

  /** The token of an `authenticate` event: its argument's `token`, or the argument itself if that is a string. */
  ofEvent(payload: unknown): Shown {
    const shown = typeof payload === 'string' ? payload : memberOf(payload, 'token');
    return readToken(shown, this.#rules.maxTokenBytes);
  }

  /**
   * The token that a socket logs in with as it connects: in handshake mode from every place, else from
   * `handshake.auth` alone. Removes the tokens of all places from `socket.handshake`. Call it once for each socket.
   */
  atConnect(socket: AnySocket): Shown {
    const { login } = this.#early.get(socket) ?? this.#readConnect(socket);
    this.#early.delete(socket);
    return login;
  }

  /**
   * The token that a socket shows as it connects, the HTTP request included in both modes, for recovery. It may be
   * called before {@link atConnect}, and removes the tokens in the same way.
   */
  shown(socket: AnySocket): Shown {
    let connect = this.#early.get(socket);
    if (connect === undefined) this.#early.set(socket, (connect = this.#readConnect(socket)));
    return connect.shown();
  }

  /** The token for a first `authenticate` without one: that of the HTTP request, or what `getToken` returned. */
  ofRequest(socket: AnySocket): Shown {
    return this.#rules.getToken === undefined ? this.#ofHttp(socket) : this.#given.get(socket);
  }

  #readConnect(socket: AnySocket): Connect {
    const { handshake, headerOnly, getToken } = this.#rules;
    const given = getToken === undefined ? undefined : this.#askGetToken(getToken, socket);
    const auth = this.#takeAuth(socket.handshake.auth);
    Object.assign(socket.handshake, this.#foundIn(socket).visible);
    if (given !== undefined) this.#keepGiven(socket, given);
    if (!handshake) return { login: auth, shown: () => auth ?? withoutOtherSchemes(this.ofRequest(socket)) };
    const login =
      headerOnly || given !== undefined ? this.ofRequest(socket) : (auth ?? this.ofRequest(socket));
    return { login, shown: () => login };
  }

  /** Also removes recovery's private id: anyone who reads it can resume as this client. */
  #takeAuth(auth: unknown): Shown {
    if (typeof auth !== 'object' || auth === null) return undefined;
    const shown = memberOf(auth, 'token');
    Reflect.deleteProperty(auth, 'token');
    Reflect.deleteProperty(auth, 'pid');
    return readToken(shown, this.#rules.maxTokenBytes);
  }

  #askGetToken(getToken: (socket: AnySocket) => unknown, socket: AnySocket): Given {
    try {
      const value = getToken(socket);
      if (isThenable(value)) refusePromise(value);
      return { value, shown: readToken(value, this.#rules.maxTokenBytes) };
    } catch (fault) {
      const own = ownRefusal(fault);
      if (own !== undefined) return { value: undefined, shown: own };
      this.#reportGetToken(fault);
      return { value: undefined, shown: unauthorized(CODES.unknown, { cause: fault }) };
    }
  }

  #keepGiven(socket: AnySocket, { value, shown }: Given): void {
    if (shown === undefined) return;
    this.#given.set(socket, shown);
    if (value === undefined) return;
    this.#redactionOf(socket).hide(socket.handshake, value, typeof shown === 'string' ? shown : undefined);
  }

  #redactionOf(socket: AnySocket): Redaction {
    // A connection over WebTransport has no HTTP request.
    const key = (socket.request as HttpRequest | null | undefined) ?? socket;
    let redaction = this.#redactions.get(key);
    if (redaction === undefined) this.#redactions.set(key, (redaction = new Redaction()));
    return redaction;
  }

  /** `Authorization: Bearer` (RFC 6750 §2.1), then `query.token`, then the cookie. */
  #ofHttp(socket: AnySocket): Shown {
    const found = this.#foundIn(socket);
    found.token ??= { shown: this.#readRequest(socket.request, found) };
    return found.token.shown;
  }

  #readRequest(request: HttpRequest, found: Found): Shown {
    const { headerOnly, maxTokenBytes } = this.#rules;
    const bearer = readAuthorization(request.headers.authorization, maxTokenBytes);
    if (bearer !== undefined || headerOnly) return bearer;
    return readToken(memberOf(request._query, 'token'), maxTokenBytes) ?? this.#readCookie(request, found);
  }

  #readCookie(request: HttpRequest, { cookie }: Found): Shown {
    const { origins, maxTokenBytes } = this.#rules;
    if (cookie === undefined) return undefined;
    const foreign = foreignOriginOf(request, origins);
    if (foreign !== undefined) {
      this.#warnOfOrigin(foreign);
      return undefined;
    }
    if (isLonger(cookie.value, maxTokenBytes)) return tooLarge();
    return readToken(decodeCookie(cookie.value), maxTokenBytes);
  }

  /** Searches a request only once, however many sockets and events ask, and only if it may hold a token. */
  #foundIn(socket: AnySocket): Found {
    // A connection over WebTransport has no HTTP request.
    const request = socket.request as HttpRequest | null | undefined;
    const known = request && this.#requests.get(request);
    if (known !== undefined && known !== null) return known;
    if (!request || !this.#mayHold(request)) return NOTHING;
    const found = findIn(request, this.#rules.cookie);
    this.#requests.set(request, found);
    return found;
  }

  #mayHold({ headers, _query }: HttpRequest): boolean {
    const hasCookie = this.#rules.cookie !== undefined && headers.cookie !== undefined;
    return hasCookie || headers.authorization !== undefined || memberOf(_query, 'token') !== undefined;
  }
}

function findIn({ headers, url = '', _query }: HttpRequest, name: string | undefined): Found {
  const { authorization, cookie: header, ...others } = headers;
  const cookie = name === undefined || header === undefined ? undefined : findCookie(header, name);
  const visible: Partial<Handshake> = {};
  const hasBearer = authorization !== undefined && isBearer(authorization);
  if (hasBearer || cookie !== undefined) {
    const kept = cookie === undefined ? header : cookie.others;
    visible.headers = {
      ...others,
      ...(!hasBearer && authorization !== undefined && { authorization }),
      ...(kept !== undefined && { cookie: kept }),
    };
  }
  if (memberOf(_query, 'token') !== undefined) {
    const { token: _, ...query } = _query as Handshake['query'];
    // The request's target repeats the query.
    Object.assign(visible, { query, url: withoutQuery(url) });
  }
  return { cookie, visible };
}

/** Other schemes than `Bearer` have another purpose, such as a proxy's own login. */
function withoutOtherSchemes(shown: Shown): Shown {
  return shown instanceof UnauthorizedError && shown.code === CODES.credentialsBadFormat ? undefined : shown;
}

function refusePromise(given: PromiseLike<unknown>): never {
  given.then(undefined, () => undefined);
  throw new TypeError('options.getToken must return a string or undefined at once, but returned a promise');
}

/** A member that the client has set; inherited members are no input. */
function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name] ?? undefined;
}
