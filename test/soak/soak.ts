/** Random clients on a cluster for a while; what they know at the end must be what the nodes know. */
import { setTimeout as sleep } from 'node:timers/promises';
import { io as connect } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { AuthorizerStats } from '../../lib';
import { introduce, NodeProcess } from '../support/node-process';
import { RedisServer } from '../support/redis';
import { createToken } from '../support/tokens';

export interface SoakOptions {
  sockets: number;
  nodes: number;
  /** How long random life goes on: a look at the clients every {@link TURN} ms. */
  turns: number;
  seed: number;
  /** Ms that a client has for its login. */
  timeout: number;
  /** Ms, in the mean, between two things that a client does. */
  pace: number;
}

export interface SoakReport {
  /** How often each thing was done or befell a client. */
  counts: Record<string, number>;
  /** What should not have been; empty if all is well. */
  faults: string[];
}

interface Gauges {
  pending: number;
  authenticated: number;
}

/** What two snapshots of a node must agree in. */
interface Leftovers {
  sockets: number;
  rooms: string[];
  sids: number;
  clients: number;
  listeners: number;
  timers: number;
}

/** Ms from one look at the clients to the next. */
export const TURN = 50;

/** Ms for nodes and clients to come to the same knowledge; on a busy machine too. */
const SETTLE = 120_000;

/** A generator of numbers from 0 to 1 (mulberry32): the same seed gives the same life, as far as networks do. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const redis = await RedisServer.start();
  const nodes = await NodeProcess.startAll(options.nodes, {
    adapter: 'redis',
    redisUrl: redis.url,
    store: true,
    options: { timeout: options.timeout, maxAttempts: 1_000 },
  });
  const life = new Life(nodes, options);
  try {
    await introduce(...nodes);
    return await life.run();
  } finally {
    life.disconnect();
    await NodeProcess.closeAll();
    await redis.close();
  }
}

/** One of the clients: what it knows of itself. */
class SoakClient {
  readonly socket: Socket;
  isAuthenticated = false;
  /** What it is logged in with, and what it has shown at its last connection or login. */
  token: { jti: string; sub: string; iat: number } | undefined;
  shown: SoakClient['token'];

  constructor(
    readonly node: NodeProcess,
    count: (what: string) => void,
    fault: (what: string) => void,
  ) {
    this.socket = connect(node.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      autoConnect: false,
    });
    this.socket.on('authenticated', () => {
      this.isAuthenticated = true;
      this.token ??= this.shown;
      count('authenticated');
    });
    this.socket.on('unauthorized', ({ data }: { data: { code: string; reason?: string } }) => {
      // A session that ends is disconnected. A renewal that comes too late is refused likewise, and ends nothing.
      count(`unauthorized: ${data.reason ?? data.code}`);
    });
    this.socket.on('disconnect', () => {
      this.isAuthenticated = false;
      this.token = undefined;
    });
    this.socket.on('tick', () => {
      count('message');
      if (!this.isAuthenticated) fault('a message reached a socket that was not authenticated');
    });
  }
}

class Life {
  readonly #nodes: readonly NodeProcess[];
  readonly #options: SoakOptions;
  readonly #random: () => number;
  readonly #clients: SoakClient[];
  readonly #counts: Record<string, number> = {};
  readonly #faults = new Set<string>();
  readonly #revokedTokens = new Set<string>();
  readonly #revokedUsers = new Map<string, number>();
  readonly #revoking: Promise<unknown>[] = [];
  #tokens = 0;

  constructor(nodes: readonly NodeProcess[], options: SoakOptions) {
    this.#nodes = nodes;
    this.#options = options;
    this.#random = randomFrom(options.seed);
    const count = (what: string): void => this.#count(what);
    const fault = (what: string): void => void this.#faults.add(what);
    this.#clients = Array.from(
      { length: options.sockets },
      (_, index) => new SoakClient(nodes[index % nodes.length] as NodeProcess, count, fault),
    );
  }

  disconnect(): void {
    for (const { socket } of this.#clients) socket.disconnect();
  }

  async run(): Promise<SoakReport> {
    const before = await this.#leftovers();
    const perTurn = Math.ceil((this.#clients.length * TURN) / this.#options.pace);
    for (let turn = 0; turn < this.#options.turns; turn += 1) {
      for (let index = 0; index < perTurn; index += 1) this.#act(this.#pick(this.#clients));
      if (turn % 10 === 0) await this.#pick(this.#nodes).call('emit', 'tick');
      if (turn % 10 === 5) await this.#pick(this.#nodes).call('emit', 'tick', 'user 7');
      await sleep(TURN);
    }
    await Promise.all(this.#revoking);
    await this.#settle();
    this.#expectNoRevoked();
    this.disconnect();
    await this.#expectNothingLeft(before);
    for (const node of this.#nodes) if (!node.isAlive) this.#faults.add('a node has died');
    return { counts: this.#counts, faults: [...this.#faults] };
  }

  #act(client: SoakClient): void {
    const chance = this.#random();
    const { socket } = client;
    if (!socket.connected) {
      if (!socket.active) this.#connect(client, chance < 0.5);
    } else if (!client.isAuthenticated) {
      if (chance < 0.7) this.#logIn(client, 1 + Math.floor(this.#random() * 8));
      else if (chance < 0.8) socket.emit('authenticate', { token: 'no token' });
      else if (chance < 0.9) this.#drop(client);
    } else if (chance < 0.4) this.#renew(client);
    else if (chance < 0.5) this.#logOut(client);
    else if (chance < 0.6) this.#drop(client);
    else if (chance < 0.66) this.#revoke(client, chance < 0.63);
  }

  #connect(client: SoakClient, withToken: boolean): void {
    const { encoded, claims } = this.#createToken(`${Math.floor(this.#random() * 1_000)}`, 3);
    client.shown = withToken ? claims : undefined;
    client.socket.auth = withToken ? { token: encoded } : {};
    client.socket.connect();
    this.#count('connect');
  }

  #logIn(client: SoakClient, seconds: number | undefined): void {
    const { encoded, claims } = this.#createToken(`${Math.floor(this.#random() * 1_000)}`, seconds);
    client.shown = claims;
    this.#show(client, encoded, claims);
    this.#count('login');
  }

  #renew(client: SoakClient): void {
    const { encoded, claims } = this.#createToken(
      client.token?.sub ?? '?',
      2 + Math.floor(this.#random() * 8),
    );
    this.#show(client, encoded, claims);
    this.#count('renewal');
  }

  #show(client: SoakClient, token: string, claims: NonNullable<SoakClient['token']>): void {
    client.socket.emit('authenticate', { token }, ({ ok }: { ok: boolean }) => {
      if (ok) client.token = claims;
    });
  }

  #logOut(client: SoakClient): void {
    client.socket.emit('deauthenticate', () => {
      client.isAuthenticated = false;
      client.token = undefined;
    });
    this.#count('logout');
  }

  #drop({ socket }: SoakClient): void {
    socket.io.engine.close();
    this.#count('drop');
  }

  #revoke({ token }: SoakClient, byToken: boolean): void {
    if (token === undefined) return;
    const issuedBefore = Math.floor(Date.now() / 1000) + 1;
    if (byToken) this.#revokedTokens.add(token.jti);
    else this.#revokedUsers.set(token.sub, issuedBefore);
    const rule = byToken ? { jti: token.jti } : { sub: token.sub, issuedBefore };
    this.#revoking.push(this.#pick(this.#nodes).call('revoke', rule));
    this.#count('revocation');
  }

  #createToken(sub: string, seconds?: number) {
    this.#tokens += 1;
    const iat = Math.floor(Date.now() / 1000);
    const claims = { sub, jti: `token ${this.#tokens}`, iat };
    const exp = seconds === undefined ? {} : { exp: iat + seconds };
    return { claims, encoded: createToken({ ...claims, ...exp }) };
  }

  /** Half of the clients log in for good, and some wait; then both sides must agree. */
  async #settle(): Promise<void> {
    const deadline = Date.now() + SETTLE;
    for (const client of this.#clients) {
      if (client.socket.connected && !client.isAuthenticated && this.#random() < 0.5)
        this.#logIn(client, undefined);
      else if (!client.socket.active) this.#connect(client, false);
    }
    while (!(await this.#agree())) {
      if (Date.now() > deadline) {
        this.#faults.add(`gauges: ${JSON.stringify([await this.#known(), this.#felt()])}`);
        return;
      }
      await sleep(20);
    }
    const { authenticated, pending } = this.#felt().reduce((sum, one) => ({
      authenticated: sum.authenticated + one.authenticated,
      pending: sum.pending + one.pending,
    }));
    Object.assign(this.#counts, { 'at the end authenticated': authenticated, 'at the end pending': pending });
  }

  async #agree(): Promise<boolean> {
    const felt = JSON.stringify(this.#felt());
    const known = JSON.stringify(await this.#known());
    return felt === known && felt === JSON.stringify(this.#felt());
  }

  /** The gauges of each node. */
  #known(): Promise<Gauges[]> {
    return Promise.all(
      this.#nodes.map(async (node) => {
        const { pending, authenticated } = await node.call<AuthorizerStats>('stats');
        return { pending, authenticated };
      }),
    );
  }

  /** The same, as the clients of each node know it. */
  #felt(): Gauges[] {
    return this.#nodes.map((node) => {
      const connected = this.#clients.filter((client) => client.node === node && client.socket.connected);
      const authenticated = connected.filter(({ isAuthenticated }) => isAuthenticated).length;
      return { pending: connected.length - authenticated, authenticated };
    });
  }

  #expectNoRevoked(): void {
    for (const { isAuthenticated, token } of this.#clients) {
      if (!isAuthenticated || token === undefined) continue;
      const isRevoked =
        this.#revokedTokens.has(token.jti) || token.iat < (this.#revokedUsers.get(token.sub) ?? 0);
      if (isRevoked) this.#faults.add(`a revoked session lives: ${JSON.stringify(token)}`);
    }
  }

  async #expectNothingLeft(before: Leftovers[]): Promise<void> {
    const deadline = Date.now() + SETTLE;
    const wanted = JSON.stringify([before, this.#nodes.map(() => ({ pending: 0, authenticated: 0 }))]);
    for (;;) {
      const found = JSON.stringify([await this.#leftovers(), await this.#known()]);
      if (found === wanted) return;
      if (Date.now() > deadline) {
        this.#faults.add(`left over: ${found}, wanted: ${wanted}`);
        return;
      }
      await sleep(20);
    }
  }

  #leftovers(): Promise<Leftovers[]> {
    return Promise.all(this.#nodes.map((node) => node.call<Leftovers>('leftovers')));
  }

  #pick<One>(list: readonly One[]): One {
    return list[Math.floor(this.#random() * list.length)] as One;
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }
}
