/** One client's connection as the model has it: which permission is where, and what the client must have been told. */
import { LoginTime } from './login-time';
import { Permission } from './permission';
import type { Attempts, Outside, Rules, Shown, Token } from './terms';

/** A session that recovery may restore. */
export interface Kept {
  readonly token: Token;
  /** Broadcasts since the drop. */
  readonly missed: number[];
}

/** A CONNECT packet that is not answered yet. */
export interface Connecting {
  readonly shown: Omit<Shown, 'by' | 'socket'> | undefined;
  readonly kept: Kept | undefined;
}

export interface LineSocket {
  readonly sid: string;
  readonly permission: Permission;
  /** Whether the application's room counts it. */
  isInLounge: boolean;
}

export class Line {
  isOpen = false;
  clock: LoginTime;
  readonly sockets = new Map<string, LineSocket>();
  readonly connecting = new Map<string, Connecting>();
  readonly kept = new Map<string, Kept>();
  /** What was expected, by question. */
  readonly answers = new Map<number, string>();
  readonly #news = new Map<string, number[]>();
  #attempts = new Map<string, Attempts>();
  #shared: Permission | undefined;

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

  /** A client comes back once with what recovery has kept, or never. */
  takeKept(place: string, isReturning: boolean): Kept | undefined {
    const kept = this.kept.get(place);
    this.kept.delete(place);
    return isReturning ? kept : undefined;
  }

  open(): void {
    this.isOpen = true;
    this.clock = this.#newClock();
    this.#attempts = new Map();
    this.#shared = undefined;
  }

  join(place: string, now: number, sid: string): Permission {
    const permission =
      this.shared ?? new Permission(this.rules, this.clock, this.#attemptsAt(place), this.outside);
    if (this.isShared) this.#shared = permission;
    this.sockets.set(place, { sid, permission, isInLounge: true });
    if (permission.token === undefined) this.clock.start(permission, now);
    return permission;
  }

  leave(place: string, now: number): void {
    const permission = this.sockets.get(place)?.permission;
    if (permission === undefined) return;
    this.sockets.delete(place);
    permission.held = permission.held.filter((message) => message.place !== place);
    permission.travelling = permission.travelling.filter(({ message }) => message.place !== place);
    if (this.isShared && this.sockets.size > 0) return;
    if (!this.isShared) permission.close();
    this.clock.left(permission, now);
    if (this.sockets.size === 0) this.clock.idle(now);
  }

  /** The server disconnects a permission's sockets; the last one takes the transport with it. */
  disconnect(permission: Permission, now: number): void {
    const places = [...this.sockets].filter(([, socket]) => socket.permission === permission);
    if (places.length === 0) return;
    const isLast = places.length === this.sockets.size;
    for (const [place] of places) this.leave(place, now);
    permission.close();
    if (isLast) this.close();
  }

  close(): void {
    this.isOpen = false;
    this.connecting.clear();
    for (const permission of this.permissions) permission.close();
    this.sockets.clear();
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
      if (this.sockets.size === 0) this.close();
    });
  }
}
