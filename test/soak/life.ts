import { setTimeout as sleep } from 'node:timers/promises';
import { newToken, SoakClient } from './client';
import type { SoakCluster } from './cluster';
import { Faults } from './faults';
import type { FaultOptions } from './faults';
import type { Journal } from './journal';
import { Chance } from './random';

/** How clients and nodes behave while a soak lasts. */
export interface LifeOptions extends FaultOptions {
  readonly sockets: number;
  /** How long random life goes on: a number of looks at the clients, or seconds. */
  readonly duration: { readonly turns: number } | { readonly seconds: number };
  readonly seed: number;
  /** Ms, in the mean, between two things that a client does while it is logged in. */
  readonly pace: number;
  /** Told now and then how far it is. */
  readonly onProgress?: (text: string) => void;
}

/** Ms from one look at the clients to the next, at least. */
const TURN = 50;
/** A longer one counts as this: else all clients would act at once on a machine that is busy already. */
const LONGEST_TURN = 200;

/** Ms, in the mean, after which a client that is not logged in does something about it; less if its pace is faster. */
const PATIENCE = 2_000;
/** With many clients they take longer, so that no more than some thousand connect in a second. */
const PATIENCE_OF_ONE = 1;
/** Ms that a session may go on after a revocation with `grace`. */
const GRACE = 1_500;
/** The pace for which tokens live 2 to 9 s; at a slower one they live longer. */
const USUAL_PACE = 3_000;
const USERS = 1_000;
/** Ms from one line of progress to the next. */
const PROGRESS = 10_000;

/** Random clients on a cluster whose parts fail. */
export class Life {
  readonly clients: readonly SoakClient[];
  readonly chance: Chance;
  readonly #cluster: SoakCluster;
  readonly #options: LifeOptions;
  readonly #journal: Journal;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #slowness: number;
  readonly #faults: Faults;
  #began = 0;
  #toldAt = 0;
  #logins = 0;

  constructor(cluster: SoakCluster, options: LifeOptions, journal: Journal) {
    this.#cluster = cluster;
    this.#options = options;
    this.#journal = journal;
    this.#faults = new Faults(cluster, options, journal);
    this.#slowness = Math.max(1, options.pace / USUAL_PACE);
    this.chance = new Chance(options.seed);
    const { slots } = cluster;
    const onExpiring = (client: SoakClient): void => {
      if (client.isAuthenticated && this.chance.number() < 0.5) this.#renew(client);
    };
    this.clients = Array.from(
      { length: options.sockets },
      (_, index) => new SoakClient(slots[index % slots.length] as never, journal, onExpiring),
    );
  }

  /** Resolves when life is over, and all that was under way has ended. */
  async run(): Promise<void> {
    const { pace, duration } = this.#options;
    this.#began = Date.now();
    const patience = Math.max(PATIENCE, this.clients.length * PATIENCE_OF_ONE);
    for (let turn = 0, last = this.#began; this.#share(turn) < 1; turn += 1) {
      const passed = 'turns' in duration ? TURN : Math.min(Date.now() - last, LONGEST_TURN);
      last = Date.now();
      const [restless, active] = [passed / Math.min(patience, pace), passed / pace];
      for (const client of this.clients)
        if (this.chance.number() < (client.isAuthenticated ? active : restless)) this.#act(client);
      this.#broadcast(turn);
      this.#faults.tick(this.#share(turn));
      this.#tellProgress(turn);
      await sleep(TURN);
    }
    this.#options.onProgress?.('life is over');
    await Promise.all(this.#underWay);
    await this.#faults.end();
  }

  disconnect(): void {
    for (const { socket } of this.clients) socket.disconnect();
  }

  /** With a token that lives forever. */
  connectForGood(client: SoakClient): void {
    client.connect(this.#newLogin());
  }

  /** @param seconds that the token lives; forever if left out */
  logIn(client: SoakClient, seconds?: number): void {
    client.show(this.#newLogin(seconds));
    this.#journal.count('login');
  }

  #broadcast(turn: number): void {
    // As many messages at any size: each reaches every client of every node.
    const every = Math.max(10, Math.round(this.clients.length / 100));
    if (turn % every === 0) this.#tell('emit', 'tick');
    if (turn % 10 === 5) this.#tell('emit', 'tick', 'user 7');
  }

  #tell(command: string, ...args: unknown[]): void {
    const { nodes } = this.#cluster;
    // A node may be killed meanwhile.
    this.#track(this.chance.pick(nodes).call(command, ...args), 'command that was lost');
  }

  /** How much of its life is over, from 0 to 1. */
  #share(turn: number): number {
    const { duration } = this.#options;
    if ('turns' in duration) return turn / duration.turns;
    return (Date.now() - this.#began) / (duration.seconds * 1000);
  }

  #act(client: SoakClient): void {
    const chance = this.chance.number();
    if (!client.socket.connected) {
      if (client.isIdle) client.connect(chance < 0.5 ? this.#newLogin(this.#seconds(2, 8)) : undefined);
    } else if (client.isAuthenticated) this.#actLoggedIn(client, chance);
    else if (chance < 0.7) this.logIn(client, this.#seconds(1, 8));
    else if (chance < 0.8) client.socket.emit('authenticate', { token: 'no token' });
    else if (chance < 0.9) this.#drop(client);
  }

  #actLoggedIn(client: SoakClient, chance: number): void {
    if (chance < 0.4) this.#renew(client);
    else if (chance < 0.45) this.#showAnotherUser(client);
    else if (chance < 0.5) this.#logOut(client);
    else if (chance < 0.55) this.#changeUser(client);
    else if (chance < 0.62) this.#drop(client);
    else if (chance < 0.7) this.#revoke(client, Math.floor((chance - 0.62) * 50));
  }

  #renew(client: SoakClient): void {
    const { sub, sid } = client.token ?? { sub: '?', sid: '?' };
    client.show(newToken(sub, sid, this.#seconds(2, 8)));
    this.#journal.count('renewal');
  }

  /** Without a logout: it must be refused. */
  #showAnotherUser(client: SoakClient): void {
    client.show(this.#newLogin(this.#seconds(2, 8), `not ${client.token?.sub}`));
    this.#journal.count('renewal as another user');
  }

  #logOut(client: SoakClient): void {
    client.logOut();
    this.#journal.count('logout');
  }

  /** Without waiting for any answer. */
  #changeUser(client: SoakClient): void {
    client.logOut();
    client.show(this.#newLogin(this.#seconds(2, 8)));
    this.#journal.count('change of user');
  }

  #drop(client: SoakClient): void {
    client.drop();
    this.#journal.count('drop');
  }

  #revoke({ token }: SoakClient, kind: number): void {
    if (token === undefined) return;
    const { jti, sid, sub } = token;
    const now = Math.floor(Date.now() / 1000);
    const byUser = { sub, issuedBefore: now + 1 };
    const rules = [{ jti }, { sid }, byUser, { ...byUser, grace: GRACE }] as const;
    const rule = rules[kind] ?? { jti };
    // The longest life that a token has here.
    const exp = now + Math.ceil(10 * this.#slowness);
    const name = 'grace' in rule ? 'grace' : Object.keys(rule)[0];
    this.#journal.count(`revocation by ${name}`);
    const done = this.chance.pick(this.#cluster.nodes).call('revoke', { ...rule, exp });
    // One that was not confirmed may have had an effect, or none.
    this.#track(
      done.then(() => this.#journal.revoked(rule)),
      'revocation without an answer',
    );
  }

  /** What may fail, since nodes and Redis do. */
  #track(promise: Promise<unknown>, failure: string): void {
    const tracked: Promise<unknown> = promise
      .catch(() => this.#journal.count(failure))
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #newLogin(seconds?: number, sub = `${this.chance.below(USERS)}`) {
    this.#logins += 1;
    return newToken(sub, `session ${this.#logins}`, seconds);
  }

  #seconds(from: number, more: number): number {
    return Math.round((from + this.chance.below(more)) * this.#slowness);
  }

  #tellProgress(turn: number): void {
    if (Date.now() - this.#toldAt < PROGRESS) return;
    this.#toldAt = Date.now();
    const connected = this.clients.filter(({ socket }) => socket.connected);
    const authenticated = connected.filter(({ isAuthenticated }) => isAuthenticated).length;
    const most = Math.max(this.#journal.counts['most connected at once'] ?? 0, connected.length);
    this.#journal.counts['most connected at once'] = most;
    this.#options.onProgress?.(
      `${Math.round(this.#share(turn) * 100)} %: ${connected.length} connected, ${authenticated} authenticated, ` +
        `${this.#cluster.nodes.length} of ${this.#cluster.slots.length} nodes`,
    );
  }
}
