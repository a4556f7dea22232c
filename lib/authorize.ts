import { AuthorizerCore } from './authorizer/authorizer';
import type { AuthorizeOptions, DefaultEvents, VerifierOptions } from './options';
import type { Revocation } from './types';
import { toSettings } from './authorizer/settings';
import type { AuthorizerStats } from './session/statistics';
import type { AnyNamespace, AnyServer, AnySocket, JwtClaims } from './types';

/**
 * What {@link authorize} gives: a connection listener (`io.on('connection', auth)`) or, with `handshake: true`, a
 * middleware (`io.use(auth)`). Used as a listener in handshake mode, or as middleware without it, it refuses every
 * connection with `server_misconfigured`, and one process warning says which way is right.
 */
export interface Authorizer {
  /**
   * @param socket the socket that has connected, or asks to
   * @param next Socket.IO's, with `handshake: true`
   */
  (socket: AnySocket, next?: (error?: Error) => void): void;

  /**
   * Guards a namespace. Prefer it to `io.on('connection', auth)` and `io.use(auth)`: it also guards
   * `connectionStateRecovery` and hears other nodes' revocations before the first client connects.
   *
   * @param target a server (its main namespace), a namespace, or a dynamic (parent) namespace
   * @returns the namespace, so that `.on('authenticated', …)` can follow
   * @throws TypeError if it is none of these
   */
  attach<Target extends AnyServer | AnyNamespace>(
    target: Target,
  ): Target extends AnyServer ? Target['sockets'] : Target;

  /**
   * Ends matching sessions here and on every node, for reason `revoked`, and refuses matching tokens from then on. A
   * session is judged by the token that it was last renewed with.
   *
   * @param rule one of
   * - `{ jti }`: one token
   * - `{ sid }`: the tokens of one session at an OpenID provider
   * - `{ sub, issuedBefore?, grace? }`: a user. Every live session ends, and tokens with an `iat` up to and including
   *   this second are refused; with `issuedBefore` (a `Date` or whole seconds), sessions and tokens issued before it.
   *   With `grace` (ms), live sessions continue for that time, are sent `token_expiring` once this second is over, and
   *   stay if they renew with a token that the rule does not refuse
   *
   * Each takes `iss?` (without it, of every issuer) and `exp?` (a `Date` or whole seconds: when the last of those
   * tokens expires, after which the rule is forgotten)
   * @returns a promise that resolves once the store has the rule and local sessions are ended, or with `grace` warned;
   *   for a `sub` with `issuedBefore` in seconds: a token with that `iat` or a later one counts. It rejects with a
   *   `TypeError` if the rule is none, and with the store's error if that failed (local sessions are ended then too)
   */
  revoke(rule: Extract<Revocation, { sub: string }>): Promise<{ issuedBefore: number }>;
  revoke(rule: Revocation): Promise<{ issuedBefore?: number }>;

  /**
   * Takes a socket back to pending: it loses its claims and rooms, and its timeout runs again. The client is told
   * `not_authenticated`. Under `scope: 'connection'` this applies to all its namespaces. Nothing happens to a socket
   * that is not authenticated.
   */
  deauthenticate(socket: AnySocket): void;

  /** Two gauges and the counters of this authorizer, in this process. */
  stats(): AuthorizerStats;

  /**
   * Stops timers and listeners permanently. Later connections are refused, and no session is restored; existing sockets
   * stay as they are, until another authorizer is attached, which takes them over as pending.
   */
  close(): void;
}

/**
 * JWT authentication for Socket.IO, after connect: a socket connects, shows its token in an `authenticate` event, and
 * is accepted; without a valid token it is disconnected at the timeout.
 *
 * @typeParam Claims what the application's tokens carry
 * @typeParam Events the events that clients send, as the server's first event map has them: `permissions` and `allow`
 *   then name no other. Default: any
 * @param options `secret` or `verify`, and whatever differs from the defaults
 * @throws TypeError if an option is missing, unknown, or of the wrong type
 * @example
 * io.on('connection', authorize({ secret, timeout: 15000 }))
 *   .on('authenticated', (socket) => console.log(socket.decoded_token.name));
 */
export function authorize<Claims = JwtClaims, Events = DefaultEvents>(
  options: AuthorizeOptions<Claims, Events> | VerifierOptions<Claims, Events>,
): Authorizer {
  const core = new AuthorizerCore(toSettings(options));
  const listener = (socket: AnySocket, next?: (error?: Error) => void): void => core.call(socket, next);
  return Object.assign(listener, {
    attach: (target: AnyServer | AnyNamespace) => core.attach(target),
    revoke: (rule: Revocation) => core.revoke(rule),
    deauthenticate: (socket: AnySocket) => core.deauthenticate(socket),
    stats: () => core.stats(),
    close: () => core.close(),
  }) as Authorizer;
}
