import { AuthorizerCore } from './authorizer/authorizer';
import type { AuthorizeOptions, VerifierOptions } from './options';
import type { Revocation } from './types';
import { toSettings } from './authorizer/settings';
import type { AuthorizerStats } from './session/statistics';
import type { AnyNamespace, AnyServer, AnySocket, JwtClaims } from './types';

/**
 * What {@link authorize} gives: a connection listener (`io.on('connection', auth)`) or, with `handshake: true`, a
 * middleware (`io.use(auth)`). Held the wrong way round it refuses every connection with `server_misconfigured`, and
 * says once, as a process warning, which way is right.
 */
export interface Authorizer {
  /**
   * @param socket the socket that has connected, or asks to
   * @param next Socket.IO's, with `handshake: true`
   */
  (socket: AnySocket, next?: (error?: Error) => void): void;

  /**
   * Guards a namespace: what `io.on('connection', auth)` or `io.use(auth)` does, and everything that is better there
   * before the first connection: what `connectionStateRecovery` may restore, and the revocations of other nodes.
   *
   * @param target a server (its main namespace), a namespace, or a dynamic (parent) namespace
   * @returns the namespace, so that `.on('authenticated', …)` can follow
   * @throws TypeError if it is none of these
   */
  attach<Target extends AnyServer | AnyNamespace>(
    target: Target,
  ): Target extends AnyServer ? Target['sockets'] : Target;

  /**
   * Ends matching sessions here and on every node, for reason `revoked`, and refuses matching tokens from then on.
   * A session is judged by the token that it was last renewed with.
   *
   * @param rule one token by its `jti`, or a subject's tokens issued before a moment (now, if left out)
   * @returns a promise that resolves once the store has the rule and local sessions are ended; it rejects with a
   *   `TypeError` if the rule is none, and with the store's error if that failed (local sessions are ended then too)
   */
  revoke(rule: Revocation): Promise<void>;

  /**
   * Takes a socket back to pending: claims gone, rooms left, timeout running again. The client is told
   * `not_authenticated`; under `scope: 'connection'` it holds for all its namespaces. Nothing happens to a socket that
   * is not authenticated.
   */
  deauthenticate(socket: AnySocket): void;

  /** What this authorizer holds and has done, in this process. */
  stats(): AuthorizerStats;

  /** Stops timers and listeners, for good: what connects afterwards is refused. Sockets are left as they are. */
  close(): void;
}

/**
 * JWT authentication for Socket.IO, after connect: a socket connects, shows its token in an `authenticate` event, and is
 * let in, or thrown out when the timeout is over.
 *
 * @typeParam Claims what the application's tokens carry
 * @param options `secret` or `verify`, and whatever differs from the defaults
 * @throws TypeError if an option is missing, unknown, or of the wrong type
 * @example
 * io.on('connection', authorize({ secret, timeout: 15000 }))
 *   .on('authenticated', (socket) => console.log(socket.decoded_token.name));
 */
export function authorize<Claims = JwtClaims>(
  options: AuthorizeOptions<Claims> | VerifierOptions<Claims>,
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
