/** Sends bad packets to a real server, and looks that they do no harm. */
import { deepStrictEqual } from 'node:assert';
import { decodePayload } from 'engine.io-parser';
import { createSandbox } from 'sinon';
import { Server } from 'socket.io';
import { authorize } from '../../../lib';
import type { AnySocket, Authorizer, JwtClaims } from '../../../lib';
import { openMemoryPort } from '../../support/memory-connection';
import type { MemoryConnection, MemoryPort } from '../../support/memory-connection';
import { SECRET } from '../../support/tokens';
import { Books } from '../books';
import { FORMS } from './corpus';
import type { Form } from './corpus';
import { mutate } from './mutations';
import type { Packet } from './mutations';
import { Random } from '../random';

const PLACES = ['/', '/side'];
const CLIENTS = 3;
const MESSAGES = 30;

type Guarded = AnySocket & { decoded_token?: JwtClaims };

/** One server, some clients, and what they send: the same for the same seed. */
export class Round {
  readonly #random: Random;
  readonly #form: Form;
  readonly #io: Server;
  readonly #auth: Authorizer;
  readonly #port: MemoryPort;
  readonly #books = new Books();
  /** The adapter for recovery sets an interval that never ends, and keeps its server in memory. */
  readonly #fakes = createSandbox();
  readonly #faults: string[] = [];
  /** All that was sent, for the report of a fault. */
  readonly sent: Packet[] = [];

  constructor(readonly seed: number) {
    this.#fakes.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    this.#random = new Random(seed);
    this.#form = this.#random.one(FORMS);
    const { parser } = this.#form;
    this.#io = new Server({ ...(parser && { parser }), connectionStateRecovery: {} });
    this.#port = openMemoryPort(this.#io);
    this.#auth = authorize({
      secret: SECRET,
      scope: this.#random.one(['namespace', 'connection']),
      required: this.#random.once(2),
      holdEvents: this.#random.one([16, 1, 0]),
      permissions: { admin: 'admin' },
    });
    for (const place of PLACES) this.#serve(place);
  }

  #serve(place: string): void {
    const hear = (socket: Guarded, event: unknown): void => {
      if (socket.decoded_token === undefined)
        this.#faults.push(`${String(event)} is heard from a pending socket`);
      if (event === 'admin') this.#faults.push('an event is heard without its scope');
    };
    this.#auth.attach(this.#io.of(place)).on('connection', (socket: Guarded) => {
      socket.onAny((event: unknown) => hear(socket, event));
      socket.use(([event], next) => {
        hear(socket, event);
        next();
      });
      socket.on('talk', () => hear(socket, 'talk'));
    });
    this.#io.of(place).on('authenticated', (socket: Guarded) => {
      socket.emit('question', () => hear(socket, 'an answer'));
    });
  }

  async run(): Promise<void> {
    const clients = Array.from({ length: CLIENTS }, () => this.#connect());
    for (let message = 0; message < MESSAGES; message += 1) {
      const client = this.#random.below(CLIENTS);
      if (clients[client]?.readyState !== 'open') clients[client] = this.#connect();
      clients[client]?.send(...this.#next());
      if (this.#random.once(3)) await quiet();
      this.#check();
    }
    await quiet();
    for (const client of clients) client.drop();
    await quiet();
    this.#checkEnd();
  }

  #connect(): MemoryConnection {
    return this.#port.connect(
      () => undefined,
      () => undefined,
    );
  }

  /** Packets of one message: mostly good ones, or nothing would be reached. */
  #next(): Packet[] {
    const { corpus } = this.#form;
    const packets = Array.from({ length: 1 + this.#random.below(3) }, () => [
      ...this.#random.one(corpus),
    ]).flat();
    const others = corpus.flat();
    const changed = packets.flatMap((packet) => {
      const one = this.#random.once(2) ? mutate(packet, this.#random, others) : packet;
      return this.#random.once(20) ? [one, one] : [one];
    });
    const chunk = this.#random.once(4) ? inOneChunk(changed) : changed;
    this.sent.push(...chunk);
    return chunk;
  }

  #check(): void {
    if (this.#faults.length > 0) throw new Error(this.#faults.join('; '));
    const { pending, authenticated } = this.#auth.stats();
    const connected = PLACES.reduce((sum, place) => sum + this.#io.of(place).sockets.size, 0);
    deepStrictEqual(pending + authenticated, connected, 'the gauges count the sockets');
  }

  #checkEnd(): void {
    this.#check();
    const { pending, authenticated } = this.#auth.stats();
    deepStrictEqual(
      { pending, authenticated },
      { pending: 0, authenticated: 0 },
      'the gauges, after all have left',
    );
    deepStrictEqual(this.#books.sessions, 0, 'the sessions in the index, after all have left');
    deepStrictEqual(this.#books.holding, 0, 'the sockets whose events wait, after all have left');
    deepStrictEqual(this.#books.owners().get('Term') ?? 0, 0, 'the expiries that are watched');
    for (const place of PLACES) {
      const { sids, rooms } = this.#io.of(place).adapter;
      deepStrictEqual([sids.size, rooms.size], [0, 0], `the rooms of ${place}, after all have left`);
    }
  }

  close(): void {
    this.#auth.close();
    this.#books.close();
    this.#fakes.restore();
  }
}

/** As a body of HTTP polling, taken apart by Engine.IO's own parser; it may fall apart elsewhere. */
function inOneChunk(packets: readonly Packet[]): Packet[] {
  const body = packets
    .map((packet) => (typeof packet === 'string' ? `4${packet}` : `b${packet.toString('base64')}`))
    .join('\u001e');
  return decodePayload(body, 'nodebuffer').flatMap(({ type, data }) =>
    type === 'message' && data !== undefined ? [data as Packet] : [],
  );
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

/** Runs rounds for a time, and at least so many; each has the next seed. Returns how many there were. */
export async function fuzz(seed: number, seconds: number, least = 1): Promise<number> {
  const end = Date.now() + seconds * 1000;
  let rounds = 0;
  do {
    const round = new Round(seed + rounds);
    try {
      await round.run();
    } catch (cause) {
      const sent = round.sent.map((packet) => JSON.stringify(packet).slice(0, 400)).join('\n');
      throw new Error(`again: npm run fuzz -- --seconds 0 --seed ${round.seed}\n${sent}\n${String(cause)}`, {
        cause,
      });
    } finally {
      round.close();
    }
    rounds += 1;
  } while (rounds < least || Date.now() < end);
  return rounds;
}
