import type { Deadlines } from '../runtime/deadlines';
import { unauthorized, UnauthorizedError } from '../errors';
import { callGuarded, isThenable } from '../runtime/warnings';
import { KeyCache } from './key-cache';
import type { VerificationKey } from './keys';
import type { KeyFunction, Limiter } from '../options';
import type { Permit } from './permit';
import { CODES, REASONS } from '../protocol';
import type { Revocations } from '../revocation/revocations';
import type { Settings } from '../authorizer/settings';
import type { AnySocket, JwtClaims, SocketAuth, TokenIdentity } from '../types';
import { identityOf, userKeyOf } from './user';
import { decodeUnverified, expired } from './verifier';

/** What comes of a token: a permit, or why not. */
export type Outcome = Permit | UnauthorizedError;

/** A token on its way to a permit. */
interface Draft {
  readonly token: string;
  readonly socket: AnySocket;
  /** The permit that it is to renew. */
  readonly renews: Permit | undefined;
  keys: readonly VerificationKey[];
  claims: JwtClaims;
  identity: TokenIdentity;
  userKey: string;
  decoded: unknown;
  /** Set by a step that refuses without a throw. */
  refusal: UnauthorizedError | undefined;
}

/** Fills in its part of a draft, at once or later; throws, rejects, or leaves a refusal to refuse. */
type Step = (draft: Draft) => unknown;

/**
 * Whether a token lets its bearer in: limiter, key, signature and claims, subject, the application's own say,
 * revocation, in this order. The steps that the options ask for are put together once; with a static key and nothing
 * to wait for, a token is judged in one go.
 */
export class Admission {
  readonly #settings: Settings;
  readonly #deadlines: Deadlines;
  readonly #revocations: Revocations;
  readonly #steps: readonly Step[];
  readonly #keyCache = new KeyCache();

  constructor(settings: Settings, deadlines: Deadlines, revocations: Revocations) {
    this.#settings = settings;
    this.#deadlines = deadlines;
    this.#revocations = revocations;
    const { keySource, limiter, sameSubject, validate, additionalAuth, customDecoded } = settings;
    const steps: (Step | false | undefined)[] = [
      limiter && ((draft) => this.#askLimiter(limiter, draft)),
      'find' in keySource && ((draft) => this.#findKeys(keySource.find, draft)),
      (draft) => this.#verify(draft),
      sameSubject && requireSameSubject,
      validate && ((draft) => this.#ask(() => validate(draft.claims, draft.socket))),
      additionalAuth && ((draft) => this.#ask(() => askClassic(additionalAuth, draft.claims))),
      customDecoded && ((draft) => this.#decode(customDecoded, draft)),
      (draft) => this.#askRevocations(draft),
    ];
    this.#steps = steps.filter((step) => typeof step === 'function');
  }

  /**
   * @param renews the permit that the token is to renew, if there is one
   * @returns the outcome, or a promise of it that never rejects
   */
  judge(token: string, socket: AnySocket, renews?: Permit): Outcome | Promise<Outcome> {
    const { keySource } = this.#settings;
    const keys = 'keys' in keySource ? keySource.keys : [];
    const nothing = { claims: {}, identity: {}, userKey: '', decoded: undefined, refusal: undefined };
    return this.#run({ token, socket, renews, keys, ...nothing }, 0);
  }

  /** Whether what was kept of a dropped session still holds: its token is neither expired nor revoked. */
  async mayRestore(kept: Partial<SocketAuth>): Promise<boolean> {
    const { claims, expiresAt } = kept;
    if (typeof claims !== 'object' || claims === null) return false;
    if (expiresAt !== null && !(typeof expiresAt === 'number' && expiresAt > this.#deadlines.now()))
      return false;
    // A store that fails restores nothing: Socket.IO then makes a new socket, which is pending.
    const identity = identityOf(claims, this.#settings.userClaim);
    return (await this.#within(() => this.#revocations.isRevoked(identity), toStoreRefusal)) === false;
  }

  /** The permit of a session that was restored; none if the application cannot decode its claims. */
  restore({ claims, expiresAt }: SocketAuth): Permit | undefined {
    const { customDecoded } = this.#settings;
    let permit: Permit | undefined;
    callGuarded('options.customDecoded', () => {
      const decoded: unknown = customDecoded === undefined ? claims : customDecoded(claims);
      const identity = identityOf(claims, this.#settings.userClaim);
      const userKey = userKeyOf(claims, identity);
      permit = { claims, identity, userKey, decoded, token: undefined, endsAt: expiresAt ?? Infinity };
    });
    return permit;
  }

  #run(draft: Draft, first: number): Outcome | Promise<Outcome> {
    try {
      for (let index = first; index < this.#steps.length; index += 1) {
        const wait = (this.#steps[index] as Step)(draft);
        if (draft.refusal !== undefined) return draft.refusal;
        if (isThenable(wait)) {
          return Promise.resolve(wait).then(() => this.#run(draft, index + 1), toRefusal);
        }
      }
      return this.#toPermit(draft);
    } catch (fault) {
      return toRefusal(fault);
    }
  }

  #toPermit({ claims, identity, userKey, decoded, token }: Draft): Outcome {
    const endsAt = this.#settings.verifier.endOf(claims);
    // What was waited for may have outlasted the token.
    if (endsAt <= this.#deadlines.now()) return expired();
    return { claims, identity, userKey, decoded, token, endsAt };
  }

  #askLimiter(limiter: Limiter, { socket }: Draft): unknown {
    return this.#within(() => limiter.consume(this.#settings.clientAddress(socket)), toRateLimited);
  }

  #findKeys(find: KeyFunction, draft: Draft): unknown {
    const unverified = decodeUnverified(draft.token);
    const found = this.#within(() => callKeyFunction(find, unverified, draft.socket), toKeyRefusal);
    const use = (material: unknown): void => {
      draft.keys = this.#toKeys(material);
    };
    if (isThenable(found)) return found.then(use);
    use(found);
    return undefined;
  }

  #toKeys(material: unknown): readonly VerificationKey[] {
    try {
      return this.#keyCache.resolve(material);
    } catch (cause) {
      throw toKeyRefusal(cause);
    }
  }

  #verify(draft: Draft): void {
    const outcome = this.#settings.verifier.verify(draft.token, draft.keys);
    if (outcome instanceof UnauthorizedError) {
      draft.refusal = outcome;
      return;
    }
    draft.decoded = draft.claims = outcome;
    draft.identity = identityOf(outcome, this.#settings.userClaim);
    draft.userKey = userKeyOf(outcome, draft.identity);
  }

  #decode(customDecoded: (claims: JwtClaims) => unknown, draft: Draft): void {
    try {
      draft.decoded = customDecoded(draft.claims);
    } catch (cause) {
      throw toApplicationRefusal(cause);
    }
  }

  #ask(call: () => unknown): unknown {
    return this.#within(call, toApplicationRefusal);
  }

  #askRevocations({ identity }: Draft): unknown {
    const answer = this.#within(() => this.#revocations.isRevoked(identity), toStoreRefusal);
    if (isThenable(answer)) return answer.then(refuseIfRevoked);
    refuseIfRevoked(answer);
    return undefined;
  }

  /** Calls what the application brought; a throw, a rejection, or silence past `keyTimeout` becomes a refusal. */
  #within(call: () => unknown, toError: (fault: unknown) => UnauthorizedError): unknown {
    let answer: unknown;
    try {
      answer = call();
    } catch (fault) {
      throw toError(fault);
    }
    if (!isThenable(answer)) return answer;
    return new Promise((resolve, reject) => {
      const cancel = this.#deadlines.after(this.#settings.keyTimeout, () => reject(toError(undefined)));
      Promise.resolve(answer).then(
        (value) => {
          cancel();
          resolve(value);
        },
        (fault: unknown) => {
          cancel();
          reject(toError(fault));
        },
      );
    });
  }
}

/** Strict, so that a renewal cannot add, drop or change the user. */
function requireSameSubject({ userKey, renews }: Draft): void {
  if (renews !== undefined && userKey !== renews.userKey) throw unauthorized(CODES.identityMismatch);
}

/** The classic forms have three or four parameters, and answer by callback; whichever answer comes first counts. */
function callKeyFunction(
  find: KeyFunction,
  { header, payload }: ReturnType<typeof decodeUnverified>,
  socket: AnySocket,
): unknown {
  const call = find as (...args: unknown[]) => unknown;
  if (call.length < 3) return call({ header, payload }, socket);
  return new Promise((resolve, reject) => {
    const callback = (error: unknown, key: unknown): void => {
      if (error) reject(error);
      else resolve(key);
    };
    const given = call.length === 3 ? [payload, callback] : [header, payload, callback];
    const result = call(socket.request, ...given);
    if (isThenable(result)) result.then(undefined, reject);
  });
}

/** What is handed to `onError` is meant for the client, as in socketio-jwt; what is thrown is not. */
function askClassic(
  additionalAuth: NonNullable<Settings['additionalAuth']>,
  claims: JwtClaims,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: unknown, code?: unknown): void => reject(toToldRefusal(error, code));
    const result = additionalAuth(claims, () => resolve(), onError);
    if (isThenable(result)) result.then(undefined, reject);
  });
}

function toToldRefusal(error: unknown, code: unknown): UnauthorizedError {
  if (error instanceof UnauthorizedError) return error;
  const told: unknown =
    typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error;
  return unauthorized(typeof code === 'string' && code !== '' ? code : CODES.unknown, {
    ...(typeof told === 'string' && { message: told }),
  });
}

function refuseIfRevoked(revoked: unknown): void {
  // Anything but a clear no keeps the token out.
  if (revoked !== false) throw revokedToken();
}

/** A token that a rule refuses. */
export function revokedToken(): UnauthorizedError {
  return unauthorized(CODES.invalidToken, { message: 'jwt revoked', reason: REASONS.revoked });
}

function toKeyRefusal(cause: unknown): UnauthorizedError {
  if (cause instanceof UnauthorizedError) return cause;
  return unauthorized(CODES.invalidSecret, { reason: REASONS.keyUnavailable, cause });
}

function toApplicationRefusal(cause: unknown): UnauthorizedError {
  return cause instanceof UnauthorizedError ? cause : unauthorized(CODES.unknown, { cause });
}

function toStoreRefusal(cause: unknown): UnauthorizedError {
  return unauthorized(CODES.revocationUnavailable, { cause });
}

/** `rate-limiter-flexible` rejects with how long to wait; a limiter that fails lets nobody in either. */
function toRateLimited(cause: unknown): UnauthorizedError {
  const wait = (cause as { msBeforeNext?: unknown } | undefined)?.msBeforeNext;
  return unauthorized(CODES.rateLimited, {
    cause,
    ...(Number.isFinite(wait) && { retryAfter: Math.max(0, Math.ceil(wait as number)) }),
  });
}

function toRefusal(fault: unknown): UnauthorizedError {
  return fault instanceof UnauthorizedError ? fault : unauthorized(CODES.unknown, { cause: fault });
}
