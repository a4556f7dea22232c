import type { UnauthorizedError } from '../errors';
import type { KeyFunction, VerifyFunction } from '../options';
import type { Deadlines } from '../runtime/deadlines';
import { isPlainObject } from '../runtime/plain-object';
import type { AnySocket, JwtClaims } from '../types';
import type { ApplicationCalls } from './application-calls';
import { rejected, toKeyRefusal, toVerifierRefusal } from './application-refusals';
import { callKeyFunction } from './key-function';
import type { KeySource } from './key-function';
import { KeyCache } from './key-cache';
import type { VerificationKey } from './keys';
import type { TokenLife } from './token-life';
import { decodeUnverified } from './verifier';
import type { TokenVerifier } from './verifier';

/** The settings of verification. */
export interface ClaimsRules {
  readonly keySource: KeySource;
  readonly verifier: TokenVerifier;
  readonly life: TokenLife;
}

/** The claims of a token, or why it is refused. */
export type Verified = JwtClaims | UnauthorizedError;

/** Verifies tokens: with static keys, with keys that a function finds, or with the application's own verifier. */
export class ClaimsSource {
  readonly #rules: ClaimsRules;
  readonly #calls: ApplicationCalls;
  readonly #deadlines: Pick<Deadlines, 'now'>;
  readonly #keyCache = new KeyCache();

  constructor(rules: ClaimsRules, calls: ApplicationCalls, deadlines: Pick<Deadlines, 'now'>) {
    this.#rules = rules;
    this.#calls = calls;
    this.#deadlines = deadlines;
  }

  /**
   * @returns the claims or a refusal, or a promise of it
   * @throws UnauthorizedError a refusal, too, now or by the promise
   */
  claimsOf(token: string, socket: AnySocket): Verified | PromiseLike<Verified> {
    const { keySource, verifier } = this.#rules;
    if ('keys' in keySource) return verifier.verify(token, keySource.keys);
    return 'find' in keySource
      ? this.#findKeys(keySource.find, token, socket)
      : this.#askVerifier(keySource.verify, token, socket);
  }

  #findKeys(find: KeyFunction, token: string, socket: AnySocket): Verified | PromiseLike<Verified> {
    const unverified = decodeUnverified(token);
    return this.#calls.ask(
      () => callKeyFunction(find, unverified, socket),
      toKeyRefusal,
      (material) => this.#rules.verifier.verify(token, this.#toKeys(material)),
    );
  }

  #toKeys(material: unknown): readonly VerificationKey[] {
    try {
      return this.#keyCache.resolve(material);
    } catch (cause) {
      throw toKeyRefusal(cause);
    }
  }

  #askVerifier(verify: VerifyFunction, token: string, socket: AnySocket): Verified | PromiseLike<Verified> {
    return this.#calls.ask(
      () => verify(token, socket),
      toVerifierRefusal,
      (answer) => {
        const claims = toClaims(answer);
        return this.#rules.life.judge(claims, this.#deadlines.now()) ?? claims;
      },
    );
  }
}

/**
 * Copies the claims as JSON: the application may keep and change what `verify` returned, and `socket.data` travels as
 * JSON.
 *
 * @throws UnauthorizedError for anything that holds no claims: JSON makes `{}` of an Error, a Map, or fetch's Response
 */
function toClaims(answer: unknown): JwtClaims {
  if (answer instanceof Error) throw toVerifierRefusal(answer);
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(answer));
  } catch (cause) {
    throw rejected(cause);
  }
  if (!isObject(copy) || Array.isArray(copy)) throw noClaims('no object');
  if (Object.keys(copy).length === 0 && !isPlainObject(answer))
    throw noClaims('an object without members of its own');
  // Its `exp` would not be checked.
  if (isObject(copy.payload) && isObject(copy.protectedHeader))
    throw noClaims("jose's result, not its payload");
  return copy;
}

function noClaims(what: string): UnauthorizedError {
  return rejected(new TypeError(`options.verify must return the claims, but returned ${what}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
