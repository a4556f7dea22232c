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
    const settle = (step: () => void): void => {
      if (this.#fetch !== fetch) return;
      this.cancel();
      try {
        step();
      } catch (error) {
        this.#onFailure(error);
      }
    };
    const fail = (error: unknown): void =>
      settle(() => {
        throw error;
      });
    this.#timer.set(timeout, () => fail(new Error(`no token within ${timeout} ms`)));
    // Within the promise, so that it takes what the function throws, too.
    new Promise<unknown>((resolve) => resolve(typeof token === 'function' ? token() : token)).then(
      (fetched) =>
        settle(() => {
          if (!fetched || typeof fetched !== 'string')
            throw new TypeError('the token is no string, or empty');
          this.#onToken(fetched);
        }),
      fail,
    );
  }

  /** Forgets the fetch that is under way. */
  cancel(): void {
    this.#timer.clear();
    this.#fetch = undefined;
  }
}
