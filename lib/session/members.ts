import { UnauthorizedError } from '../errors';
import { NAMESPACE_EVENTS } from '../protocol';
import type { AuthenticatedPayload, DeauthenticationReason } from '../protocol';
import { disconnect } from '../socket-io/connections';
import { gatekeeperOf } from '../socket-io/event-gate';
import type { Permit } from '../token/permit';
import type { AnySocket, JwtClaims } from '../types';
import type { SessionContext } from './context';
import { HoldingMembers } from './holding-members';
import type { Member } from './member';
import { tellAuthenticated, tellExpiring, tellRefusal } from './notifications';
import { tellRefused } from './refusals';
import { ReportBudget } from './report-budget';
import { roomsOf } from './rooms';

/** The rooms that the option `rooms` gives to each socket. */
export type MemberRooms = ReadonlyMap<Member, ReadonlySet<string>>;

/**
 * What a connection with several namespaces is told in one minute of its logins, and of its renewals: each one is told to
 * every namespace.
 */
const MAX_TOLD = 192;
/** Sockets to which a connection's renewals are applied in one minute. Each renewal is applied to every namespace. */
const MAX_RENEWED = 10_000;

/** How a session ended. */
export interface SessionEnd {
  readonly reason: DeauthenticationReason;
  /** Whose session it was. */
  readonly claims: JwtClaims;
  /** What the clients are told, if anything. */
  readonly notice: UnauthorizedError | undefined;
  readonly isDisconnecting: boolean;
}

/** The sockets of one session. Applies each step of the session to all of them, and tells listeners and clients. */
export class Members {
  readonly #context: SessionContext;
  readonly #all = new Set<Member>();
  /**
   * Those that hold events, if any: most sessions need no record of them. A client that logs out without end must not
   * have all its sockets looked at each time.
   */
  #holding: HoldingMembers | undefined;
  /** Bounds how often the server reports renewals to the connection's other namespaces. */
  #others: ReportBudget | undefined;

  #logins: ReportBudget | undefined;
  #renewals: ReportBudget | undefined;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** Whether one more login, which is reported to every socket, stays within the bound. */
  mayLogIn(): boolean {
    return this.#all.size < 2 || this.#isWithin((this.#logins ??= new ReportBudget(MAX_TOLD)));
  }

  /** Whether one more renewal, which is applied to every socket, stays within the bound. */
  mayRenew(): boolean {
    return this.#all.size < 2 || this.#isWithin((this.#renewals ??= new ReportBudget(MAX_RENEWED)));
  }

  #isWithin(budget: ReportBudget): boolean {
    return budget.allows(this.#context.deadlines.now(), this.#all.size);
  }

  get size(): number {
    return this.#all.size;
  }

  /** The id of the first socket, for the log. */
  get id(): string | undefined {
    for (const { socket } of this.#all) return socket.id;
    return undefined;
  }

  add(member: Member): void {
    this.#all.add(member);
  }

  delete(member: Member): void {
    this.#all.delete(member);
    this.#holding?.delete(member);
  }

  /** @param isExpecting whether the member holds the event only because a token is under way */
  onHold(member: Member, isExpecting: boolean): void {
    this.#holding ??= new HoldingMembers();
    this.#holding.add(member, isExpecting);
  }

  /** The rooms that a permit gives to each socket, or a refusal. The application may close sockets meanwhile. */
  roomsFor({ claims }: Permit): MemberRooms | UnauthorizedError {
    const all = new Map<Member, ReadonlySet<string>>();
    for (const member of this.#all) {
      const rooms = roomsOf(this.#context.settings.rooms, claims, member.socket);
      if (rooms instanceof UnauthorizedError) return rooms;
      all.set(member, rooms);
    }
    for (const member of all.keys()) if (!this.#all.has(member)) all.delete(member);
    return all;
  }

  /** A login: identity and rooms take effect before anyone is told. */
  admit(permit: Permit, rooms: MemberRooms): void {
    for (const [member, own] of rooms) member.admit(permit, own);
  }

  /**
   * A renewal: identity and rooms change, and the sockets stay authenticated.
   *
   * @param isOther whether the token is of another user, which `sameSubject: false` allows
   */
  renew(permit: Permit, rooms: MemberRooms, isOther: boolean): void {
    for (const [member, own] of rooms) {
      if (isOther) member.forgetUser();
      member.renew(permit, own);
    }
  }

  /**
   * Tells the server's listeners of a login or a renewal, then the client. A listener may end the session or
   * disconnect a socket.
   *
   * @param asking the socket that showed the token
   * @param payload what the client is told; `undefined` as soon as the session has ended
   */
  welcome(asking: AnySocket, payload: () => AuthenticatedPayload | undefined): void {
    const isLone = this.#all.size === 1;
    this.#others ??= isLone ? undefined : new ReportBudget(MAX_TOLD);
    const isFlood = !isLone && !this.#others?.allows(this.#context.deadlines.now(), this.#all.size);
    for (const member of this.#all) {
      this.welcomeOne(member, payload, isFlood && member.isWelcomed && member.socket !== asking);
    }
  }

  /** @param isSilent the client is not told */
  welcomeOne(member: Member, payload: () => AuthenticatedPayload | undefined, isSilent = false): void {
    if (payload() === undefined || !member.socket.connected) return;
    const { authenticated, reauthenticated } = NAMESPACE_EVENTS;
    const event = member.isWelcomed ? reauthenticated : authenticated;
    member.isWelcomed = true;
    this.#context.announce(event, member.socket);
    const session = payload();
    if (session !== undefined && !isSilent) tellAuthenticated(member.socket, session);
  }

  /** Delivers the events that waited for the login. */
  releaseHeld(): void {
    this.#holding?.visit((member) => member.releaseHeld());
    // A session that is open holds nothing, unless a listener has just ended it.
    if (this.#holding?.isEmpty === true) this.#holding = undefined;
  }

  /** The client has logged out: decides on the events that it has sent behind the logout. */
  goOn(): void {
    this.#holding?.visit((member) => member.goOn());
  }

  /** Drops the events that wait for nothing any more. */
  dropStranded(): void {
    this.#holding?.visitExpecting((member) => member.dropStranded());
  }

  /** Drops the events that waited for the login. */
  dropHeld(): void {
    this.#holding?.visit((member) => member.dropHeld());
  }

  tellExpiring(payload: AuthenticatedPayload): void {
    for (const { socket } of this.#all) tellExpiring(socket, payload);
  }

  /** The session has ended. All sockets are evicted before the first listener runs. */
  evict({ reason, claims, notice, isDisconnecting }: SessionEnd): void {
    const sockets = Array.from(this.#all, ({ socket }) => socket);
    for (const member of this.#all) member.evict(isDisconnecting);
    for (const socket of sockets) {
      this.#context.announce(NAMESPACE_EVENTS.deauthenticated, socket, reason, claims);
      if (notice !== undefined) tellRefusal(socket, notice);
      if (isDisconnecting) disconnect(socket);
    }
  }

  /** Disconnects a socket after so many ms, unless it logs in before. */
  disconnectLater(socket: AnySocket, delay: number): void {
    // Not sought among all: a client may be refused without end.
    const member = gatekeeperOf(socket) as Member;
    if (this.#all.has(member)) member.disconnectLater(delay);
  }

  /** Refuses and disconnects every socket. */
  refuseAll(error: UnauthorizedError): void {
    for (const { socket } of this.#all) {
      tellRefused(socket, error, this.#context);
      disconnect(socket);
    }
  }
}
