/** The library and the model beside each other: each step is done to both, and then they are compared. */
import type { Scheduler } from 'fast-check';
import { createSandbox } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import type { Revocation, RevocationRule } from '../../lib';
import { Application, PLACES } from './application';
import { Books } from './books';
import { Calls, identityOf, KEY_TIMEOUT, names } from './calls';
import type { TestToken } from './calls';
import { compare } from './compare';
import { Expected } from './expected';
import type { Connecting } from './line';
import { Line } from './line';
import { MemoryClient } from './memory-client';
import { GRACE, optionsOf, START, STEP, TIMEOUT } from './setup';
import type { Setup, TokenKind } from './setup';
import { INVALID } from './terms';
import type { Permission } from './permission';
import type { Message, Shown } from './terms';

export class World {
  readonly #fakes = createSandbox();
  readonly #time: SinonFakeTimers;
  readonly books = new Books();
  readonly calls: Calls;
  readonly application: Application;
  readonly lines: readonly Line[];
  readonly clients: readonly MemoryClient[];
  readonly expected = new Expected();
  readonly #rules: RevocationRule[] = [];
  #serial = 0;

  constructor(
    readonly setup: Setup,
    scheduler: Scheduler,
  ) {
    const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] as const;
    this.#time = this.#fakes.useFakeTimers({ now: START, toFake: [...toFake] });
    const { rules, isShared, canRecover, slow } = setup;
    this.calls = new Calls(scheduler, slow, rules.sameSubject, () => this.settle());
    this.application = new Application(optionsOf(setup, this.calls), canRecover, this.calls.use);
    const timeout = rules.mustLogIn ? TIMEOUT : Infinity;
    this.lines = ['a', 'b'].map((name) => new Line(name, rules, timeout, isShared, this.expected));
    this.expected.lines = this.lines;
    this.clients = this.lines.map(() => new MemoryClient(this.application.port));
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
    const renews = kept === undefined ? line.shared?.token : undefined;
    const shown = token && { token, place, question: undefined, renews };
    for (const one of [kept, shown]) if (one !== undefined) this.calls.expect(one.token, shown);
    line.connecting.set(place, { shown, kept });
    client.connect(place, { ...(kept && { pid, offset }), ...(token && { token: token.id }) });
  }

  /** Sends events, then perhaps a token, then more events, all at once. */
  send(index: number, place: string, before: string[], kind?: TokenKind, after: string[] = []): void {
    const [line, client] = this.#pair(index);
    const permission = line.sockets.get(place)?.permission;
    const speak = (event: string): void => {
      const message: Message = { id: (this.#serial += 1), event, place };
      this.expected.sent(message, line);
      client.emit(place, [event, message.id]);
      permission?.send(message);
    };
    if (permission === undefined) return;
    for (const event of before) speak(event);
    if (!this.setup.slow.use) this.#arrive(permission, () => true);
    if (kind !== undefined) this.#authenticate(line, client, place, permission, this.#token(kind));
    for (const event of after) speak(event);
  }

  #authenticate(
    line: Line,
    client: MemoryClient,
    place: string,
    permission: Permission,
    token: TestToken,
  ): void {
    const question = (this.#serial += 1);
    const socket = line.sockets.get(place) as object;
    const shown: Shown = { token, place, socket, question, by: permission };
    this.calls.expect(token, shown);
    client.emit(place, ['authenticate', { token: token.id }], question);
    permission.show(shown);
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
    for (const [place, { permission }] of line.sockets) {
      const { token } = permission;
      if (!this.setup.canRecover || token === undefined) continue;
      line.kept.set(place, { token, missed: [] });
    }
    line.close();
  }

  revoke(revocation: Revocation): void {
    const issuedBefore = Math.floor(this.now / 1000) + 1;
    const rule = { issuedBefore, ...revocation, expiresAt: null } as RevocationRule;
    this.#rules.push(rule);
    // Rejects if the store is silent for too long; the rule counts all the same.
    this.application.auth.revoke(revocation as { sub: string }).catch(() => undefined);
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
      for (const line of this.lines) {
        for (const permission of line.permissions) permission.advance(now);
        line.clock.advance(now);
      }
      this.calls.advance(now);
      await this.settle();
    }
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
    shown.by.settle(shown, own, this.#late(shown.token as TestToken), this.now);
    const next = attempts.waiting === waiting ? waiting : undefined;
    attempts.waiting = undefined;
    if (next === undefined) return;
    this.expected.seen.add('a token waited for another');
    next.by.judge(next);
    this.#judge(line, next);
  }

  /** A CONNECT packet is answered as soon as all that it asks for is known. */
  #finish(line: Line, place: string, { shown, kept }: Connecting): void {
    const tokens = kept === undefined ? [] : [shown?.token, kept.token];
    if (tokens.some((token) => token && this.calls.isWaiting(token))) return;
    line.connecting.delete(place);
    const isSame = shown === undefined || shown.token.sub === kept?.token.sub;
    const isValid = kept !== undefined && this.#late(kept.token as TestToken) === undefined;
    const isRestored = isValid && isSame && this.calls.isRestorable(kept.token);
    const permission = line.join(
      place,
      this.now,
      this.#pair(this.lines.indexOf(line))[1].place(place).lastSid,
    );
    if (isRestored) {
      this.expected.seen.add('restored');
      permission.accept(kept.token, this.now);
      line.newsAt(place).push(...kept.missed);
    }
    if (shown === undefined) return;
    permission.show(Object.assign(shown, { by: permission, socket: line.sockets.get(place) as object }));
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
      for (const line of this.lines) {
        if (line.sockets.get(place)?.permission.token) line.newsAt(place).push(number);
        line.kept.get(place)?.missed.push(number);
        // What is sent while the store is asked about a kept session reaches it, too.
        line.connecting.get(place)?.kept?.missed.push(number);
      }
    }
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
  }

  #pair(index: number): [Line, MemoryClient] {
    return [this.lines[index] as Line, this.clients[index] as MemoryClient];
  }

  #token(kind: TokenKind): TestToken {
    return this.calls.issue(`t${(this.#serial += 1)}`, kind);
  }
}

/** The library waits for ticks and turns: after some of them nothing moves any more. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
}
