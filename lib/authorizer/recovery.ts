import { UnauthorizedError, unauthorized } from '../errors';
import { CODES } from '../protocol';
import { log } from '../runtime/log';
import { Member } from '../session/member';
import type { SessionContext } from '../session/context';
import { gatekeeperOf } from '../socket-io/event-gate';
import { keptOf, runsMiddlewares } from '../socket-io/recovery';
import type { RecoveryRules, Whose } from '../socket-io/recovery';
import type { Outcome } from '../token/admission';
import { toKeptSession } from '../token/permit';
import type { KeptSession, Permit } from '../token/permit';
import type { TokenSource } from '../token/token-source';
import type { AnySocket } from '../types';
import type { ClientConnection, Connections } from './connections';

/** What is kept of a socket while its connection is down. */
interface KeptSocket {
  readonly session: KeptSession;
  /** The rooms that the option `rooms` has joined. */
  readonly rooms: readonly string[];
}

/** What becomes of a CONNECT packet without a token. */
export interface RecoverySettings {
  readonly handshake: boolean;
  readonly fail: unknown;
}

/** A session that was live before a drop. */
export interface RestoredSession {
  readonly permit: Permit;
  readonly rooms: ReadonlySet<string>;
}

/**
 * Decides which sessions `connectionStateRecovery` restores: those that are still valid, for a client that shows no
 * token or a token of the same user. A token that is shown with a recovery id is verified once, before anything is
 * restored. Its outcome is used when the socket connects.
 */
export class Recovery implements RecoveryRules<KeptSocket> {
  readonly #context: SessionContext;
  readonly #connections: Connections;
  readonly #tokens: TokenSource;
  readonly #outcomes = new WeakMap<AnySocket, Outcome>();
  readonly #settings: RecoverySettings;
  /** Tokens that are being verified here. */
  #verifying = 0;

  constructor(context: SessionContext, connections: Connections, settings: RecoverySettings) {
    this.#context = context;
    this.#connections = connections;
    this.#settings = settings;
    this.#tokens = context.settings.tokens;
  }

  /** The outcome of the token that a socket showed with a recovery id; a second call returns nothing. */
  takeOutcome(socket: AnySocket): Outcome | undefined {
    const outcome = this.#outcomes.get(socket);
    this.#outcomes.delete(socket);
    return outcome;
  }

  /** The session that a socket was restored with; none if the application cannot decode its claims. */
  sessionOf(socket: AnySocket): RestoredSession | undefined {
    const kept = keptOf(socket) as KeptSocket | undefined;
    if (kept === undefined) return undefined;
    const permit = this.#context.admission.restore(kept.session);
    log.recovery('%s: %s', socket.id, permit === undefined ? 'not restored' : 'restored');
    return permit && { permit, rooms: new Set(kept.rooms) };
  }

  /** Nothing is restored any more: nobody would end the sessions. */
  get #isClosed(): boolean {
    return this.#context.deadlines.isClosed;
  }

  /**
   * Why a restored socket may not connect any more: with `skipMiddlewares: false`, the application's middlewares have
   * run since {@link isMeant}. Under `scope: 'connection'` another user may have logged in, or be about to, or the client
   * may have logged out.
   */
  lateRefusal({ permit }: RestoredSession, socket: AnySocket): UnauthorizedError | undefined {
    const shared = this.#connections.of(socket).sharedSession;
    if (shared?.permit === undefined && this.#connections.isOutdated(socket))
      return unauthorized(CODES.notAuthenticated);
    if (shared?.permit !== undefined)
      return shared.permit.userKey === permit.userKey ? undefined : unauthorized(CODES.identityMismatch);
    return shared?.isBusy ? unauthorized(CODES.authenticationInProgress) : undefined;
  }

  keep(socket: AnySocket): KeptSocket | undefined {
    const permit = this.#connections.of(socket).sessionOf(socket)?.permit;
    const member = gatekeeperOf(socket);
    if (permit === undefined || !(member instanceof Member)) return undefined;
    return { session: toKeptSession(permit), rooms: [...member.rooms] };
  }

  stillHolds({ session, rooms }: Partial<KeptSocket>): Promise<boolean> {
    const isKept = Array.isArray(rooms) && !this.#isClosed;
    return isKept ? this.#context.admission.mayRestore(session) : Promise.resolve(false);
  }

  isMeant({ session }: KeptSocket, { userKey }: NonNullable<Whose>, socket: AnySocket): boolean {
    const { revocations, deadlines } = this.#context;
    // A slow store: meanwhile a rule may have come, or the token expired. No missed packet is sent then.
    if (revocations.refuses(session.identity) !== undefined) return false;
    if ((session.expiresAt ?? Infinity) <= deadlines.now()) return false;
    const shared = this.#connections.of(socket).sharedSession;
    // Under `scope: 'connection'` a user may have logged in since `mayAsk`, or be about to.
    if (shared?.isBusy) return false;
    return [userKey, shared?.permit?.userKey].every((one) => one === undefined || one === session.userKey);
  }

  async mayAsk(socket: AnySocket): Promise<Whose> {
    const connection = this.#connections.of(socket);
    this.#connections.note(socket);
    // Under `scope: 'connection'` the socket will belong to the user that is logged in, or is about to be.
    if (this.#isClosed || connection.sharedSession?.isBusy) return undefined;
    const token = this.#tokens.shown(socket);
    return token === undefined
      ? this.#whoseWithout(socket, connection)
      : this.#whoseWith(token, socket, connection);
  }

  async #whoseWithout(socket: AnySocket, { sharedSession, login }: ClientConnection): Promise<Whose> {
    if (sharedSession?.permit !== undefined) return whoseOf(sharedSession.permit);
    if (login !== undefined) return whoseOf(await login.outcome);
    // The recovery id alone is enough, unless a middleware of handshake mode refuses the socket next.
    const { handshake, fail } = this.#settings;
    const isRefused = handshake && fail === undefined && runsMiddlewares(socket.nsp);
    return isRefused ? undefined : ANYONE;
  }

  async #whoseWith(
    token: string | UnauthorizedError,
    socket: AnySocket,
    connection: ClientConnection,
  ): Promise<Whose> {
    const { sharedSession, login } = connection;
    if (sharedSession?.permit?.token === token) return whoseOf(sharedSession.permit);
    const outcome = await (login?.token === token ? login.outcome : this.#outcome(token, socket, connection));
    if (outcome === undefined) return undefined;
    this.#outcomes.set(socket, outcome);
    return whoseOf(outcome);
  }

  #outcome(
    token: string | UnauthorizedError,
    socket: AnySocket,
    connection: ClientConnection,
  ): Promise<Outcome | undefined> {
    return typeof token === 'string' ? this.#verify(token, socket, connection) : Promise.resolve(token);
  }

  /** Verifies within the bounds of a login. `undefined` past them: the token is judged later, as any other. */
  async #verify(
    token: string,
    socket: AnySocket,
    connection: ClientConnection,
  ): Promise<Outcome | undefined> {
    const { admission, stats, settings } = this.#context;
    const attempts = connection.sessionAttempts(socket.nsp);
    const { verification, isExhausted } = attempts;
    const isFull = stats.pending + this.#verifying >= settings.maxPending;
    if (verification.isRunning || isExhausted || isFull) return undefined;
    this.#verifying += 1;
    const judgement = new Promise<Outcome>((resolve) => {
      const renews = connection.sharedSession?.permit;
      verification.submit({
        judge: () => admission.judge(token, socket, renews),
        settle: (judged) => {
          // At once: the next CONNECT packet of the same chunk is judged before the first one's socket connects.
          if (judged instanceof UnauthorizedError) attempts.failEarly(judged);
          resolve(judged);
        },
      });
    });
    connection.beginLogin({ token, outcome: judgement, socket });
    const outcome = await judgement;
    this.#verifying -= 1;
    return outcome;
  }
}

/** A client that shows only the recovery id gets its session, whose ever it is. */
const ANYONE: Whose = { userKey: undefined };

function whoseOf(outcome: Outcome): Whose {
  return outcome instanceof UnauthorizedError ? undefined : { userKey: outcome.userKey };
}
