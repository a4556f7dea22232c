/**
 * The keys of a provider, fetched by `jose`. Anyone can send a token with any key name, and must not be able to cause
 * many requests with it. For any number of tokens and names, there is one request at a time, and one per cooldown.
 */
import type { CryptoKey, ExportedJWKSCache, JWSHeaderParameters, RemoteJWKSet } from 'jose';
import { log } from '../runtime/log';
import { discover, documentUrlOf } from './discovery';
import { fetchDocument } from './fetch';
import type { Jose } from './jose';
import type { JwksSettings } from './settings';

/** Ms between two requests after a failed one. If the cooldown is shorter, it counts instead. */
const FAILURE_COOLDOWN = 1_000;
/** How long keys are used beyond `cacheMaxAge` while the endpoint is down, in ms. */
const MAX_OUTAGE = 24 * 60 * 60 * 1_000;

type Source = Pick<JwksSettings, 'jwksUri' | 'issuer' | 'fetch' | 'timeout' | 'cacheMaxAge' | 'cooldown'>;

/** Fetches the keys at the first token, and finds the key of each token. */
export class RemoteKeys {
  readonly #source: Source;
  readonly #remote: RemoteJWKSet;
  /** `jose` stores here what it fetched last, and when. */
  readonly #cache: Partial<ExportedJWKSCache> = {};
  #askedAt = -Infinity;

  constructor(jose: Jose, source: Source) {
    this.#source = source;
    const { timeout, cacheMaxAge, cooldown } = source;
    this.#remote = jose.createRemoteJWKSet(
      new URL(source.jwksUri ?? documentUrlOf(source.issuer as string)),
      {
        timeoutDuration: Math.ceil(timeout),
        cacheMaxAge: cacheMaxAge + MAX_OUTAGE,
        cooldownDuration: cooldown,
        [jose.jwksCache]: this.#cache as Record<string, never>,
        [jose.customFetch]: (url, { signal }) => this.#fetch(url, signal),
      },
    );
  }

  /** The key of a token. Rejects with the error of `jose` if there is no key or several, or they cannot be fetched. */
  find(header: JWSHeaderParameters): Promise<CryptoKey> {
    const { uat = Infinity } = this.#cache;
    // Below 0 the wall clock was set back, by which `jose` measures its cooldown.
    const age = Date.now() - uat;
    const isOld = age >= this.#source.cacheMaxAge || (age < 0 && uat !== Infinity);
    // Known keys are renewed in the background: no client waits, and an outage refuses no client.
    if (isOld && !this.#remote.reloading && !this.#wasJustAsked()) void this.#reload();
    return this.#remote(header);
  }

  /** Whether a signature key has this name, for any algorithm. Keys must have been fetched before. */
  knows(kid: unknown): boolean {
    return (
      kid !== undefined &&
      (this.#cache as ExportedJWKSCache).jwks.keys.some((key) => key.kid === kid && key.use !== 'enc')
    );
  }

  /** Fetches the keys again, except within the cooldown. Returns whether it did. */
  async renew(): Promise<boolean> {
    return !this.#remote.coolingDown && this.#reload();
  }

  async #reload(): Promise<boolean> {
    try {
      await this.#remote.reload();
      return true;
    } catch (fault) {
      log.jwks('keys could not be renewed: %s', (fault as Error).name);
      return false;
    }
  }

  async #fetch(url: string, signal: AbortSignal): Promise<Response> {
    // jose's own cooldown starts with an answer. Without an answer, every token would cause a request.
    if (this.#wasJustAsked()) throw new Error(`${url} was asked a moment ago`);
    this.#askedAt = performance.now();
    const { jwksUri, issuer, fetch } = this.#source;
    const bounds = { fetch, signal };
    const uri = jwksUri ?? (await discover(issuer as string, bounds)).jwks_uri;
    return new Response(await fetchDocument(uri, bounds));
  }

  /** By a monotonic clock: setting the wall clock back must not prolong the cooldown. */
  #wasJustAsked(): boolean {
    return performance.now() - this.#askedAt < Math.min(this.#source.cooldown, FAILURE_COOLDOWN);
  }
}
