import { UnauthorizedError } from '../errors';
import { log } from '../runtime/log';
import { Member } from '../session/member';
import type { SessionContext } from '../session/context';
import { gatekeeperOf } from '../socket-io/event-gate';
import { keptOf } from '../socket-io/recovery';
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
  /** Tokens that are being verified here. */
  #verifying = 0;

  constructor(context: SessionContext, connections: Connections) {
    this.#context = context;
    this.#connections = connections;
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

  keep(socket: AnySocket): KeptSocket | undefined {
    const permit = this.#connections.of(socket).sessionOf(socket)?.permit;
    const member = gatekeeperOf(socket);
    if (permit === undefined || !(member instanceof Member)) return undefined;
    return { session: toKeptSession(permit), rooms: [...member.rooms] };
  }

  stillHolds({ session, rooms }: Partial<KeptSocket>): Promise<boolean> {
    return Array.isArray(rooms) ? this.#context.admission.mayRestore(session) : Promise.resolve(false);
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
    const session = connection.sharedSession;
    const token = this.#tokens.shown(socket);
    // Under `scope: 'connection'` the socket will belong to the user that is logged in, or is about to be.
    if (session?.isBusy) return undefined;
    if (token === undefined || token === session?.permit?.token) return { userKey: session?.permit?.userKey };
    const outcome = typeof token === 'string' ? await this.#verify(token, socket, connection) : token;
    if (outcome === undefined) return undefined;
    this.#outcomes.set(socket, outcome);
    return outcome instanceof UnauthorizedError ? undefined : { userKey: outcome.userKey };
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
    const outcome = await new Promise<Outcome>((resolve) => {
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
    this.#verifying -= 1;
    return outcome;
  }
}
