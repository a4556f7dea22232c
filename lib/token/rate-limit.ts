import { unauthorized } from '../errors';
import type { AuthorizeOptions, Limiter } from '../options';
import { CODES } from '../protocol';
import { isThenable, warnOnce } from '../runtime/warnings';
import type { AnySocket } from '../types';
import type { ApplicationCalls } from './application-calls';
import { toRateLimited } from './application-refusals';
import { describe } from './keys';

/** Asks the application's limiter about a client, by its address. */
export class RateLimit {
  readonly #limiter: Limiter;
  readonly #clientAddress: NonNullable<AuthorizeOptions['clientAddress']>;
  readonly #calls: ApplicationCalls;
  readonly #warnNoAddress = warnOnce(
    (why: string) =>
      "options.limiter needs the client's address, and options.clientAddress (by default " +
      `socket.handshake.address) ${why}. Tokens of such clients are refused with rate_limited.`,
  );

  constructor(
    limiter: Limiter,
    clientAddress: NonNullable<AuthorizeOptions['clientAddress']>,
    calls: ApplicationCalls,
  ) {
    this.#limiter = limiter;
    this.#clientAddress = clientAddress;
    this.#calls = calls;
  }

  /** @throws UnauthorizedError `rate_limited`, at once or by the promise */
  ask(socket: AnySocket): void | PromiseLike<void> {
    const address = this.#addressOf(socket);
    return this.#calls.ask(
      () => this.#limiter.consume(address),
      toRateLimited,
      () => undefined,
    );
  }

  /** Without an address there is no key to limit by. To skip the limiter would admit everyone. */
  #addressOf(socket: AnySocket): string {
    let address: unknown;
    try {
      address = this.#clientAddress(socket);
    } catch (cause) {
      this.#warnNoAddress('failed');
      throw unauthorized(CODES.rateLimited, { cause });
    }
    if (typeof address === 'string' && address !== '') return address;
    if (isThenable(address)) address.then(undefined, () => undefined);
    this.#warnNoAddress(`gave ${address === '' ? 'an empty string' : describe(address)}`);
    throw unauthorized(CODES.rateLimited);
  }
}
