import type { UnauthorizedError } from '../errors';
import { redactHandshake, takeAuthToken, tokenOfRequest } from '../token/token-source';
import type { TokenSources } from '../token/token-source';
import type { AnySocket } from '../types';

/** A token, why what was shown is none, or nothing. */
export type Shown = string | UnauthorizedError | undefined;

/** What a client showed while it connected, by where it stood. */
export interface ShownAtConnect {
  /** In the CONNECT packet. */
  readonly packet: Shown;
  /** In the CONNECT packet or in the HTTP request. */
  readonly anywhere: Shown;
}

/** Reads the tokens that come with a connection, once, and takes them out of the handshake. */
export class ShownTokens {
  readonly #sources: TokenSources;
  readonly #read = new WeakMap<AnySocket, ShownAtConnect>();

  constructor(sources: TokenSources) {
    this.#sources = sources;
  }

  /** What a socket's client showed. */
  of(socket: AnySocket): ShownAtConnect {
    let shown = this.#read.get(socket);
    if (shown === undefined) this.#read.set(socket, (shown = this.#readAll(socket)));
    return shown;
  }

  /** Forgets what was read. */
  forget(socket: AnySocket): void {
    this.#read.delete(socket);
  }

  #readAll(socket: AnySocket): ShownAtConnect {
    const packet = attempt(() => takeAuthToken(socket, this.#sources));
    const first = this.#sources.headerOnly ? undefined : packet;
    const anywhere = first ?? attempt(() => tokenOfRequest(socket, this.#sources));
    redactHandshake(socket, this.#sources);
    return { packet, anywhere };
  }
}

function attempt(read: () => string | undefined): Shown {
  try {
    return read();
  } catch (error) {
    return error as UnauthorizedError;
  }
}
