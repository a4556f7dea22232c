import type { IncomingMessage } from 'node:http';
import type { UnauthorizedError } from './errors';
import type { AuthorizeClientToServerEvents } from './protocol';
import type { Algorithm, KeyMaterial } from './types';
import type { RevocationStore } from './types';
import type { AnySocket, JwtClaims, JwtHeader, UnverifiedToken } from './types';

/** The callback of a classic key function. An error, or no key, refuses the token with `invalid_secret`. */
export type KeyCallback = (error: unknown, key?: KeyMaterial | readonly KeyMaterial[] | null) => void;

/**
 * Finds the key of a token that is **not verified yet**. Three forms are told apart by their number of parameters:
 *
 * - `(token, socket) => key`, or a promise of it: `token` is `{ header, payload }`
 * - `(request, payload, callback)`: as in socketio-jwt
 * - `(request, header, payload, callback)`: as in socketio-jwt
 *
 * A key is a {@link KeyMaterial}, or an array of them, tried in order. Strings are made into keys once, however often
 * they are returned. If it throws, rejects, returns no key, or does not answer within `keyTimeout`, the client gets
 * `invalid_secret`, reason `key_unavailable`, and may try again.
 */
// One signature for three forms: TypeScript gives no parameter types to a function that may be one of a union.
export type KeyFunction = (
  tokenOrRequest: UnverifiedToken & IncomingMessage,
  socketOrPayloadOrHeader: AnySocket & JwtClaims & JwtHeader,
  callbackOrPayload: KeyCallback & JwtClaims,
  callback: KeyCallback,
) => unknown;

/** Anything with `consume`, such as a limiter of `rate-limiter-flexible`. */
export interface Limiter {
  /**
   * @param key the client's address, see `clientAddress`
   * @returns a promise that rejects past the limit; `msBeforeNext` of what it rejects with becomes `retryAfter`
   */
  consume(key: string): unknown;
}

/** Names of events; numbers are names too, as text. */
type NamesOf<Events> = `${Exclude<keyof Events, keyof AuthorizeClientToServerEvents | symbol>}`;

/** What an event carries. */
// oxlint-disable-next-line typescript/no-explicit-any
type ArgumentsOf<Listener> = Listener extends (...args: infer Args) => any ? Args : any[];

/**
 * What one event needs: see the option `permissions`. The arguments that a function gets come from the client: check
 * them as anything that it sends, whatever their types say.
 *
 * @typeParam Args what the event carries
 */
export type Permission<
  Claims = JwtClaims,
  // oxlint-disable-next-line typescript/no-explicit-any
  Args extends unknown[] = any[],
> = string | readonly string[] | boolean | ((claims: Claims, ...args: Args) => boolean);

/** What each event needs; `'*'` stands for all events that are not named. */
export type Permissions<Claims = JwtClaims, Events = DefaultEvents> = string extends keyof Events
  ? { readonly [event: string]: Permission<Claims> }
  : {
      readonly [Name in Exclude<keyof Events, keyof AuthorizeClientToServerEvents | symbol>]?: Permission<
        Claims,
        ArgumentsOf<Events[Name]>
      >;
    } & { readonly '*'?: Permission<Claims> };

/** Events of any name, with anything in them: where no event map is given. */
// oxlint-disable-next-line typescript/no-explicit-any
export type DefaultEvents = { [event: string]: (...args: any[]) => void };

/** Classic: accepts a connection (`accept()`), or refuses it (`accept(error)`, `accept(null, false)`). */
export type Accept = (error?: Error | null, accepted?: boolean) => void;

/**
 * Verifies a token in place of the library.
 *
 * @returns the claims, or a promise of them. The library copies them as JSON, and applies `exp`, `nbf`,
 *   `clockTolerance`, `maxAge` and `ignoreExpiration` to the copy. An answer without claims refuses the token, reason
 *   `rejected`: anything but an object, and an Error, a `Map` or fetch's `Response`, which JSON turns into `{}`
 * @throws what refuses the token: an {@link UnauthorizedError} reaches the client unchanged; a system or network
 *   error, an `AbortError` or a `TimeoutError` (also as `cause`) as `invalid_secret`, so that the client tries again;
 *   anything else as `invalid_token`, reason `rejected`
 */
export type VerifyFunction<Claims = JwtClaims> = (
  token: string,
  socket: AnySocket,
) => Claims | PromiseLike<Claims>;

/**
 * Everything that `authorize()` takes, with `secret`; with `verify` it takes {@link VerifierOptions}. A wrong type, an
 * unknown option, or an empty secret throws a `TypeError` at once, before the first connection. An option that is
 * `undefined` counts as left out.
 *
 * @typeParam Claims what the application's tokens carry
 * @typeParam Events the events that clients send, as the server's first event map has them: `permissions` and `allow`
 *   then name no other
 */
export interface AuthorizeOptions<Claims = JwtClaims, Events = DefaultEvents> {
  /**
   * The key that tokens are signed with: a shared secret, a public key, certificate or JWK in any form of {@link
   * KeyMaterial}; an array of them, newest first, while a key is being rotated; or a function that finds it, see
   * {@link KeyFunction}. A value that holds a public key is never used as a shared secret. A value that looks like a
   * key but cannot be read throws. RSA keys under 2048 bits are refused (RFC 7518 §3.3); a shared secret under 32
   * bytes works, with one process warning (RFC 7518 §3.2).
   */
  secret: KeyMaterial | readonly KeyMaterial[] | KeyFunction;

  /**
   * Accepted algorithms (RFC 8725 §3.1). Default: those of the key's type, so HS256, HS384 and HS512 for a shared
   * secret. The token's header never widens them, and `none` is never accepted.
   */
  algorithms?: readonly Algorithm[] | undefined;

  /**
   * Ms from connection until a socket that is not authenticated is disconnected, with `authentication_timeout`. A
   * failed `authenticate` neither stops nor restarts it. It waits for a running verification. A connection that is in no
   * namespace for that long is closed too.
   *
   * @defaultValue 5000
   */
  timeout?: number | undefined;

  /**
   * `false`: no timeout, guests stay. Only their events of `allow` are heard.
   *
   * @defaultValue true
   */
  required?: boolean | undefined;

  /**
   * `true`: the authorizer is a middleware, `io.use(authorize({ … }))`, and refuses before the connection exists; the
   * client gets `connect_error`.
   *
   * @defaultValue false
   */
  handshake?: boolean | undefined;

  /**
   * Events that a socket may send, and the application hears, before it is authenticated. Any other is dropped, and
   * the client is told `not_authenticated`.
   *
   * @defaultValue []
   */
  allow?: readonly NamesOf<Events>[] | undefined;

  /**
   * Events of one socket that may wait for its login. A socket that must log in holds what it sends from its
   * connection until its first token has an outcome; later, and with `required: false`, it holds while a token is
   * being verified. If the token is accepted, the held events are delivered in order, after the `authenticated`
   * listeners. Otherwise they are dropped, and the client is told `not_authenticated`. The held events of a socket may
   * take 64 KiB, those of a process 16 MiB. `0`: every event of a pending socket is dropped at once.
   *
   * @defaultValue 16
   */
  holdEvents?: number | undefined;

  /**
   * What an authenticated socket needs to send an event: a scope, a list of scopes (all of them), `true`, `false`, or
   * a function of the claims and the event's arguments, of which only `true` allows. `'*'` is for events that are not
   * named, `true` by default; events of `allow` pass unless they are named. A refused event is dropped before any
   * listener hears it, and the client is told `insufficient_scope` (RFC 6750 §3.1), at most 16 times a minute and
   * socket.
   */
  permissions?: Permissions<Claims, Events> | undefined;

  /**
   * The scopes of a token, for `permissions`. Default: those of the first of `scope` (RFC 8693 §4.2), `scp` and
   * `permissions` that the token has, as a string with spaces or a list.
   */
  scopes?: ((claims: Claims) => readonly string[]) | undefined;

  /**
   * Rooms that the login joins and the logout leaves. A renewal joins new rooms, and leaves those that are no longer
   * named. The login is refused with `unknown` if the function throws, returns a promise, or returns anything but
   * names; also if a name is the id of another socket, because that room gets the socket's private messages. Give
   * names a prefix, such as `user:`.
   */
  rooms?: ((claims: Claims, socket: AnySocket) => readonly string[]) | undefined;

  /**
   * Whether a socket gets no broadcast and no room message until it is authenticated. Rooms that it joins before take
   * effect then.
   *
   * @defaultValue true
   */
  isolate?: boolean | undefined;

  /**
   * What `exp` does to a live session: `'disconnect'`; `'deauthenticate'`, back to pending; or `'ignore'`, as
   * socketio-jwt did. The client is told `invalid_token`, reason `expired` (RFC 7519 §4.1.4).
   *
   * @defaultValue 'disconnect'
   */
  onExpired?: 'disconnect' | 'deauthenticate' | 'ignore' | undefined;

  /**
   * Ms before the end of the session at which the client is sent `token_expiring`, but never more than a fifth of the
   * token's remaining life when it is shown. `0`: never.
   *
   * @defaultValue 30000
   */
  renewNotice?: number | undefined;

  /**
   * The claim that names the user, or a function that gives the name; read before `validate`, as text. It is what
   * `sameSubject` and `revoke({ sub })` compare. A token without it names no user.
   *
   * @defaultValue 'sub'
   */
  userClaim?: string | ((claims: Claims) => string | undefined) | undefined;

  /**
   * Whether a token that renews a session must be of the same user; else the client gets `identity_mismatch`. The user
   * is `iss` and `userClaim` together. Two tokens that name no user are of one user if all their claims but `exp`, `nbf`,
   * `iat` and `jti` are equal.
   *
   * @defaultValue true
   */
  sameSubject?: boolean | undefined;

  /**
   * `'connection'`: one login serves every namespace that this authorizer guards on the client's connection.
   *
   * @defaultValue 'namespace'
   */
  scope?: 'namespace' | 'connection' | undefined;

  /**
   * Longer tokens are refused unread, with `invalid_token`, reason `too_large`. In bytes, measured on what the client
   * sent: with `Bearer`, quotes and white space.
   *
   * @defaultValue 8192
   */
  maxTokenBytes?: number | undefined;

  /**
   * Refused tokens, since the last accepted one, after which the client is told `too_many_attempts` and disconnected.
   * Counted per connection and namespace; failures of the key source, the revocation store and the limiter do not
   * count.
   *
   * @defaultValue 5
   */
  maxAttempts?: number | undefined;

  /**
   * Unauthenticated sockets that this process keeps at once. The next is refused with `server_busy`.
   *
   * @defaultValue Infinity
   */
  maxPending?: number | undefined;

  /**
   * Asked with the client's address before each verification; past its limit the client gets `rate_limited`. A client
   * without an address gets it, too, and one process warning says so.
   */
  limiter?: Limiter | undefined;

  /**
   * Where the client's address is found, for `limiter`. Behind a reverse proxy that is a header, which must be read
   * only if the proxy sets it itself: any client can send one. Default: `socket.handshake.address`.
   */
  clientAddress?: ((socket: AnySocket) => string) | undefined;

  /**
   * Ms for the key function, `verify`, `validate` and the revocation store, each, to answer. A silent key function or
   * `verify` refuses with `invalid_secret`, `validate` with `unknown`, the store with `revocation_unavailable`.
   *
   * @defaultValue 10000
   */
  keyTimeout?: number | undefined;

  /**
   * The application's own check of a verified token, at login and at renewal. It refuses if it throws, or returns
   * `false` or an `Error`, or a promise of these. An {@link UnauthorizedError} reaches the client; for anything else
   * the client gets only the code `unknown`. It may change the claims: `decoded_token` shows the change, but the
   * session's end and user have been read before.
   */
  validate?: ((claims: Claims, socket: AnySocket) => unknown) | undefined;

  /**
   * Classic form of `validate`: only a call of `onSuccess` accepts, whatever the function returns. `false` or an
   * `Error` as its argument refuses. The arguments of `onError` reach the client, with the given code or `unknown`; an
   * exception does not.
   */
  additional_auth?:
    | ((decoded: Claims, onSuccess: () => void, onError: (error: unknown, code?: string) => void) => unknown)
    | undefined;

  /** Makes what `socket.decoded_token` holds. Default: the claims themselves. */
  customDecoded?: ((claims: Claims) => unknown) | undefined;

  /**
   * The property of the socket that holds the decoded token.
   *
   * @defaultValue 'decoded_token'
   */
  decodedPropertyName?: string | undefined;

  /**
   * The property of the socket that holds the encoded token; not enumerable.
   *
   * @defaultValue 'encoded_token'
   */
  encodedPropertyName?: string | undefined;

  /**
   * Classic: `false` disconnects at once after `unauthorized`; a number after that many ms, unless the client calls
   * back first (which disconnects it) or authenticates meanwhile. A refused renewal leaves the session as it was.
   */
  callback?: boolean | number | undefined;

  /**
   * Where the token of the HTTP request or the CONNECT packet is, instead of the built-in places: in a header of a
   * proxy, or in a subprotocol. Synchronous. The library removes everything from `socket.handshake` that contains what
   * it returned. In handshake mode, no other place counts at connect; in event mode, it serves a first `authenticate`
   * without a token. If it throws or returns a promise, the token is refused with `unknown`, and one process warning
   * says so.
   *
   * Browsers send cookies with the requests of any page: a `getToken` that reads one must check the `Origin`, as
   * `cookie` does.
   */
  getToken?: ((socket: AnySocket) => string | null | undefined) | undefined;

  /**
   * The name of a cookie that carries the token. WebSockets know no CORS, so any page could connect in a visitor's
   * name: the cookie counts only if the request's `Origin` is absent, equals its `Host`, or is one of `origins`. One
   * process warning names the first origin whose cookie was ignored.
   */
  cookie?: string | undefined;

  /**
   * Other origins whose pages may log in by `cookie`, such as `'https://app.example.com'`: scheme, host, and port if
   * it is not the scheme's own. Also needed behind a proxy that changes `Host`.
   *
   * @defaultValue []
   */
  origins?: readonly string[] | undefined;

  /**
   * Handshake mode takes a token only from `Authorization: Bearer` (RFC 6750 §2.1), and otherwise refuses with
   * `missing_authorization_header`.
   *
   * @defaultValue false
   */
  auth_header_required?: boolean | undefined;

  /** Classic handshake hook: called with an accepted token; calls `accept()` to accept the connection. */
  success?: ((socket: AnySocket, accept: Accept) => unknown) | undefined;

  /**
   * Classic handshake hook: called with a refusal; calls `accept(error)` to refuse. `accept()` admits the socket as
   * pending, like one that has shown no token yet.
   */
  fail?: ((error: UnauthorizedError, socket: AnySocket, accept: Accept) => unknown) | undefined;

  /** Where revocation rules are kept. Default: in this process's memory; the cluster's other nodes are told. */
  revocation?: RevocationStore | undefined;

  /**
   * Ms between two reads of the store for rules that this node has not received, because adapters guarantee no
   * delivery: a revoked session ends after this time at the latest. A store with `rulesSince` is asked once for all
   * new rules. Any other store, and only if this option is set, is asked about each live session once in this time,
   * spread evenly. A store that fails ends no session, and is asked again. `0`: never.
   *
   * @defaultValue 10000 if the store has `rulesSince`, else 0
   */
  recheckInterval?: number | undefined;

  /** `iss` must be this, or one of these (RFC 7519 §4.1.1). */
  issuer?: string | readonly string[] | undefined;
  /**
   * `aud` must name this, or one of these (RFC 7519 §4.1.3). A RegExp may not be empty, nor have the flags `g` and `y`. It
   * matches no token without `aud`.
   */
  audience?: string | RegExp | readonly (string | RegExp)[] | undefined;
  /** `sub` must be this (RFC 7519 §4.1.2). */
  subject?: string | undefined;
  /** `jti` must be this (RFC 7519 §4.1.7). */
  jwtid?: string | undefined;
  /** `nonce` must be this (OpenID Connect Core §2). */
  nonce?: string | undefined;
  /**
   * Seconds of difference between clocks that `exp` and `nbf` are given. Default: 0, or the `clockTolerance` that a
   * `jwksVerifier` was given.
   */
  clockTolerance?: number | undefined;
  /**
   * The greatest age of a token after its `iat`: in seconds, or as `'2h'`, `'1d'`. A token whose `iat` is more than five
   * minutes and `clockTolerance` ahead is not active yet.
   */
  maxAge?: number | string | undefined;
  /**
   * `true`: `exp` counts neither at login nor later. `maxAge` still does.
   *
   * @defaultValue false
   */
  ignoreExpiration?: boolean | undefined;
  /**
   * `true`: `nbf` does not count.
   *
   * @defaultValue false
   */
  ignoreNotBefore?: boolean | undefined;
}

/** Options that say how the library verifies; an application that verifies itself cannot set them. */
type VerificationOption =
  | 'secret'
  | 'algorithms'
  | 'issuer'
  | 'audience'
  | 'subject'
  | 'jwtid'
  | 'nonce'
  | 'ignoreNotBefore';

/**
 * Everything that `authorize()` takes with `verify` in place of `secret`. The options that say how the library verifies
 * throw a `TypeError` then.
 *
 * @typeParam Claims what the application's verifier answers
 * @typeParam Events the events that clients send
 */
export interface VerifierOptions<Claims = JwtClaims, Events = DefaultEvents>
  extends
    Omit<AuthorizeOptions<Claims, Events>, VerificationOption>,
    Partial<Record<VerificationOption, undefined>> {
  /**
   * The application's own verifier, see {@link VerifyFunction}: for EdDSA, encrypted and opaque tokens, introspection
   * (RFC 7662), or the SDK of a provider. It is called once for each token that is shown, and has `keyTimeout` to
   * answer. Everything else, such as renewal and revocation, works as with `secret`.
   *
   * @example verify: async (token) => (await jwtVerify(token, key, { issuer, audience })).payload
   */
  verify: VerifyFunction<Claims>;
}
