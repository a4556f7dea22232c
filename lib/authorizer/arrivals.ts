import { unauthorized, UnauthorizedError } from '../errors';
import { CODES } from '../protocol';
import type { SessionContext } from '../session/context';
import { tellRefused } from '../session/refusals';
import type { Session } from '../session/session';
import { hideIdentity, showIdentity } from '../session/socket-properties';
import { disconnect, replace } from '../socket-io/connections';
import { gatekeeperOf } from '../socket-io/event-gate';
import { leaveRooms } from '../socket-io/rooms';
import type { Outcome } from '../token/admission';
import type { Permit } from '../token/permit';
import type { AnySocket } from '../types';
import type { Connections } from './connections';
import type { Handshake } from './handshake';
import type { Recovery, RestoredSession } from './recovery';

/** Gives each connected socket its session, and gives the session what the client showed. */
export class Arrivals {
  readonly #context: SessionContext;
  readonly #connections: Connections;
  readonly #recovery: Recovery;
  readonly #handshake: Handshake;

  constructor(context: SessionContext, connections: Connections, recovery: Recovery, handshake: Handshake) {
    this.#context = context;
    this.#connections = connections;
    this.#recovery = recovery;
    this.#handshake = handshake;
  }

  /** Takes in a socket that connects in this tick. */
  arrive(socket: AnySocket): void {
    // An earlier listener of the application may have disconnected it.
    if (gatekeeperOf(socket) !== undefined || !socket.connected) return;
    const connection = this.#connections.of(socket);
    const older = connection.socketAt(socket.nsp);
    if (older !== undefined) replace(older, socket);
    const restored = this.#recovery.sessionOf(socket);
    const outcome = this.#takeOutcome(socket);
    // A listener of the older one may have closed it, or the application's `customDecoded`.
    if (!socket.connected) return;
    if (restored !== undefined && !this.#comesBack(socket, restored)) return;
    if (socket.recovered && restored === undefined) this.#takeAway(socket);
    const session = connection.sessionFor(socket);
    this.#enter(session, socket, restored);
    this.#follow(session, socket, this.#shownBy(socket, restored, outcome));
  }

  /**
   * Takes in a socket that had connected before its namespace was guarded: it must log in, and has the full timeout.
   */
  arriveLate(socket: AnySocket): void {
    const former = gatekeeperOf(socket);
    if (former !== undefined && !former.isRetired) return;
    former?.retire();
    // The token is removed from the handshake but not used: the client does not expect a login now.
    this.#context.settings.tokens.atConnect(socket);
    this.#connections.of(socket).sessionFor(socket).join(socket);
  }

  /** Whether a socket has its former session back. If not, it is disconnected. */
  #comesBack(socket: AnySocket, restored: RestoredSession): boolean {
    // In any case: the application's `connection` listeners count on an identity.
    showIdentity(socket, restored.permit, this.#context.settings);
    const refusal = this.#recovery.lateRefusal(restored, socket);
    if (refusal === undefined) return true;
    tellRefused(socket, refusal, this.#context);
    disconnect(socket);
    return false;
  }

  /** A socket that was restored without its session gets nothing of the former user. */
  #takeAway(socket: AnySocket): void {
    hideIdentity(socket, this.#context.settings);
    leaveRooms(socket);
  }

  /** Brings a socket into the session of its connection, with what was granted to it before. */
  #enter(session: Session, socket: AnySocket, restored: RestoredSession | undefined): void {
    const granted = this.#grantedTo(socket, session, restored);
    if (granted === undefined) this.#leaveRoomsOfOther(socket, session);
    session.join(socket, restored?.rooms, granted !== undefined);
    if (granted !== undefined) session.take(granted, socket);
    else if (restored === undefined) this.#tellLate(socket, session);
  }

  /**
   * What was granted before the socket connected, and the session does not have yet: a former session, or a login at the
   * handshake.
   */
  #grantedTo(socket: AnySocket, session: Session, restored: RestoredSession | undefined): Permit | undefined {
    // Under `scope: 'connection'` another namespace may have been first.
    if (restored !== undefined) return session.isOpen ? undefined : restored.permit;
    const admitted = this.#handshake.permitOf(socket);
    const isNew = admitted !== undefined && admitted.token !== session.permit?.token;
    return isNew && !this.#connections.isOutdated(socket) ? admitted : undefined;
  }

  /** Middlewares may have joined the socket to rooms of the user that they saw, who has left since. */
  #leaveRoomsOfOther(socket: AnySocket, { permit }: Session): void {
    const shown = this.#handshake.shownTo(socket);
    if (shown !== undefined && permit !== undefined && shown !== permit.userKey) leaveRooms(socket);
  }

  /** Tells a socket whose login has ended before it connected. */
  #tellLate(socket: AnySocket, session: Session): void {
    const admitted = this.#handshake.permitOf(socket);
    if (session.isOpen) {
      // Another login has followed: the socket has its identity.
      if (admitted !== undefined && admitted.token !== session.permit?.token) this.#tellOutdated(socket);
    } else if (this.#handshake.shownTo(socket) !== undefined) {
      // The session has ended since. The application's `connection` listeners count on an identity at the handshake, so
      // the socket keeps it, but must not stay.
      this.#tellOutdated(socket);
      disconnect(socket);
    }
  }

  /** What the client showed was shown before a logout. */
  #tellOutdated(socket: AnySocket): void {
    tellRefused(socket, unauthorized(CODES.notAuthenticated), this.#context);
  }

  /** The outcome of the token that was shown with a recovery id. */
  #takeOutcome(socket: AnySocket): Outcome | undefined {
    const outcome = this.#recovery.takeOutcome(socket);
    // Later: other CONNECT packets of the same chunk may wait for it.
    if (outcome !== undefined) setImmediate(() => this.#connections.of(socket).endLogin(socket));
    return outcome;
  }

  /** What the client showed while it connected, as far as it is not applied yet. */
  #shownBy(
    socket: AnySocket,
    restored: RestoredSession | undefined,
    outcome: Outcome | undefined,
  ): Outcome | string | undefined {
    if (this.#handshake.hasAdmitted(socket)) {
      return restored && (outcome ?? this.#handshake.permitOf(socket));
    }
    const login = this.#context.settings.tokens.atConnect(socket);
    if ((outcome ?? login) !== undefined && this.#connections.isOutdated(socket)) {
      this.#tellOutdated(socket);
      return undefined;
    }
    if (outcome === undefined) return login;
    // The token of a resumed socket is a renewal, wherever it was found.
    if (restored !== undefined || login !== undefined) return this.#counted(outcome);
    // In event mode, a token of the HTTP request is no login at connect; but its refusal counts.
    if (outcome instanceof UnauthorizedError) {
      this.#connections.of(socket).sessionAttempts(socket.nsp).fail(outcome);
    }
    return undefined;
  }

  #counted(outcome: Outcome): Outcome {
    if (!(outcome instanceof UnauthorizedError)) this.#context.stats.verified += 1;
    return outcome;
  }

  /** Waits one tick, so that the application's `connection` listeners run before its `authenticated` listeners. */
  #follow(session: Session, socket: AnySocket, shown: Outcome | string | undefined): void {
    if (shown === undefined) {
      this.#turnAwayIfFull(socket, session);
      return;
    }
    session.expectToken();
    process.nextTick(() => {
      session.intake.offer(shown, socket);
      this.#turnAwayIfFull(socket, session);
    });
  }

  /** During a flood, a client that shows a valid token with its CONNECT packet is still admitted. */
  #turnAwayIfFull(socket: AnySocket, session: Session): void {
    const { settings, stats } = this.#context;
    if (session.isOpen || stats.pending <= settings.maxPending) return;
    tellRefused(socket, unauthorized(CODES.serverBusy), this.#context);
    disconnect(socket);
  }
}
