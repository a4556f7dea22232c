/** One client's connection as the model has it: which permission is where, and what the client must have been told. */
import { LoginTime } from './login-time';
import { Permission } from './permission';
import type { Attempts, Outside, Rules, Shown, Token } from './terms';

/** A session that recovery may restore. */
export interface Kept {
  readonly token: Token;
  /** Broadcasts since the drop. */
  readonly missed: number[];
  readonly rooms: readonly string[];
}

/** A CONNECT packet that is not answered yet. */
export interface Connecting {
  readonly shown: Omit<Shown, 'by' | 'socket'> | undefined;
  readonly kept: Kept | undefined;
}

export interface LineSocket {
  readonly sid: string;
  readonly permission: Permission;
  /** Rooms that the application has joined it to. */
  readonly rooms: Set<string>;
  /** Whether it is in the room of its user. */
  isInUserRoom: boolean;
  /** Whether the application's `connection` listeners have run, behind the library's own. */
  isConnected: boolean;
  /** Whether broadcasts reach it, as soon as its permission is logged in. */
  isAdmitted: boolean;
  isClosing: boolean;
  /** Whether it has left the connection: its `disconnect` listeners run. */
  isGone: boolean;
}

/** The application's `connection` listener runs. */
export function connected(socket: LineSocket): void {
  if (!socket.isConnected && !socket.isClosing) socket.rooms.add('lounge');
  socket.isConnected = true;
}

/** Whether broadcasts reach it. */
const isIn = ({ permission, isAdmitted, isGone }: LineSocket): boolean =>
  permission.token !== undefined && isAdmitted && !isGone;

export type Keep = (place: string, socket: LineSocket) => void;

export class Line {
  isOpen = false;
  /** Whether the client has cut the connection: it hears nothing more. */
  isCut = false;
  clock: LoginTime;
  readonly sockets = new Map<string, LineSocket>();
  readonly connecting = new Map<string, Connecting>();
  readonly kept = new Map<string, Kept>();
  /** What was expected, by question. */
  readonly answers = new Map<number, string>();
  readonly #news = new Map<string, number[]>();
  #attempts = new Map<string, Attempts>();
  #shared: Permission | undefined;
  readonly #all = new Set<Permission>();

  constructor(
    readonly name: string,
    readonly rules: Rules,
    readonly timeout: number,
    readonly isShared: boolean,
    readonly outside: Outside,
  ) {
    this.clock = this.#newClock();
  }

  get permissions(): Set<Permission> {
    const all = new Set([...this.sockets.values()].map(({ permission }) => permission));
    return this.shared === undefined ? all : all.add(this.shared);
  }

  /** Under `scope: 'connection'`, the permission of all namespaces. */
  get shared(): Permission | undefined {
    return this.#shared?.isClosed === false ? this.#shared : undefined;
  }

  /** Tokens that are being judged, of sockets that are gone too. */
  get judging(): Shown[] {
    return [...this.#attempts.values()].flatMap(({ judging }) => judging ?? []);
  }

  /** Whether it is in a namespace, or about to be. */
  isAt(place: string): boolean {
    return this.sockets.has(place) || this.connecting.has(place);
  }

  /** The broadcasts that it must have got at a place. */
  newsAt(place: string): number[] {
    const known = this.#news.get(place) ?? [];
    this.#news.set(place, known);
    return known;
  }

  /**
   * A broadcast to the namespace, which leaves out a socket that is closing at the moment.
   *
   * @param isMeant whether it is for sockets that are there, too, and not for kept sessions alone
   */
  told(place: string, number: number, isMeant: boolean): void {
    const socket = this.sockets.get(place);
    if (socket?.isClosing && !socket.isGone) return;
    if (isMeant && socket !== undefined && isIn(socket)) this.newsAt(place).push(number);
    this.kept.get(place)?.missed.push(number);
    // What is sent while the store is asked about a kept session reaches it, too.
    this.connecting.get(place)?.kept?.missed.push(number);
  }

  /** A client comes back once with what recovery has kept, or never. */
  takeKept(place: string, isReturning: boolean): Kept | undefined {
    const kept = this.kept.get(place);
    this.kept.delete(place);
    return isReturning ? kept : undefined;
  }

  open(): void {
    this.isOpen = true;
    this.isCut = false;
    this.clock = this.#newClock();
    this.#attempts = new Map();
    this.#shared = undefined;
    this.#all.clear();
  }

  /** Whether a permission is of this connection, though its sockets may be gone. */
  has(permission: Permission): boolean {
    return this.#all.has(permission);
  }

  join(place: string, now: number, sid: string): Permission {
    const permission =
      this.shared ?? new Permission(this.rules, this.clock, this.#attemptsAt(place), this.outside);
    if (this.isShared) this.#shared = permission;
    this.#all.add(permission);
    permission.newcomers.add(place);
    this.sockets.set(place, {
      sid,
      permission,
      rooms: new Set(),
      isConnected: false,
      isInUserRoom: false,
      isAdmitted: true,
      isClosing: false,
      isGone: false,
    });
    if (permission.token === undefined) this.clock.start(permission, now);
    return permission;
  }

  leave(place: string, now: number): void {
    const socket = this.sockets.get(place);
    if (socket === undefined || !this.#goes(place, socket)) return;
    const { permission } = socket;
    this.sockets.delete(place);
    // A listener may have closed the connection.
    if (!this.isOpen) return permission.close();
    permission.held = permission.held.filter((message) => message.place !== place);
    permission.travelling = permission.travelling.filter(({ message }) => message.place !== place);
    if (this.isShared && this.sockets.size > 0) return;
    if (!this.isShared) permission.close();
    this.clock.left(permission, now);
    if (this.sockets.size === 0) this.clock.idle(now);
  }

  /** A socket closes: the application's listeners run while its session is still there. */
  #goes(place: string, socket: LineSocket, keep?: Keep): boolean {
    if (socket.isClosing) {
      // The server disconnects it, in the middle of its close: Socket.IO closes it at once.
      if (!socket.isGone) this.#isOff(place, socket);
      return false;
    }
    socket.isClosing = true;
    this.outside.during('disconnecting', socket.permission, place);
    keep?.(place, socket);
    this.#isOff(place, socket);
    return true;
  }

  #isOff(place: string, socket: LineSocket): void {
    this.outside.during('leave-room', socket.permission, place);
    socket.isGone = true;
    this.outside.during('disconnect', socket.permission, place);
  }

  /** How many sockets the connection has. */
  get #live(): number {
    return [...this.sockets.values()].filter(({ isGone }) => !isGone).length;
  }

  /** The server disconnects a permission's sockets; the last one takes the transport with it. */
  disconnect(permission: Permission, now: number): void {
    const places = [...this.sockets].filter(([, socket]) => socket.permission === permission);
    for (const [place, { isGone }] of places) {
      const isLast = !isGone && this.#live <= 1;
      this.leave(place, now);
      if (isLast) this.close();
    }
    permission.close();
    if (this.#live === 0) this.close();
  }

  /** @param keep if the client has cut it: what recovery does with a socket, before its `disconnect` listeners run */
  close(keep?: Keep): void {
    this.isCut = keep !== undefined;
    for (const [place, socket] of this.sockets) {
      if (!this.#goes(place, socket, keep)) continue;
      if (!this.isShared) socket.permission.close();
      this.sockets.delete(place);
    }
    this.isOpen = false;
    this.connecting.clear();
    // Those that a listener closes are not gone yet.
    const going = new Set([...this.sockets.values()].map(({ permission }) => permission));
    for (const permission of this.permissions) if (!going.has(permission)) permission.close();
    this.clock.stop();
  }

  #attemptsAt(place: string): Attempts {
    const key = this.isShared ? '' : place;
    let attempts = this.#attempts.get(key);
    if (attempts === undefined) this.#attempts.set(key, (attempts = { failures: 0 }));
    return attempts;
  }

  #newClock(): LoginTime {
    return new LoginTime(this.timeout, () => {
      if ([...this.sockets.values()].every(({ isClosing }) => isClosing)) this.close();
    });
  }
}
