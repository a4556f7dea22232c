import type { MemoryConnection, MemoryPort } from '../support/memory-connection';

/** Refusals that a connection is told of in one minute. */
const MAX_ANSWERS = 20;

/** What a client knows of one namespace. */
export class ClientPlace {
  sid: string | undefined;
  /** The same, after the socket has gone too. */
  lastSid = '';
  pid: string | undefined;
  /** The place of the last broadcast, which recovery begins at. */
  offset: string | undefined;
  /** Numbers of the broadcasts that it got, over all its connections. */
  readonly news: number[] = [];
}

/** A client that writes packets by hand, and remembers what it is told. */
export class MemoryClient {
  readonly answers = new Map<number, string[]>();
  /** Whether it was refused so often on one connection that the server may have stopped to answer. */
  isMuted = false;
  #refusals = 0;
  readonly #places = new Map<string, ClientPlace>();
  readonly #port: MemoryPort;
  #connection: MemoryConnection | undefined;

  readonly #onNews: () => void;

  constructor(port: MemoryPort, onNews: () => void = () => undefined) {
    this.#port = port;
    this.#onNews = onNews;
  }

  get connectionId(): string | undefined {
    return this.#connection?.id;
  }

  get isOpen(): boolean {
    return this.#connection?.readyState === 'open';
  }

  open(): void {
    const connection = this.#port.connect(
      (packet) => this.#onPacket(packet),
      () => undefined,
    );
    this.#connection = connection;
    this.#refusals = 0;
    for (const place of this.#places.values()) place.sid = undefined;
  }

  place(name: string): ClientPlace {
    let place = this.#places.get(name);
    if (place === undefined) this.#places.set(name, (place = new ClientPlace()));
    return place;
  }

  /** @param auth what the CONNECT packet carries */
  connect(name: string, auth: object): void {
    this.#connection?.send(`0${prefix(name)}${JSON.stringify(auth)}`);
  }

  leave(name: string): void {
    this.#connection?.send(`1${prefix(name)}`);
    this.place(name).sid = undefined;
  }

  emit(name: string, args: readonly unknown[], question?: number): void {
    this.#connection?.send(`2${prefix(name)}${question ?? ''}${JSON.stringify(args)}`);
  }

  drop(): void {
    this.#connection?.drop();
  }

  #onPacket(packet: string): void {
    const [, type, name = '/', id, data = ''] = /^(\d)(?:(\/[^,]*),)?(\d*)(.*)$/s.exec(packet) ?? [];
    const place = this.place(name);
    const content: unknown = data === '' ? undefined : JSON.parse(data);
    if (type === '0') Object.assign(place, content, { lastSid: (content as { sid: string }).sid });
    if (type === '1') place.sid = undefined;
    if (type === '2') this.#onEvent(place, content as unknown[]);
    if (type === '3') this.#onAnswer(Number(id), content as [Answer]);
  }

  #onEvent(place: ClientPlace, [event, value, offset]: unknown[]): void {
    if (event === 'unauthorized') this.#refusals += 1;
    this.isMuted ||= this.#refusals >= MAX_ANSWERS;
    if (event !== 'news') return;
    this.#onNews();
    place.news.push(value as number);
    if (typeof offset === 'string') place.offset = offset;
  }

  #onAnswer(question: number, [{ ok, error }]: [Answer]): void {
    const known = this.answers.get(question) ?? [];
    this.answers.set(question, [...known, ok ? 'ok' : (error?.code ?? 'none')]);
  }
}

interface Answer {
  readonly ok: boolean;
  readonly error?: { readonly code: string };
}

const prefix = (name: string): string => (name === '/' ? '' : `${name},`);
