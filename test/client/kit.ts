import timers from 'node:timers';
import { io as connect } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import { authenticate } from '../../lib/client';
import type { AuthenticateOptions, ClientAuth } from '../../lib/client';
import { Inbox } from '../support/inbox';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import type { ClientOptions } from '../support/world';

/** A token of the tests that lives so many ms: each is another one. */
export function shortToken(life: number, sub = 'bob'): string {
  return createToken({ sub, exp: (Date.now() + life) / 1000 });
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
    for (const event of ['authenticated', 'unauthorized', 'error'] as const) {
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
  readonly #sockets: Socket[] = [];
  readonly #auths: ClientAuth[] = [];
  #clock: SinonFakeTimers | undefined;

  async start(): Promise<World> {
    this.world = new World();
    return this.world.listen();
  }

  /** A socket that is not connecting yet, and reconnects fast; its own timers are never faked. */
  socket(options: ClientOptions = {}, namespace = '/'): Socket {
    const socket = connect(this.world.url + namespace, {
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
  client(token: AuthenticateOptions['token'], options: ClientOptions = {}, timeout?: number): Watched {
    const watched = this.watch(this.socket(options), token, timeout);
    watched.socket.connect();
    return watched;
  }

  watch(socket: Socket, token: AuthenticateOptions['token'], timeout?: number): Watched {
    const watched = new Watched(socket, { token, ...(timeout !== undefined && { timeout }) });
    this.#auths.push(watched.auth);
    return watched;
  }

  /** From here on the client's timers wait for {@link SinonFakeTimers.tick}; servers, sockets and `Date` go on. */
  stopTimers(): SinonFakeTimers {
    this.#clock ??= stopClientTimers();
    return this.#clock;
  }

  async close(): Promise<void> {
    this.#clock?.restore();
    this.#clock = undefined;
    for (const auth of this.#auths.splice(0)) auth.close();
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
    await this.world.close();
  }
}

/** A token function that remembers its calls, and of how many it was waiting at once. */
export function fetcher(fetch: (call: number) => string | Promise<string>): (() => Promise<string>) & {
  calls: number;
  most: number;
} {
  let underWay = 0;
  const token = Object.assign(
    async (): Promise<string> => {
      token.calls += 1;
      underWay += 1;
      token.most = Math.max(token.most, underWay);
      try {
        return await fetch(token.calls);
      } finally {
        underWay -= 1;
      }
    },
    { calls: 0, most: 0 },
  );
  return token;
}

/** A promise that the test settles. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Fakes the timers of `lib/client` alone. */
function stopClientTimers(): SinonFakeTimers {
  const real = { set: globalThis.setTimeout, clear: globalThis.clearTimeout };
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
  return clock;
}
