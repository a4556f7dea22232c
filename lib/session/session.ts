import { UnauthorizedError, unauthorized } from '../errors';
import { CODES } from '../protocol';
import type { AuthenticatedPayload, DeauthenticationReason } from '../protocol';
import type { RevocableSession } from '../revocation/revocable-session';
import type { RevocationRefusal } from '../revocation/rules';
import { log } from '../runtime/log';
import { disconnect } from '../socket-io/connections';
import type { Reply } from '../socket-io/packets';
import type { Outcome } from '../token/admission';
import type { Permit } from '../token/permit';
import { expired, revokedToken } from '../token/refusals';
import type { AnySocket, JwtClaims, TokenIdentity } from '../types';
import type { SessionContext } from './context';
import type { LoginAttempts } from './login-attempts';
import type { TimedSession } from './login-clock';
import { Member } from './member';
import type { MemberSession } from './member';
import { Members } from './members';
import type { MemberRooms } from './members';
import { tellRefused } from './refusals';
import { BUDGET_PERIOD } from './report-budget';
import { secondLook } from './second-look';
import { hideIdentity } from './socket-properties';
import { CLOSED, isBusy, isOpen, PENDING, transition } from './state';
import type { SessionEvent, SessionState } from './state';
import { Term } from './term';
import type { TermOwner } from './term';
import { TokenIntake } from './token-intake';
import type { IntakeSession, Shown } from './token-intake';

/** What a login or a renewal gives. */
interface Grant {
  readonly permit: Permit;
  readonly rooms: MemberRooms;
}

/** What a session needs of the connection that it belongs to. */
export interface SessionPlace {
  /** The session is pending: its client has a limited time to log in. */
  mustLogIn(session: Session): void;
  hasLoggedIn(session: Session): void;
  /** The session has ended because its time to log in was over. */
  hasTimedOut(session: Session): void;
  /** The client or the server has ended a login. */
  hasLoggedOut(): void;
  /** The session has ended, or has lost its last socket. */
  hasClosed(session: Session): void;
  /** Called when a socket has left the session. */
  onLeave(session: Session, socket: AnySocket): void;
}

/**
 * The permission of one socket, or under `scope: 'connection'` of all sockets of a connection. When something happens
 * (an outcome, a deadline, a revocation, a logout), the session asks the state machine for the next state, and does
 * what that state requires.
 */
export class Session implements RevocableSession, TimedSession, TermOwner, MemberSession, IntakeSession {
  readonly #context: SessionContext;
  readonly #place: SessionPlace;
  readonly #attempts: LoginAttempts;
  readonly #members: Members;
  readonly #term: Term;
  readonly intake: TokenIntake;
  #state: SessionState = PENDING;
  #permit: Permit | undefined;
  #lastAttempt = 0;
  #logins = 0;
  #grants = 0;
  #outcomes = 0;
  #leaving = 0;

  /** @param attempts what the connection has tried at this session's namespace */
  constructor(context: SessionContext, place: SessionPlace, attempts: LoginAttempts) {
    this.#context = context;
    this.#place = place;
    this.#attempts = attempts;
    this.#members = new Members(context);
    this.#term = new Term(this, context.deadlines, context.settings);
    this.intake = new TokenIntake(this, attempts, context);
  }

  get isClosed(): boolean {
    return this.#state.status === 'closed';
  }

  get isOpen(): boolean {
    return isOpen(this.#state);
  }

  get isBusy(): boolean {
    return isBusy(this.#state);
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Whether a token is being verified, or has arrived. */
  get isHolding(): boolean {
    return this.isBusy || this.intake.isExpecting;
  }

  get logins(): number {
    return this.#logins;
  }

  get grants(): number {
    return this.#grants;
  }

  get outcomes(): number {
    return this.#outcomes;
  }

  get leaving(): number {
    return this.#leaving;
  }

  get permit(): Permit | undefined {
    return this.#permit;
  }

  get claims(): JwtClaims {
    return this.#permit?.claims ?? {};
  }

  get identity(): TokenIdentity {
    return this.#permit?.identity ?? {};
  }

  get endsAt(): number {
    return this.#permit?.endsAt ?? Infinity;
  }

  // Sockets come and go.

  /**
   * Takes in a socket that has just connected.
   *
   * @param former the rooms of the option `rooms` that a restored socket is in already
   * @param isTaking whether {@link take} follows, with a permit of the socket's own: what is open now is not for it
   */
  join(socket: AnySocket, former?: ReadonlySet<string>, isTaking = false): void {
    const member = new Member(socket, this, this.#context, former);
    this.#members.add(member);
    member.keepWaiting();
    const permit = this.#permit;
    if (permit === undefined) this.#place.mustLogIn(this);
    else if (isTaking || member.admitLate(permit)) {
      // Another socket's login may have welcomed it by then.
      process.nextTick(() => {
        if (!member.isWelcomed) this.#members.welcomeOne(member, () => this.#payload());
      });
    }
  }

  onHold(member: Member, isExpecting: boolean): void {
    this.#members.onHold(member, isExpecting);
  }

  leave(member: Member): void {
    this.#members.delete(member);
    this.#place.onLeave(this, member.socket);
  }

  /** Ends the session, and tells no one. */
  close(): void {
    this.#dropPermit();
    this.intake.withdraw();
    this.#term.stop();
    this.#place.hasClosed(this);
    this.#state = CLOSED;
  }

  // The client speaks.

  expectToken(): void {
    this.intake.expect();
  }

  onAuthenticate(socket: AnySocket, payload: unknown, reply: Reply | undefined): void {
    this.intake.onAuthenticate(socket, payload, reply);
  }

  expectLogout(): void {
    this.#leaving += 1;
  }

  onDeauthenticate(socket: AnySocket, reply: Reply | undefined): void {
    this.#leaving -= 1;
    this.logout();
    if (socket.connected) reply?.({ ok: true });
    this.#members.goOn();
  }

  // Tokens have an outcome.

  begin(): number {
    this.#lastAttempt += 1;
    this.#step({ type: 'submit', attempt: this.#lastAttempt });
    return this.#lastAttempt;
  }

  /** `authenticated` was sent when the token was taken, so only an acknowledgement is still due. */
  confirm({ reply }: Shown): void {
    reply?.({ ok: true, ...this.#payload() });
  }

  dropStranded(): void {
    if (!this.isOpen && !this.isHolding) this.#members.dropStranded();
  }

  /** Takes a permit that was granted before the socket connected: at the handshake, or before a drop. */
  take(permit: Permit, socket: AnySocket): void {
    // No other token is taken meanwhile. A session that was open stays open if the permit is refused.
    if (this.isBusy) this.#withdraw();
    this.settle(this.begin(), permit, { socket, isConnecting: true });
  }

  settle(attempt: number, outcome: Outcome, shown: Shown): void {
    const grant = this.#isAwaited(attempt) ? this.#grant(outcome) : undefined;
    // Looked at last: the application's `rooms` may have ended the session, or closed its socket.
    if (grant === undefined || !this.#isAwaited(attempt)) this.#settleStale(outcome, shown);
    else if (grant instanceof UnauthorizedError) this.#refuse(attempt, grant, shown);
    else this.#accept(attempt, grant, shown);
  }

  #isAwaited(attempt: number): boolean {
    return isBusy(this.#state) && this.#state.attempt === attempt;
  }

  /** What an outcome gives now, with the rooms of each socket, or a refusal. */
  #grant(outcome: Outcome): Grant | UnauthorizedError {
    const permit = this.#bounded(secondLook(outcome, this.#permit, this.#context));
    if (permit instanceof UnauthorizedError) return permit;
    const rooms = this.#members.roomsFor(permit);
    if (rooms instanceof UnauthorizedError) return rooms;
    // The application's `rooms` may have revoked the token.
    const late = secondLook(permit, this.#permit, this.#context);
    return late instanceof UnauthorizedError ? late : { permit, rooms };
  }

  /**
   * Under `scope: 'connection'`, a client that logs in and out, or renews, without end must not have all its sockets
   * told, or changed.
   */
  #bounded(outcome: Outcome): Outcome {
    if (outcome instanceof UnauthorizedError) return outcome;
    const isAllowed = this.#permit === undefined ? this.#members.mayLogIn() : this.#members.mayRenew();
    return isAllowed ? outcome : unauthorized(CODES.rateLimited, { retryAfter: BUDGET_PERIOD });
  }

  /**
   * The session was logged out meanwhile. A refusal still counts as an attempt, or a logout would make attempts free.
   */
  #settleStale(outcome: Outcome, { socket, reply, isConnecting }: Shown): void {
    // Shown when the permit was granted, before the socket connected.
    if (isConnecting) hideIdentity(socket, this.#context.settings);
    // Counted before anyone is told: if a listener disconnects the socket, a connection without failures is forgotten.
    const isLast = outcome instanceof UnauthorizedError && this.#attempts.fail(outcome);
    tellRefused(socket, unauthorized(CODES.notAuthenticated), this.#context, reply);
    if (isLast) this.#giveUp(socket);
  }

  #accept(attempt: number, { permit, rooms }: Grant, shown: Shown): void {
    const { socket, reply, isConnecting } = shown;
    this.#step({ type: 'accept', attempt });
    this.#attempts.succeed();
    this.#place.hasLoggedIn(this);
    this.#enter(permit, rooms);
    const welcome = (): void => {
      if (this.#permit === permit) this.#members.welcome(socket, () => this.#payload());
      const session = this.#permit === permit ? this.#payload() : undefined;
      // A listener may have ended the session.
      if (session === undefined) reply?.({ ok: false, error: unauthorized(CODES.notAuthenticated).data });
      else reply?.({ ok: true, ...session });
      this.#members.releaseHeld();
    };
    if (isConnecting) process.nextTick(welcome);
    else welcome();
  }

  #enter(permit: Permit, rooms: MemberRooms): void {
    const former = this.#permit;
    this.#dropPermit();
    this.#permit = permit;
    this.#context.revocations.register(this);
    this.#term.start(permit.endsAt);
    this.#grants += 1;
    this.#outcomes += 1;
    // With `sameSubject: false`, a renewal may bring another user: as for messages, that is a login.
    if (former?.userKey !== permit.userKey) this.#logins += 1;
    if (former === undefined) this.#members.admit(permit, rooms);
    else this.#members.renew(permit, rooms, former.userKey !== permit.userKey);
  }

  #refuse(attempt: number, error: UnauthorizedError, { socket, reply, isConnecting }: Shown): void {
    const { disconnectAfter } = this.#context.settings;
    const isOverdue = this.#isOverdue;
    this.#step({ type: 'refuse', attempt });
    const isLast = !isConnecting && this.#attempts.fail(error);
    tellRefused(socket, error, this.#context, reply);
    if (!this.isOpen) this.#dropHeld();
    // The permit was granted before the connection and is refused now: the socket must not stay.
    if (isConnecting) disconnect(socket);
    else if (isLast) this.#giveUp(socket);
    else if (isOverdue) this.onTimeout();
    else if (disconnectAfter !== undefined && !this.isOpen)
      this.#members.disconnectLater(socket, disconnectAfter);
  }

  // The session ends.

  /**
   * Takes the session back to pending.
   *
   * @param notice what the client is told; by default nothing
   */
  logout(notice?: UnauthorizedError): void {
    const isOverdue = this.#isOverdue;
    this.#place.hasLoggedOut();
    if (this.#permit !== undefined) return this.#end('logout', notice);
    this.#leave();
    if (isOverdue) this.onTimeout();
    else this.#dropHeld();
  }

  #dropHeld(): void {
    this.#outcomes += 1;
    this.#members.dropHeld();
  }

  revoke(refusal: RevocationRefusal): void {
    if (this.#permit === undefined) return;
    this.#context.stats.revoked += this.#members.size;
    this.#end('revoked', revokedToken(refusal));
  }

  /** A rule with `grace` asks for a fresh token. Without one, the session ends at `endsAt`, in ms since the epoch. */
  shorten(endsAt: number): void {
    if (this.#permit === undefined) return;
    this.#term.shorten(endsAt);
    this.onExpiring();
  }

  onExpiring(): void {
    this.#members.tellExpiring(this.#term.payload);
  }

  /** The token has expired. If the socket stays connected, a renewal that is being verified continues as a login. */
  onEnd(): void {
    this.#context.stats.expired += this.#members.size;
    this.#end('expired', expired());
  }

  /** The time to log in is over. A running verification finishes first. */
  onTimeout(): void {
    this.#step({ type: 'timeout' });
    if (!this.isClosed) return;
    this.#place.hasTimedOut(this);
    this.#context.stats.timedOut += this.#members.size;
    this.#members.refuseAll(unauthorized(CODES.authenticationTimeout));
  }

  #giveUp(socket: AnySocket): void {
    this.#members.refuseAll(unauthorized(CODES.tooManyAttempts));
    // If a listener has disconnected it, its transport must not stay for further attempts.
    disconnect(socket);
  }

  #leave(): void {
    this.#step({ type: 'leave' });
    this.intake.withdraw();
  }

  /** The token that is being verified no longer counts. */
  #withdraw(): void {
    this.#step({ type: 'refuse', attempt: this.#lastAttempt });
    this.intake.withdraw();
  }

  #end(reason: DeauthenticationReason, notice: UnauthorizedError | undefined): void {
    const { claims } = this;
    const goesOn = reason === 'expired' && this.#context.settings.onExpired !== 'disconnect';
    this.#outcomes += 1;
    // First: the application hears of a token that is withdrawn, and may log the session out.
    this.#dropPermit();
    this.#term.stop();
    if (goesOn) this.#step({ type: 'expire' });
    else this.#leave();
    this.#place.mustLogIn(this);
    this.#members.evict({ reason, claims, notice, isDisconnecting: reason !== 'logout' && !goesOn });
  }

  #dropPermit(): void {
    if (this.#permit === undefined) return;
    this.#context.revocations.unregister(this);
    this.#permit = undefined;
  }

  // Helpers.

  get #isOverdue(): boolean {
    return this.#state.status === 'verifying' && this.#state.overdue;
  }

  /** What the clients are told about the session; `undefined` unless it is open. */
  #payload(): AuthenticatedPayload | undefined {
    return this.#permit && this.#term.payload;
  }

  #step(event: SessionEvent): void {
    const next = transition(this.#state, event);
    if (next.status !== this.#state.status) log.session('%s: %s', this.#members.id, next.status);
    this.#state = next;
  }
}
