/**
 * Keys from a JWKS endpoint (RFC 7517 §5), on `jwks-rsa`, which is an optional peer dependency.
 *
 * The token names its key (`kid`) before anything of it is verified, so a client must not be able to make requests: an
 * unknown `kid` asks the endpoint at most once per `cooldown`, however many tokens name however many.
 */
import { createPublicKey } from 'node:crypto';
import { JwksClient } from 'jwks-rsa';
import { unauthorized } from '../errors';
import { describe, toVerificationKeys } from './keys';
import { log } from '../runtime/log';
import { CODES, REASONS } from '../protocol';
import type { UnverifiedToken } from '../types';

/** What {@link jwksSecret} takes. */
export interface JwksOptions {
  /** Where the keys are, such as `https://example.eu.auth0.com/.well-known/jwks.json`. */
  jwksUri: string;
  /**
   * Ms for the endpoint to answer in full. Below the authorizer's `keyTimeout`, or that strikes first.
   *
   * @defaultValue 5000
   */
  timeout?: number;
  /**
   * Ms after which known keys are fetched again, so that keys withdrawn by the provider are forgotten. While the
   * endpoint is down they go on working.
   *
   * @defaultValue 600000
   */
  cacheMaxAge?: number;
  /**
   * Ms between two requests for keys that are not known, or that could not be fetched.
   *
   * @defaultValue 10000
   */
  cooldown?: number;
  /** Headers of the request. */
  requestHeaders?: Record<string, string>;
  /**
   * What the token's `typ` must be, such as `'at+jwt'` for access tokens (RFC 9068 §4); in any case, with or without
   * `application/` (RFC 7515 §4.1.9). Default: not checked.
   */
  typ?: string;
}

/** A key function for `authorize({ secret })`: gives PEM keys, of which each is made ready once. */
export type JwksKeyFunction = (token: UnverifiedToken) => Promise<string | readonly string[]>;

/** Ms until an endpoint that has failed is asked again, if that is less than the cooldown. */
const FAILURE_COOLDOWN = 1_000;

/** The largest answer that is read, in characters. */
const MAX_ANSWER = 1_000_000;

/**
 * Finds keys at a JWKS endpoint. RSA and EC keys work; what `jsonwebtoken` cannot verify (Ed25519, say) refuses its
 * tokens with `invalid_secret` at once, and is told as a process warning. Nothing is requested before the first token.
 *
 * @throws TypeError if an option is wrong
 * @example authorize({ secret: jwksSecret({ jwksUri }), algorithms: ['RS256'], issuer, audience })
 */
export function jwksSecret(options: JwksOptions): JwksKeyFunction {
  const { typ, ...source } = checked(options);
  const keys = new JwksCache(source);
  return async ({ header }) => {
    if (typ !== undefined && mediaType(header.typ) !== mediaType(typ)) {
      throw unauthorized(CODES.invalidToken, { message: 'jwt typ invalid', reason: REASONS.claim });
    }
    return keys.find(header.kid);
  };
}

type Source = Required<Pick<JwksOptions, 'jwksUri' | 'timeout' | 'cacheMaxAge' | 'cooldown'>> &
  Pick<JwksOptions, 'requestHeaders'>;

/** The endpoint's keys, as they were when it last answered. */
class JwksCache {
  readonly #source: Source;
  readonly #client: JwksClient;
  /** Those that can verify, by `kid`; and those that cannot. */
  #usable = new Map<string | undefined, string>();
  #unusable = new Set<string>();
  #fetchedAt = -Infinity;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(source: Source) {
    this.#source = source;
    this.#client = new JwksClient({
      jwksUri: source.jwksUri,
      cache: false,
      rateLimit: false,
      fetcher: (uri: string) => fetchKeys(uri, source),
    });
  }

  async find(kid: unknown): Promise<string | readonly string[]> {
    const name = typeof kid === 'string' ? kid : undefined;
    if (!this.#knows(name)) await this.#refresh();
    // Known keys are renewed behind the client's back, and go on working while the endpoint is down.
    else if (now() - this.#fetchedAt >= this.#source.cacheMaxAge) void this.#refresh().catch(tellFault);
    // RFC 7517 §4.5: `kid` is optional; without it any key of the set may be the one.
    if (name === undefined) return [...this.#usable.values()];
    const key = this.#usable.get(name);
    if (key === undefined)
      throw new Error(this.#unusable.has(name) ? 'a key that cannot verify' : 'unknown kid');
    return key;
  }

  #knows(kid: string | undefined): boolean {
    if (kid === undefined) return this.#usable.size > 0;
    return this.#usable.has(kid) || this.#unusable.has(kid);
  }

  /** One request at a time, and none within the cooldown. */
  #refresh(): Promise<void> {
    if (this.#asking !== undefined) return this.#asking;
    if (now() - this.#askedAt < this.#source.cooldown) return Promise.reject(new Error('asked a moment ago'));
    this.#askedAt = now();
    this.#asking = this.#fetch()
      .catch((fault: unknown) => {
        // An endpoint that has failed may be back soon.
        this.#askedAt -= Math.max(0, this.#source.cooldown - FAILURE_COOLDOWN);
        throw fault;
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #fetch(): Promise<void> {
    const signingKeys = await this.#client.getSigningKeys();
    const [usable, unusable] = [new Map<string | undefined, string>(), new Set<string>()];
    for (const signingKey of signingKeys) {
      const pem = signingKey.getPublicKey();
      const kid = (signingKey as { kid?: string }).kid;
      const fault = faultOf(pem);
      if (fault === undefined) usable.set(kid, pem);
      else {
        if (kid !== undefined) unusable.add(kid);
        if (!this.#unusable.has(kid ?? '')) warnOfKey(kid, fault);
      }
    }
    this.#usable = usable;
    this.#unusable = unusable;
    this.#fetchedAt = now();
  }
}

/** Monotonic, in ms: a wall clock that is set back must not stretch the cooldown. */
function now(): number {
  return performance.now();
}

function faultOf(pem: string): string | undefined {
  try {
    toVerificationKeys(createPublicKey(pem));
    return undefined;
  } catch (fault) {
    return (fault as Error).message;
  }
}

function warnOfKey(kid: string | undefined, fault: string): void {
  process.emitWarning(`a key of the JWKS endpoint cannot be used: ${fault}`, {
    type: 'SocketioAuthorizeWarning',
    detail: `kid: ${JSON.stringify(kid)}`,
  });
}

function tellFault(fault: unknown): void {
  log.jwks('keys could not be renewed: %s', (fault as Error).name);
}

/** Bounded in time and size: a stalling endpoint, or one without an end, must not hold the server. */
async function fetchKeys(uri: string, { timeout, requestHeaders }: Source): Promise<{ keys: unknown[] }> {
  const response = await fetch(uri, {
    headers: { accept: 'application/json', ...requestHeaders },
    signal: AbortSignal.timeout(timeout),
  });
  if (!response.ok || response.body === null)
    throw new Error(`the JWKS endpoint answered ${response.status}`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER) throw new Error('the JWKS endpoint answered too much');
  }
  const answer: unknown = JSON.parse(text);
  const keys =
    typeof answer === 'object' && answer !== null ? (answer as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) throw new Error('the JWKS endpoint answered no key set');
  return { keys: keys.filter((key) => typeof key === 'object' && key !== null) };
}

function mediaType(typ: unknown): string | undefined {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined;
}

const DURATIONS = ['timeout', 'cacheMaxAge', 'cooldown'] as const;
const NAMES: ReadonlySet<string> = new Set(['jwksUri', 'requestHeaders', 'typ', ...DURATIONS]);

function checked(options: JwksOptions): Source & Pick<JwksOptions, 'typ'> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object, got ${describe(options)}`);
  }
  const stranger = Object.keys(options).find((name) => !NAMES.has(name));
  if (stranger !== undefined) throw new TypeError(`options.${stranger} is not an option of jwksSecret()`);
  const complete = { timeout: 5_000, cacheMaxAge: 600_000, cooldown: 10_000, ...options };
  const { jwksUri, typ }: { jwksUri: unknown; typ?: unknown } = complete;
  if (typeof jwksUri !== 'string' || !/^https?:/.test(jwksUri) || !URL.canParse(jwksUri)) {
    throw new TypeError(`options.jwksUri must be an http(s) URL, got ${describe(jwksUri)}`);
  }
  const wrong = DURATIONS.find((name) => typeof complete[name] !== 'number' || !(complete[name] > 0));
  if (wrong !== undefined) {
    throw new TypeError(`options.${wrong} must be a number of ms above 0, got ${describe(complete[wrong])}`);
  }
  if (typ !== undefined && (typeof typ !== 'string' || typ === '')) {
    throw new TypeError(`options.typ must be a string that is not empty, got ${describe(typ)}`);
  }
  return complete;
}
