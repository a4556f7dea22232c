import timers from 'node:timers';
import { io as connect } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { restore, stub, useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import { authenticate } from '../../lib/client';
import type { AuthenticateOptions, ClientAuth, TokenOptions, TokenRequest } from '../../lib/client';
import { Inbox } from '../support/inbox';
import { createToken, SECRET } from '../support/tokens';
import { World } from '../support/world';
import type { ClientOptions } from '../support/world';
import { ScriptedServer } from './scripted-server';

/** A token of the tests that lives so many ms: each is another one. */
export function shortToken(life: number, sub = 'bob', claims: object = {}): string {
  return createToken({ sub, exp: (Date.now() + life) / 1000, ...claims });
}

/** A token of the tests without an end. */
export function endlessToken(sub = 'bob'): string {
  return createToken({ sub });
}

/** An authenticated-to-be socket whose events are remembered. */
export class Watched {
  readonly auth: ClientAuth;
  readonly inbox = new Inbox();

  constructor(
    readonly socket: Socket,
    options: AuthenticateOptions,
  ) {
    for (const event of ['connect', 'disconnect', 'connect_error'] as const) {
      socket.on(event, (...args: unknown[]) => this.inbox.push(event, args));
    }
    socket.onAnyOutgoing((event: string, ...args: unknown[]) => this.inbox.push(`sent ${event}`, args));
    socket.onAny((event: string, ...args: unknown[]) => this.inbox.push(`came ${event}`, args));
    this.auth = authenticate(socket, options);
    for (const event of ['authenticated', 'unauthorized', 'error', 'dropped'] as const) {
      this.auth.on(event, (detail: unknown) => this.inbox.push(event, [detail]));
    }
  }

  /** The next event of that name, be it here already or still to come. */
  async until<T = unknown>(event: string): Promise<T> {
    return (await this.inbox.take(event))[0] as T;
  }

  count(event: string): number {
    return this.inbox.all(event).length;
  }
}

/** A world, the clients in it, and a clock for the client's own timers. */
export class Kit {
  world = new World();
  /** Another server than that of the world. */
  server: { url: string; close: () => Promise<void> } | undefined;
  readonly #sockets: Socket[] = [];
  readonly #auths: ClientAuth[] = [];
  #clock: SinonFakeTimers | undefined;

  async start(): Promise<World> {
    this.world = new World();
    return this.world.listen();
  }

  /** Starts a server that does what the test says, for the sockets to come. */
  async startScripted(): Promise<ScriptedServer> {
    const server = await new ScriptedServer().listen();
    this.server = server;
    return server;
  }

  /** A socket that is not connecting yet, and reconnects fast; its own timers are never faked. */
  socket(options: ClientOptions = {}, namespace = '/'): Socket {
    const socket = connect((this.server ?? this.world).url + namespace, {
      transports: ['websocket'],
      forceNew: true,
      autoConnect: false,
      reconnectionDelay: 10,
      useNativeTimers: true,
      ...options,
    });
    this.#sockets.push(socket);
    return socket;
  }

  /** A client that shows its token with the CONNECT packet. */
  client(token: TokenOptions['token'], options: ClientOptions = {}, timeout?: number): Watched {
    const watched = this.watch(this.socket(options), token, timeout);
    watched.socket.connect();
    return watched;
  }

  watch(socket: Socket, token: TokenOptions['token'], timeout?: number): Watched {
    return this.keep(socket, { token, timeout });
  }

  keep(socket: Socket, options: AuthenticateOptions): Watched {
    const watched = new Watched(socket, options);
    this.#auths.push(watched.auth);
    return watched;
  }

  /**
   * From here on the client's timers wait for {@link SinonFakeTimers.tick}, and its `Date` is ahead by what was ticked.
   * Servers and sockets go on.
   */
  stopTimers(): SinonFakeTimers {
    this.#clock ??= stopClientTimers();
    return this.#clock;
  }

  async close(): Promise<void> {
    this.#clock?.restore();
    this.#clock = undefined;
    for (const auth of this.#auths.splice(0)) auth.close();
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
    if (this.world.http.listening) await this.world.close();
    await this.server?.close();
    this.server = undefined;
  }
}

/** A kit for each test of the surrounding `describe`. `Math.random` gives 0, so the client's delays are known. */
export function steadyKit(): Kit {
  const kit = new Kit();

  beforeEach(() => {
    stub(Math, 'random').returns(0);
  });

  afterEach(async () => {
    await kit.close();
    restore();
  });

  return kit;
}

/** A `secret` option: it answers at once for the first token, and with `key` for later ones, of which `asked` tells. */
export function slowSecret(): {
  secret: () => string | Promise<string>;
  key: Gate<string>;
  asked: Gate;
} {
  const key = gate<string>();
  const asked = gate();
  let verifications = 0;
  const secret = (): string | Promise<string> => {
    verifications += 1;
    if (verifications === 1) return SECRET;
    asked.open();
    return key.promise;
  };
  return { secret, key, asked };
}

/** A token function that remembers its calls, and of how many it was waiting at once. */
export function fetcher<T extends string | null>(
  fetch: (call: number, request: TokenRequest) => T | Promise<T>,
): ((request: TokenRequest) => Promise<T>) & {
  calls: number;
  most: number;
} {
  let underWay = 0;
  const token = Object.assign(
    async (request: TokenRequest): Promise<T> => {
      token.calls += 1;
      underWay += 1;
      token.most = Math.max(token.most, underWay);
      try {
        return await fetch(token.calls, request);
      } finally {
        underWay -= 1;
      }
    },
    { calls: 0, most: 0 },
  );
  return token;
}

export interface Gate<T = void> {
  readonly promise: Promise<T>;
  readonly open: (value: T) => void;
}

/** A promise that the test settles. */
export function gate<T = void>(): Gate<T> {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Fakes the timers and the clock of `lib/client` alone. */
function stopClientTimers(): SinonFakeTimers {
  const real = { set: globalThis.setTimeout, clear: globalThis.clearTimeout, now: Date.now };
  const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const fake = { set: globalThis.setTimeout, clear: globalThis.clearTimeout };
  const stopped = new WeakSet<object>();
  const set = (callback: () => void, delay?: number): NodeJS.Timeout => {
    if (!/lib.client/.test(new Error('where').stack ?? '')) return real.set(callback, delay);
    const timer = fake.set(callback, delay);
    stopped.add(timer);
    return timer;
  };
  const clear = (timer: NodeJS.Timeout | undefined): void =>
    timer && stopped.has(timer) ? fake.clear(timer) : real.clear(timer);
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  Object.assign(timers, { setTimeout: real.set, clearTimeout: real.clear });
  const now = (): number => {
    // What the client calls, such as a `token` function of the test, has the real one.
    const [, , caller = ''] = (new Error('where').stack ?? '').split('\n');
    return real.now() + (/lib.client/.test(caller) ? clock.now : 0);
  };
  Date.now = now;
  const { restore: restoreClock } = clock;
  clock.restore = () => {
    // Sinon restores every clock of its own once more.
    if (Date.now === now) Date.now = real.now;
    restoreClock.call(clock);
  };
  return clock;
}
