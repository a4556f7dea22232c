import { Timer } from './timer';
import type { AuthenticateOptions } from './types';

/** Fetches tokens, one at a time, whoever asks. */
export class TokenSource {
  readonly #options: AuthenticateOptions;
  readonly #onToken: (token: string) => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #timer = new Timer();
  /** The fetch that is under way; what an older one brings is too late. */
  #fetch: object | undefined;

  constructor(
    options: AuthenticateOptions,
    onToken: (token: string) => void,
    onFailure: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#onToken = onToken;
    this.#onFailure = onFailure;
  }

  /** Whether a fresh token can be had. */
  get isRenewable(): boolean {
    return typeof this.#options.token === 'function';
  }

  /** Fetches a token, unless one is on its way. */
  fetch(): void {
    if (this.#fetch) return;
    const { token, timeout = 10_000 } = this.#options;
    const fetch = (this.#fetch = {});
    const finish = (error: unknown, fetched?: string): void => {
      if (this.#fetch !== fetch) return;
      this.cancel();
      if (error === undefined) this.#onToken(fetched as string);
      else this.#onFailure(error);
    };
    this.#timer.set(timeout, () => finish(new Error(`no token within ${timeout} ms`)));
    // Within the promise, so that it takes what the function throws, too.
    new Promise<string>((resolve) => resolve(typeof token === 'function' ? token() : token)).then(
      (fetched) =>
        finish(fetched && typeof fetched === 'string' ? undefined : new TypeError('no token'), fetched),
      (error) => finish(error ?? new Error('no token')),
    );
  }

  /** Forgets the fetch that is under way. */
  cancel(): void {
    this.#timer.clear();
    this.#fetch = undefined;
  }
}
