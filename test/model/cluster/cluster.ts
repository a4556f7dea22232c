/** A cluster in one process, on virtual time, whose network, store and nodes fail by chance. */
import { createSandbox } from 'sinon';
import type { RevocationRule, Revocation } from '../../../lib';
import { names } from '../calls';
import { Random } from '../random';
import { Bus, CALM } from './bus';
import type { Claims } from './node';
import { Node, RECHECK, STORE_TIMEOUT } from './node';
import { LATENCY, SharedStore } from './store';

const STEP = 100;
const STEPS = 120;
const MAX_VISITORS = 5;
const START = 1_800_000_000_000;
const USERS = ['alice', 'bob', 'carol'];
/** What a node needs after the store is well: a look at its rules, and one at each session if it has lost its place. */
const DUE = RECHECK + STORE_TIMEOUT + RECHECK + LATENCY + 2 * STEP;

/** A revocation that has resolved. */
interface Revoked {
  readonly rule: RevocationRule;
  readonly at: number;
}

/** What was seen, so that a test can say that it was. */
export interface Report {
  deliveries: number;
  revocations: number;
  /** Deliveries to or from revoked sessions within the time that is allowed. */
  late: number;
  readonly faults: string[];
}

export class Cluster {
  readonly #fakes = createSandbox();
  readonly #time = this.#fakes.useFakeTimers({
    now: START,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  });
  readonly #random: Random;
  readonly #bus: Bus;
  readonly #store = new SharedStore();
  readonly #nodes: Node[] = [];
  readonly #revoked: Revoked[] = [];
  readonly report: Report = { deliveries: 0, revocations: 0, late: 0, faults: [] };
  readonly #claims: Claims[] = [];

  /** @param isCalm nothing is lost, and nothing fails: then a revoked session hears and says nothing at all */
  constructor(
    seed: number,
    readonly isCalm: boolean,
  ) {
    // A store that fails is reported to the operator each time; that is not looked at here.
    this.#fakes.replace(process, 'emitWarning', () => undefined);
    this.#random = new Random(seed);
    this.#bus = new Bus(this.#random);
    const count = 2 + this.#random.below(4);
    for (let node = 0; node < count; node += 1) this.#join();
  }

  async run(): Promise<Report> {
    for (let step = 0; step < STEPS && this.report.faults.length === 0; step += 1) {
      this.#act();
      for (const node of this.#alive()) this.#talk(node);
      await quiet();
      this.#time.tick(STEP);
      await quiet();
    }
    await this.#end();
    return this.report;
  }

  close(): void {
    for (const { auth } of this.#nodes) auth.close();
    this.#fakes.restore();
  }

  #act(): void {
    const deeds = [() => this.#login(), () => this.#login(), () => this.#revoke()];
    const misfortunes = [
      () => this.#change(),
      () => this.#part(),
      () => this.#sicken(),
      () => this.#sicken(),
      () => this.#kill(),
      () => this.#join(),
    ];
    this.#random.one(deeds)();
    if (!this.isCalm && this.#random.once(4)) this.#random.one(misfortunes)();
  }

  // What users and operators do.

  /** With a token of its own, or with one that was shown before and may be revoked. */
  #login(): void {
    const node = this.#anyone();
    if (node.visitors.length >= MAX_VISITORS) node.visitors.shift()?.client.drop();
    const isKnown = this.#claims.length > 0 && this.#random.once(3);
    node.connect(isKnown ? this.#random.one(this.#claims) : this.#newClaims());
  }

  #newClaims(): Claims {
    const jti = `t${this.#claims.length}`;
    const iat = Math.floor(Date.now() / 1000);
    const claims = { jti, sub: this.#random.one(USERS), sid: `s${this.#random.below(10)}`, iat };
    this.#claims.push(claims);
    return claims;
  }

  #revoke(): void {
    const visitor = this.#anyone().visitors.at(-1);
    if (visitor === undefined || this.#random.once(2)) return;
    const { sub, sid, jti } = visitor.claims;
    const revocation: Revocation = this.#random.one([{ sub }, { sid }, { jti }]);
    const issuedBefore = Math.floor(Date.now() / 1000) + 1;
    const rule = { issuedBefore, ...revocation, expiresAt: null } as RevocationRule;
    const node = this.#anyone();
    node.auth.revoke(revocation as { sub: string }).then(
      () => {
        if (node.isAlive) this.#revoked.push({ rule, at: Date.now() });
        this.report.revocations += 1;
      },
      // The store had no answer: whoever revokes has to try again.
      () => undefined,
    );
  }

  /** Everybody says something, and one broadcast goes to all. */
  #talk({ io, visitors }: Node): void {
    for (const { client } of visitors) if (client.place('/').sid !== undefined) client.emit('/', ['talk']);
    if (this.#random.once(2)) io.emit('news', 1);
  }

  // What goes wrong.

  #change(): void {
    const bad = {
      lost: this.#random.one([0, 30, 100]),
      doubled: 20,
      maxDelay: this.#random.one([20, 500, 3_000]),
    };
    this.#bus.network = this.#random.one([CALM, bad]);
  }

  #part(): void {
    this.#bus.apart = new Set(this.#nodes.filter(() => this.#random.once(3)).map(({ name }) => name));
  }

  #sicken(): void {
    if (this.#random.once(3)) this.#store.restart();
    else this.#store.health = this.#random.one(['up', 'up', 'up', 'down', 'silent']);
  }

  #kill(): void {
    if (this.#alive().length > 1) this.#anyone().kill();
  }

  #join(): void {
    if (this.#alive().length >= 5) return;
    const name = `node ${this.#nodes.length + 1}`;
    const onDelivery = (claims: Claims, what: string): void => this.#onDelivery(claims, what);
    this.#nodes.push(new Node(name, this.#bus, this.#store, onDelivery));
  }

  // What must hold.

  #onDelivery(claims: Claims, what: string): void {
    this.report.deliveries += 1;
    for (const { rule, at } of this.#revoked) {
      if (!names(rule, claims)) continue;
      this.report.late += 1;
      const due = this.isCalm ? at : Math.max(at, this.#store.wellSince) + DUE;
      const late = Date.now() - due;
      const text = `${what}, of ${claims.jti} (${claims.sub}, ${claims.sid}), ${late} ms after it had to end`;
      if (late > 0) this.report.faults.push(text);
    }
  }

  /** All recovers: after that no revoked session is left, and when all have left, no session at all. */
  async #end(): Promise<void> {
    this.#bus.network = CALM;
    this.#bus.apart.clear();
    this.#store.health = 'up';
    for (let passed = 0; passed <= DUE; passed += STEP) {
      this.#time.tick(STEP);
      await quiet();
    }
    for (const node of this.#alive()) this.#talk(node);
    await quiet();
    for (const { visitors } of this.#alive()) for (const { client } of visitors) client.drop();
    await quiet();
    for (const { auth, name } of this.#alive()) {
      const { pending, authenticated } = auth.stats();
      if (pending + authenticated > 0) this.report.faults.push(`the gauges of ${name} do not go back to 0`);
    }
  }

  #alive(): Node[] {
    return this.#nodes.filter(({ isAlive }) => isAlive);
  }

  #anyone(): Node {
    return this.#random.one(this.#alive());
  }
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise(setImmediate);
}

/** Runs one cluster. A third of the seeds are of clusters where nothing fails. */
export async function simulate(seed: number): Promise<Report> {
  const cluster = new Cluster(seed, seed % 3 === 0);
  try {
    return await cluster.run();
  } finally {
    cluster.close();
  }
}
