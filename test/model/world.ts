/** The library and the model beside each other: each step is done to both, and then they are compared. */
import type { Scheduler } from 'fast-check';
import { createSandbox } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import type { Revocation, RevocationRule } from '../../lib';
import { Application, PLACES } from './application';
import type { ModelSocket, Plans } from './application';
import { Books } from './books';
import { Deeds, isAlone } from './deeds';
import type { Deed, Hook, PlannedDeed } from './deeds';
import { Calls, identityOf, KEY_TIMEOUT, names } from './calls';
import type { TestToken } from './calls';
import { compare } from './compare';
import { Expected } from './expected';
import type { Connecting, Kept, LineSocket } from './line';
import { connected, Line } from './line';
import { MemoryClient } from './memory-client';
import { GRACE, optionsOf, START, STEP, TIMEOUT } from './setup';
import type { Setup, TokenKind } from './setup';
import { INVALID } from './terms';
import type { Permission } from './permission';
import type { Message, Refusal, Shown, Token } from './terms';

export class World {
  readonly #fakes = createSandbox();
  readonly #time: SinonFakeTimers;
  readonly books = new Books();
  readonly calls: Calls;
  readonly application: Application;
  readonly lines: readonly Line[];
  readonly clients: readonly MemoryClient[];
  readonly deeds = new Deeds();
  readonly expected = new Expected(this.deeds, (deed, line, place) => this.#actOnModel(deed, line, place));
  readonly faults = new Faults();
  readonly #rules: RevocationRule[] = [];
  #serial = 0;

  constructor(
    readonly setup: Setup,
    scheduler: Scheduler,
  ) {
    // Of what a listener throws.
    this.#fakes.stub(process, 'emitWarning');
    const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] as const;
    this.#time = this.#fakes.useFakeTimers({ now: START, toFake: [...toFake] });
    const { rules, isShared, canRecover, slow } = setup;
    this.calls = new Calls(scheduler, slow, rules.sameSubject, () => this.settle());
    this.application = new Application(optionsOf(setup, this.calls), canRecover, this.#plans);
    const timeout = rules.mustLogIn ? TIMEOUT : Infinity;
    this.lines = ['a', 'b'].map((name) => new Line(name, rules, timeout, isShared, this.expected));
    this.expected.lines = this.lines;
    this.clients = this.lines.map(() => new MemoryClient(this.application.port));
  }

  get #plans(): Plans {
    return {
      use: this.calls.use,
      deed: (hook, connection, place) => this.#deed(hook, connection, place),
      sender: (message) => this.#socketOf(message),
    };
  }

  get now(): number {
    return Date.now();
  }

  // What the clients do.

  connect(index: number, place: string, kind: TokenKind | undefined, isReturning: boolean): void {
    const [line, client] = this.#pair(index);
    if (!line.isOpen) for (const side of [line, client]) side.open();
    if (line.isAt(place)) return;
    const token = kind && this.#token(kind);
    const { pid, offset } = client.place(place);
    const kept = line.takeKept(place, isReturning);
    const shown = token && { token, place, question: undefined };
    for (const one of [kept, shown]) if (one !== undefined) this.calls.expect(one.token);
    line.connecting.set(place, { shown, kept });
    client.connect(place, { ...(kept && { pid, offset }), ...(token && { token: token.id }) });
  }

  /** Sends events, then perhaps a token, then more events, all at once. */
  send(index: number, place: string, before: string[], kind?: TokenKind, after: string[] = []): void {
    const [line, client] = this.#pair(index);
    const permission = line.sockets.get(place)?.permission;
    if (permission === undefined) return;
    const speak = (event: string): Message => {
      const message: Message = { id: (this.#serial += 1), event, place };
      this.expected.sent(message, line);
      client.emit(place, [event, message.id]);
      return message;
    };
    const first = before.map(speak);
    const shown = kind && this.#authenticate(line, client, place, permission, this.#token(kind));
    const last = after.map(speak);
    for (const message of first) permission.send(message);
    const { travelling } = permission;
    permission.travelling = [];
    permission.isExpecting = shown !== undefined;
    for (const message of last) permission.send(message);
    permission.isExpecting = false;
    permission.travelling.unshift(...travelling);
    if (!this.setup.slow.use) this.#arrive(permission, ({ id }) => first.some((one) => one.id === id));
    if (shown !== undefined && line.sockets.get(place) === shown.socket) permission.show(shown);
  }

  #authenticate(
    line: Line,
    client: MemoryClient,
    place: string,
    permission: Permission,
    token: TestToken,
  ): Shown {
    const question = (this.#serial += 1);
    const socket = line.sockets.get(place) as object;
    const shown: Shown = { token, place, socket, question, by: permission };
    this.calls.expect(token);
    client.emit(place, ['authenticate', { token: token.id }], question);
    return shown;
  }

  logout(index: number, place: string, byServer: boolean): void {
    const [line, client] = this.#pair(index);
    const permission = line.sockets.get(place)?.permission;
    if (permission === undefined) return;
    const socket = this.application.socket(place, client.place(place).sid);
    if (!byServer) client.emit(place, ['deauthenticate']);
    else if (socket !== undefined) this.application.auth.deauthenticate(socket);
    permission.logout(this.now);
  }

  leave(index: number, place: string): void {
    const [line, client] = this.#pair(index);
    if (!line.sockets.has(place)) return;
    client.leave(place);
    line.leave(place, this.now);
  }

  drop(index: number): void {
    const [line, client] = this.#pair(index);
    if (!line.isOpen) return;
    client.drop();
    line.kept.clear();
    line.close((at, { permission: { token }, rooms }) => {
      if (!this.setup.canRecover || token === undefined) return;
      line.kept.set(at, { token, missed: [], rooms: [...rooms] });
    });
  }

  revoke(revocation: Revocation): void {
    // Rejects if the store is silent for too long; the rule counts all the same.
    this.application.auth.revoke(revocation as { sub: string }).catch(() => undefined);
    this.#revokeInModel(revocation);
  }

  #revokeInModel(revocation: Revocation): void {
    const issuedBefore = Math.floor(this.now / 1000) + 1;
    const rule = { issuedBefore, ...revocation, expiresAt: null } as RevocationRule;
    this.#rules.push(rule);
    for (const permission of this.lines.flatMap((line) => [...line.permissions])) {
      const { token } = permission;
      // A revocation of a user ends every live session, whenever its token was issued.
      if (token === undefined || !names(rule, { ...identityOf(token as TestToken), iat: 0 })) continue;
      if ('grace' in revocation) permission.graceUntil = Math.min(permission.graceUntil, this.now + GRACE);
      else permission.revoke(this.now);
    }
  }

  /** Lets so many steps of time pass. */
  async pass(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      this.#time.tick(STEP);
      const { now } = this;
      for (const line of this.#inOrder(this.lines, ({ sockets }) => [...sockets.values()])) {
        const socketsOf = (permission: Permission): LineSocket[] =>
          [...line.sockets.values()].filter((socket) => socket.permission === permission);
        for (const permission of this.#inOrder(line.permissions, socketsOf)) permission.advance(now);
        line.clock.advance(now);
      }
      this.calls.advance(now);
      await this.settle();
    }
  }

  /** Which of two sessions that are over at one moment ends first, nobody promises: the model follows the library. */
  #inOrder<Part>(parts: Iterable<Part>, socketsOf: (part: Part) => readonly LineSocket[]): Part[] {
    const { ended } = this.application;
    const lastOf = ({ sid }: LineSocket): number => ended.findLastIndex((end) => end.startsWith(`${sid}: `));
    const rankOf = (part: Part): number => {
      const last = Math.max(...socketsOf(part).map(lastOf));
      return last < 0 ? ended.length : last;
    };
    return [...parts].toSorted((one, other) => rankOf(one) - rankOf(other));
  }

  // What follows.

  /** Waits until nothing moves, lets the model follow, and compares. */
  async settle(): Promise<void> {
    await quiet();
    for (const line of this.lines) {
      for (const [place, connecting] of line.connecting) this.#finish(line, place, connecting);
      for (const shown of line.judging) this.#judge(line, shown);
      for (const permission of line.permissions)
        this.#arrive(permission, ({ id }) => this.calls.passed.has(id));
    }
    compare(this);
  }

  /** Messages that are through the application's middleware reach its listeners. */
  #arrive(permission: Permission, isThrough: (message: Message) => boolean): void {
    const all = permission.travelling;
    permission.travelling = all.filter(({ message }) => !isThrough(message));
    for (const one of all) if (isThrough(one.message)) permission.arrive(one);
  }

  #judge(line: Line, shown: Shown): void {
    if (this.calls.isWaiting(shown.token)) return;
    const { attempts } = shown.by;
    const { waiting } = attempts;
    attempts.judging = undefined;
    const own = this.calls.judgement(shown.token, this.now);
    shown.by.settle(shown, own, () => this.#late(shown.token as TestToken), this.now);
    const next = attempts.waiting === waiting ? waiting : undefined;
    attempts.waiting = undefined;
    if (next === undefined) return;
    this.expected.seen.add('a token waited for another');
    next.by.attempts.judging = next;
    this.#judge(line, next);
  }

  /** A CONNECT packet is answered as soon as all that it asks for is known. */
  #finish(line: Line, place: string, { shown, kept }: Connecting): void {
    const tokens = kept === undefined ? [] : [shown?.token, kept.token];
    if (tokens.some((token) => token && this.calls.isWaiting(token))) return;
    line.connecting.delete(place);
    const { lastSid } = this.#pair(this.lines.indexOf(line))[1].place(place);
    let isOutdated = false;
    const permission = line.join(place, this.now, lastSid);
    const socket = line.sockets.get(place) as LineSocket;
    if (kept !== undefined && this.#isRestored(kept, shown)) this.#restore(line, place, socket, kept);
    else if (permission.token !== undefined) isOutdated = this.#joinLate(line, place, permission);
    connected(socket);
    // A client whose time is over gains none by a token in another namespace.
    line.clock.advance(this.now);
    if (shown === undefined || line.sockets.get(place) !== socket) return;
    Object.assign(shown, { by: permission, socket });
    if (isOutdated) this.expected.refuse(shown as Shown, 'not_authenticated');
    else permission.show(shown as Shown);
  }

  #isRestored({ token }: Kept, shown: Connecting['shown']): boolean {
    const isSame = shown === undefined || shown.token.sub === token.sub;
    return isSame && this.#late(token as TestToken) === undefined && this.calls.isRestorable(token);
  }

  #restore(line: Line, place: string, socket: LineSocket, kept: Kept): void {
    this.expected.seen.add('restored');
    for (const room of kept.rooms) socket.rooms.add(room);
    line.newsAt(place).push(...kept.missed);
    const { permission } = socket;
    // Socket.IO has joined its rooms: it leaves them until it is logged in again.
    socket.isInUserRoom = true;
    this.expected.during('leave-room', permission, place);
    if (line.sockets.get(place) === socket) {
      const late = (): Refusal => this.#late(kept.token as TestToken);
      permission.restore({ token: kept.token, place, socket }, late, this.now);
    }
  }

  /**
   * A socket joins a permission that is logged in.
   *
   * @returns whether a listener has logged it out meanwhile, so that the socket's own token was shown before a logout
   */
  #joinLate(line: Line, place: string, permission: Permission): boolean {
    const ended = this.expected.ended.length;
    const { token } = permission;
    const socket = line.sockets.get(place) as LineSocket;
    socket.isAdmitted = false;
    socket.isAdmitted = !this.expected.during('rooms', permission, place);
    if (!socket.isAdmitted) {
      this.expected.refuse(
        { token: token as Token, place, socket, question: undefined, by: permission },
        'unknown',
      );
      line.leave(place, this.now);
      if (line.sockets.size === 0) line.close();
      return false;
    }
    if (permission.token === token) this.expected.during('join-room', permission, place);
    const isLoggedOut = this.expected.ended.slice(ended).some((end) => end.endsWith(': logout'));
    if (permission.token === token) this.expected.during('authenticated', permission, place);
    return isLoggedOut;
  }

  /** What has come to refuse a token since it was judged. */
  #late(token: TestToken): typeof INVALID | undefined {
    const isRevoked = this.#rules.some((rule) => names(rule, identityOf(token)));
    return isRevoked || token.exp <= this.now ? INVALID : undefined;
  }

  /** A broadcast to every namespace. */
  broadcast(): void {
    const number = (this.#serial += 1);
    for (const place of PLACES) {
      this.application.io.of(place).emit('news', number);
      this.#told(place, number);
    }
  }

  #told(place: string, number: number, hearers = this.lines): void {
    for (const line of this.lines) line.told(place, number, hearers.includes(line));
  }

  // The end.

  /** Everyone leaves, and all that has an end ends. */
  async finish(): Promise<void> {
    for (const index of this.lines.keys()) this.drop(index);
    for (const line of this.lines) line.kept.clear();
    await this.settle();
    // As long as the longest deadline that a connection may leave behind.
    await this.pass(1);
    this.#time.tick(2 * KEY_TIMEOUT);
    await quiet();
    compare(this);
  }

  close(): void {
    this.application.close();
    this.books.close();
    this.#fakes.restore();
    this.faults.close();
  }

  // What the application does in the middle of the library's work.

  plan(index: number, place: string, deed: Deed): void {
    this.deeds.plan({ ...deed, news: (this.#serial += 1) }, this.#pair(index)[0].name, place);
  }

  #deed(hook: Hook, connection: string, place: string): PlannedDeed | undefined {
    const index = this.clients.findIndex(({ connectionId }) => connectionId === connection);
    return this.deeds.take('library', hook, `${this.lines[index]?.name} ${place}`);
  }

  #socketOf(message: number): ModelSocket | undefined {
    const [name, place = ''] = this.expected.senderOf(message).split(' ');
    const index = this.lines.findIndex((line) => line.name === name);
    return this.application.socket(place, this.#pair(index)[1].place(place).sid);
  }

  #actOnModel({ hook, act, sub, news }: PlannedDeed, line: Line, place: string): void {
    const socket = line.sockets.get(place);
    if (act === 'revoke') this.#revokeInModel({ sub });
    if (act === 'broadcast') this.#told(place, news, isAlone(hook) ? [line] : this.lines);
    if (socket === undefined) return;
    if (act === 'logout') socket.permission.logout(this.now);
    if (act === 'disconnect') line.leave(place, this.now);
    if (act === 'join' && !socket.isClosing) socket.rooms.add('club');
    if (act === 'leave') socket.rooms.delete('lounge');
  }

  #pair(index: number): [Line, MemoryClient] {
    return [this.lines[index] as Line, this.clients[index] as MemoryClient];
  }

  #token(kind: TokenKind): TestToken {
    return this.calls.issue(`t${(this.#serial += 1)}`, kind);
  }
}

/** What reaches the process. */
class Faults {
  readonly uncaught: unknown[] = [];
  readonly #former = process.listeners('uncaughtException');
  readonly #listener = (fault: unknown): void => void this.uncaught.push(fault);

  constructor() {
    process.removeAllListeners('uncaughtException').on('uncaughtException', this.#listener);
  }

  close(): void {
    process.off('uncaughtException', this.#listener);
    for (const listener of this.#former) process.on('uncaughtException', listener);
  }
}

/** The library waits for ticks and turns: after some of them nothing moves any more. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
}
