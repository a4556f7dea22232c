import { UnauthorizedError } from '../errors';
import { CODES, EVENTS } from '../protocol';
import type { Gatekeeper } from '../socket-io/event-gate';
import { dataOf, deliver, guardEvents } from '../socket-io/event-gate';
import type { EventPacket } from '../socket-io/event-packet';
import { forgetQuestions, replyTo } from '../socket-io/packets';
import type { Reply } from '../socket-io/packets';
import { markLogin } from '../socket-io/recovery';
import { lobbyOf } from '../socket-io/lobby';
import { disconnect } from '../socket-io/connections';
import { leaveRooms } from '../socket-io/rooms';
import type { Permit } from '../token/permit';
import type { AnySocket, JwtClaims } from '../types';
import type { SessionContext } from './context';
import { HeldEvents } from './held-events';
import { tellDropped, tellRefused } from './refusals';
import { ReportBudget } from './report-budget';
import { exchangeRooms, roomsOf } from './rooms';
import { hideIdentity, showIdentity } from './socket-properties';

/** What a socket needs from its session. */
export interface MemberSession {
  /** Whether its sockets may send and receive events. */
  readonly isOpen: boolean;
  /** Whether a token is being verified, so that events wait for its outcome. */
  readonly isHolding: boolean;
  /** Logouts that have arrived, at whichever of its sockets, and take effect later in this tick. */
  readonly leaving: number;
  /** Logins so far. A renewal counts if it brings another user. */
  readonly logins: number;
  /** Tokens so far that it was given: logins and renewals. */
  readonly grants: number;
  /** How often it has begun, ended, or stayed pending after a token or a logout. */
  readonly outcomes: number;
  readonly claims: JwtClaims;
  /** What it was granted last; `undefined` while it is pending. */
  readonly permit: Permit | undefined;
  /** A token has arrived; the session gets it one tick later. */
  expectToken(): void;
  onAuthenticate(socket: AnySocket, payload: unknown, reply: Reply | undefined): void;
  /** A logout has arrived; {@link onDeauthenticate} follows in this tick. */
  expectLogout(): void;
  onDeauthenticate(socket: AnySocket, reply: Reply | undefined): void;
  /**
   * The socket holds an event.
   *
   * @param isExpecting whether it holds the event only because a token is under way
   */
  onHold(member: Member, isExpecting: boolean): void;
  leave(member: Member): void;
}

const NO_ROOMS: ReadonlySet<string> = new Set();

/**
 * One socket of a session. It decides which events the application hears, and applies login and logout to the socket.
 */
export class Member implements Gatekeeper {
  readonly socket: AnySocket;
  readonly #session: MemberSession;
  readonly #context: SessionContext;
  /** Whether the server's listeners and the client have been told of the login. */
  isWelcomed = false;
  /** Whether the gauges count the socket as authenticated. */
  #isIn = false;
  /** The session's outcomes when the socket connected. */
  readonly #outcomesAtFirst: number;
  /** Rooms that the option `rooms` has joined. */
  #rooms = NO_ROOMS;
  #held: HeldEvents | undefined;
  /** Events that were sent behind such a logout: if a login follows, they wait for it. */
  #behind: HeldEvents | undefined;
  #reports: ReportBudget | undefined;
  /** Cancels the disconnect that a refusal has asked for. */
  #cancel: (() => void) | undefined;
  /**
   * Whether the socket continues a session from before a drop. It then keeps that session's place among the packets.
   */
  #isRestored: boolean;

  /** @param former the rooms of the option `rooms` that a restored socket is in already */
  constructor(
    socket: AnySocket,
    session: MemberSession,
    context: SessionContext,
    former?: ReadonlySet<string>,
  ) {
    this.socket = socket;
    this.#isRestored = former !== undefined;
    this.#rooms = former ?? NO_ROOMS;
    this.#session = session;
    this.#outcomesAtFirst = session.outcomes;
    this.#context = context;
    guardEvents(socket, this);
  }

  get isRetired(): boolean {
    return this.#context.deadlines.isClosed;
  }

  retire(): void {
    this.evict(false);
    this.left();
  }

  belongsTo(context: SessionContext): boolean {
    return this.#context === context;
  }

  get rooms(): ReadonlySet<string> {
    return this.#rooms;
  }

  // The client speaks.

  hears(packet: EventPacket): boolean {
    const data = packet.data as unknown[];
    const [event] = data;
    if (event === EVENTS.authenticate || event === EVENTS.deauthenticate) {
      this.#speak(event, packet);
      return false;
    }
    // An event behind a logout is not the former user's.
    if (this.#session.isOpen && this.#session.leaving === 0) return this.#isPermitted(data);
    if (this.#context.settings.permissions.isOpenToAll(String(event))) return true;
    if (!this.#isHolding || !this.#hold(packet)) this.#report(CODES.notAuthenticated, event);
    return false;
  }

  /** An answer behind a logout is not the former user's. */
  get hearsAnswers(): boolean {
    return this.#session.leaving === 0;
  }

  #isPermitted(data: readonly unknown[]): boolean {
    // The application's function may have ended the session.
    if (this.#context.settings.permissions.allows(data, this.#session.claims))
      return this.#session.isOpen && this.socket.connected;
    this.#report(CODES.insufficientScope, data[0]);
    return false;
  }

  /**
   * Waits one tick, as Socket.IO does before it delivers an event: a message sent before a logout is still delivered.
   */
  #speak(event: unknown, packet: EventPacket): void {
    const reply = replyTo(this.socket, packet);
    const payload: unknown = packet.data?.[1];
    if (event === EVENTS.authenticate) this.#session.expectToken();
    else this.#session.expectLogout();
    process.nextTick(() => {
      if (event === EVENTS.authenticate) this.#session.onAuthenticate(this.socket, payload, reply);
      else this.#session.onDeauthenticate(this.socket, reply);
    });
  }

  /** The session is logged out: events that were sent behind the logout wait for the next login, if one is coming. */
  goOn(): void {
    const behind = this.#behind;
    this.#behind = undefined;
    // What is still held was sent before the logout.
    this.dropHeld();
    if (this.#isHolding) this.#held = behind;
    else this.#drop(behind);
  }

  get login(): number {
    return this.#session.logins;
  }

  get grant(): number {
    return this.#session.grants;
  }

  /**
   * A middleware may delay a message until another user has logged in: it is not that user's message, and is reported
   * as dropped. A renewal may have taken the permission away.
   */
  mayReach(event: readonly unknown[], login: number, grant: number): boolean {
    const { isOpen, logins, grants } = this.#session;
    if (isOpen && login === logins) return grant === grants || this.#isPermitted(dataOf(event));
    if (this.#context.settings.permissions.isOpenToAll(String(event[0]))) return true;
    this.#report(CODES.notAuthenticated, event[0]);
    return false;
  }

  left(): void {
    this.#cancel?.();
    this.#held?.take();
    this.#behind?.take();
    this.#held = this.#behind = undefined;
    this.#context.stats[this.#isIn ? 'authenticated' : 'pending'] -= 1;
    lobbyOf(this.socket).forget(this.socket.id);
    this.#session.leave(this);
  }

  // Events that wait.

  /** Whether events wait: also from the connection on, for the first token of a socket that must log in. */
  get #isHolding(): boolean {
    return this.#session.isHolding || this.#isWaiting;
  }

  /** Whether no token has had an outcome since the socket connected, which must log in. */
  get #isWaiting(): boolean {
    return this.#session.outcomes === this.#outcomesAtFirst && this.#context.settings.required;
  }

  get isHoldingEvents(): boolean {
    return [this.#held, this.#behind].some((events) => events?.isEmpty === false);
  }

  #hold(packet: EventPacket): boolean {
    const { holdEvents } = this.#context.settings;
    if (holdEvents === 0) return false;
    // Behind a second logout it is not of the user who logs in between the two.
    if (this.#session.leaving > 1) return false;
    const isBehind = this.#session.leaving > 0;
    const events = isBehind
      ? (this.#behind ??= new HeldEvents(holdEvents))
      : (this.#held ??= new HeldEvents(holdEvents));
    const isHeld = events.push(packet);
    if (isHeld) this.#session.onHold(this, isBehind || !this.#isWaiting);
    return isHeld;
  }

  /** The session is open: delivers the held events, in order. */
  releaseHeld(): void {
    for (const packet of this.#held?.take() ?? []) {
      if (!this.socket.connected) return;
      // Asks again: a permission may be missing, or a listener may have ended the session. A logout that has arrived
      // was sent later than these events.
      const isHeard = this.#session.isOpen ? this.#isPermitted(packet.data as unknown[]) : this.hears(packet);
      if (isHeard) deliver(this.socket, packet);
    }
  }

  /** A token has gone with the socket that showed it: nothing comes that the held events could wait for. */
  dropStranded(): void {
    if (!this.#isHolding) this.#drop(this.#held);
  }

  /** The token was refused, or the client has logged out: drops and reports the held events. */
  dropHeld(): void {
    this.#drop(this.#held);
  }

  #drop(events: HeldEvents | undefined): void {
    for (const { data } of events?.take() ?? []) this.#report(CODES.notAuthenticated, data?.[0]);
  }

  #report(code: string, event: unknown): void {
    this.#reports ??= new ReportBudget();
    if (this.socket.connected && this.#reports.allows(this.#context.deadlines.now()))
      tellDropped(this.socket, code, event, this.#context);
  }

  // What a session's steps do to the socket.

  /** The first refusal counts: a client that goes on trying gains no time, and costs no more timers. */
  disconnectLater(delay: number): void {
    if (delay === 0) disconnect(this.socket);
    else this.#cancel ??= this.#context.deadlines.after(delay, () => disconnect(this.socket));
  }

  /** The socket has connected and must wait. It gets no broadcast, and its rooms take effect at the login. */
  keepWaiting(): void {
    this.#context.stats.pending += 1;
    lobbyOf(this.socket)[this.#context.settings.isolate ? 'hold' : 'release'](this.socket.id);
  }

  /**
   * The socket has connected under a session that is open.
   *
   * @returns whether it is admitted; it is not if the option `rooms` refuses
   */
  admitLate(permit: Permit): boolean {
    // Also for a restored socket: the session may have been renewed meanwhile, with a token that names other rooms.
    const rooms = roomsOf(this.#context.settings.rooms, permit.claims, this.socket);
    if (rooms instanceof UnauthorizedError) {
      tellRefused(this.socket, rooms, this.#context);
      disconnect(this.socket);
      return false;
    }
    // The option may have ended the session, or closed the socket.
    if (!this.#session.isOpen || !this.socket.connected) return false;
    this.admit(permit, rooms);
    return true;
  }

  /**
   * Whether the socket is still under a permit. An adapter's `join-room` listeners run while rooms change: they may end
   * the session, or close a socket.
   */
  #isUnder(permit: Permit): boolean {
    return this.socket.connected && this.#session.permit === permit;
  }

  /** The waiting socket is logged in: its rooms take effect. */
  admit(permit: Permit, rooms: ReadonlySet<string>): void {
    if (!this.#isUnder(permit)) return;
    const { stats } = this.#context;
    stats.pending -= 1;
    stats.authenticated += 1;
    this.#isIn = true;
    // Whatever was refused before counts no more, also if the session ends soon.
    this.#cancel?.();
    this.#cancel = undefined;
    lobbyOf(this.socket).release(this.socket.id);
    if (!this.#isRestored) markLogin(this.socket);
    this.#isRestored = false;
    this.#change(permit, rooms);
  }

  /** Another user takes over: earlier packets are not for the new user, and answers to earlier questions not by it. */
  forgetUser(): void {
    forgetQuestions(this.socket);
    markLogin(this.socket);
  }

  /** The token was renewed; the socket that has brought it may not be in yet. */
  renew(permit: Permit, rooms: ReadonlySet<string>): void {
    if (this.#isIn) this.#change(permit, rooms);
    else this.admit(permit, rooms);
  }

  #change(permit: Permit, rooms: ReadonlySet<string>): void {
    if (!this.#isUnder(permit)) return;
    const former = this.#rooms;
    this.#rooms = rooms;
    showIdentity(this.socket, permit, this.#context.settings);
    exchangeRooms(this.socket, former, rooms, () => this.#isUnder(permit));
  }

  /**
   * The socket's session has ended.
   *
   * @param isDisconnecting whether the socket disconnects next: it then keeps identity and rooms for the
   *   `disconnecting` listeners, but gets no broadcast
   */
  evict(isDisconnecting: boolean): void {
    const { settings, stats } = this.#context;
    // One that is joining may not be in yet.
    if (this.#isIn) {
      stats.authenticated -= 1;
      stats.pending += 1;
    }
    this.#isIn = this.isWelcomed = false;
    forgetQuestions(this.socket);
    if (!isDisconnecting) {
      hideIdentity(this.socket, settings);
      leaveRooms(this.socket);
      this.#rooms = NO_ROOMS;
    }
    if (isDisconnecting || settings.isolate) lobbyOf(this.socket).hold(this.socket.id);
  }
}
