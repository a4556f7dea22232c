import { unauthorized, UnauthorizedError } from '../errors';
import type { AuthorizeOptions } from '../options';
import { CODES } from '../protocol';
import type { Deadlines } from '../runtime/deadlines';
import { callGuarded, isThenable, reportFaultOnce } from '../runtime/warnings';
import type { AnySocket, JwtClaims, TokenIdentity } from '../types';
import { ApplicationCalls } from './application-calls';
import { requireConsent, toApplicationRefusal, toStoreRefusal, toToldRefusal } from './application-refusals';
import { ClaimsSource } from './claims-source';
import type { ClaimsRules } from './claims-source';
import { parseKeptSession } from './permit';
import type { Permit } from './permit';
import { RateLimit } from './rate-limit';
import { expired, revokedToken } from './refusals';
import type { RevokedBy } from './refusals';
import { identityOf, userKeyOf } from './user';
import type { UserClaim } from './user';

/** The settings of admission. */
export interface AdmissionRules extends ClaimsRules {
  readonly keyTimeout: number;
  readonly limiter: AuthorizeOptions['limiter'];
  readonly clientAddress: NonNullable<AuthorizeOptions['clientAddress']>;
  readonly userClaim: UserClaim;
  readonly sameSubject: boolean;
  readonly validate: AuthorizeOptions['validate'];
  readonly additionalAuth: AuthorizeOptions['additional_auth'];
  readonly customDecoded: AuthorizeOptions['customDecoded'];
}

/** Knows which tokens are revoked. */
export interface RevocationCheck {
  /** Why a token is refused, or `undefined`. */
  isRevoked(identity: TokenIdentity): RevokedBy | undefined | PromiseLike<RevokedBy | undefined>;
}

/** The outcome of a token: a permit, or the refusal. */
export type Outcome = Permit | UnauthorizedError;

/** A token on its way to a permit. */
interface Draft {
  readonly token: string;
  readonly socket: AnySocket;
  /** The permit that it is to renew. */
  readonly renews: Permit | undefined;
  claims: JwtClaims;
  identity: TokenIdentity;
  userKey: string;
  endsAt: number;
  decoded: unknown;
  /** Set by a step that refuses without throwing. */
  refusal: UnauthorizedError | undefined;
}

/** Fills in its part of a draft, now or later. To refuse, it throws, rejects, or sets `refusal`. */
type Step = (draft: Draft) => unknown;

/**
 * Decides whether a token admits its bearer: limiter, key, signature and claims, user, the application's own checks,
 * revocation, in this order. The steps that the options ask for are listed once. With a static key and nothing to wait
 * for, a token is judged synchronously.
 */
export class Admission {
  readonly #rules: AdmissionRules;
  readonly #deadlines: Deadlines;
  readonly #revocations: RevocationCheck;
  readonly #calls: ApplicationCalls;
  readonly #claims: ClaimsSource;
  readonly #steps: readonly Step[];
  readonly #reportUserClaim = reportFaultOnce('options.userClaim');

  constructor(rules: AdmissionRules, deadlines: Deadlines, revocations: RevocationCheck) {
    this.#rules = rules;
    this.#deadlines = deadlines;
    this.#revocations = revocations;
    this.#calls = new ApplicationCalls(deadlines, rules.keyTimeout);
    this.#claims = new ClaimsSource(rules, this.#calls, deadlines);
    this.#steps = this.#toSteps(rules);
  }

  #toSteps(rules: AdmissionRules): readonly Step[] {
    const { limiter, sameSubject, validate, additionalAuth, customDecoded } = rules;
    const limit = limiter && new RateLimit(limiter, rules.clientAddress, this.#calls);
    const steps: (Step | false | undefined)[] = [
      limit && ((draft) => limit.ask(draft.socket)),
      (draft) => this.#readClaims(draft),
      (draft) => this.#readUser(draft),
      sameSubject && requireSameUser,
      validate && ((draft) => this.#ask(() => validate(draft.claims, draft.socket))),
      additionalAuth && ((draft) => this.#ask(() => askClassic(additionalAuth, draft.claims))),
      customDecoded && ((draft) => decode(customDecoded, draft)),
      (draft) => this.#askRevocations(draft),
    ];
    return steps.filter((step) => typeof step === 'function');
  }

  /**
   * @param renews the permit that the token is to renew, if there is one
   * @returns the outcome, or a promise of it that never rejects
   */
  judge(token: string, socket: AnySocket, renews?: Permit): Outcome | Promise<Outcome> {
    return this.#run(newDraft(token, socket, renews), 0);
  }

  /** Whether a kept session is still valid: its token is neither expired nor revoked. */
  async mayRestore(kept: unknown): Promise<boolean> {
    const session = parseKeptSession(kept);
    if (session === undefined || (session.expiresAt ?? Infinity) <= this.#deadlines.now()) return false;
    try {
      await this.#askRevocations(session);
      return true;
    } catch {
      // A store that fails restores nothing: Socket.IO then makes a new socket, which is pending.
      return false;
    }
  }

  /** The permit of a session that was restored; `undefined` if the application cannot decode its claims. */
  restore(kept: unknown): Permit | undefined {
    const session = parseKeptSession(kept);
    if (session === undefined) return undefined;
    const { claims, expiresAt, identity, userKey } = session;
    const { customDecoded } = this.#rules;
    let permit: Permit | undefined;
    callGuarded('options.customDecoded', () => {
      const decoded: unknown = customDecoded === undefined ? claims : customDecoded(claims);
      permit = { claims, identity, userKey, decoded, token: undefined, endsAt: expiresAt ?? Infinity };
      return decoded;
    });
    return permit;
  }

  #run(draft: Draft, first: number): Outcome | Promise<Outcome> {
    try {
      for (let index = first; index < this.#steps.length; index += 1) {
        const wait = (this.#steps[index] as Step)(draft);
        if (draft.refusal !== undefined) return draft.refusal;
        if (isThenable(wait)) {
          const goOn = (): Outcome | Promise<Outcome> => draft.refusal ?? this.#run(draft, index + 1);
          return Promise.resolve(wait).then(goOn, toApplicationRefusal);
        }
      }
      return this.#toPermit(draft);
    } catch (fault) {
      return toApplicationRefusal(fault);
    }
  }

  #toPermit({ claims, identity, userKey, decoded, token, endsAt }: Draft): Outcome {
    // The token may have expired while a step was waiting.
    if (endsAt <= this.#deadlines.now()) return expired();
    return { claims, identity, userKey, decoded, token, endsAt };
  }

  #readClaims(draft: Draft): unknown {
    const use = (outcome: JwtClaims | UnauthorizedError): void => {
      if (outcome instanceof UnauthorizedError) draft.refusal = outcome;
      else draft.decoded = draft.claims = outcome;
    };
    const outcome = this.#claims.claimsOf(draft.token, draft.socket);
    return isThenable(outcome) ? outcome.then(use) : use(outcome);
  }

  /** Runs before `validate`, which may change the claims. */
  #readUser(draft: Draft): void {
    const { claims } = draft;
    draft.endsAt = this.#rules.life.endOf(claims);
    try {
      draft.identity = identityOf(claims, this.#rules.userClaim);
    } catch (cause) {
      this.#reportUserClaim(cause);
      throw unauthorized(CODES.unknown, { cause });
    }
    draft.userKey = userKeyOf(claims, draft.identity);
  }

  #ask(call: () => unknown): unknown {
    return this.#calls.ask(call, toApplicationRefusal, requireConsent);
  }

  #askRevocations({ identity }: Pick<Draft, 'identity'>): void | PromiseLike<void> {
    return this.#calls.ask(() => this.#revocations.isRevoked(identity), toStoreRefusal, refuseIfRevoked);
  }
}

function newDraft(token: string, socket: AnySocket, renews: Permit | undefined): Draft {
  return {
    token,
    socket,
    renews,
    claims: {},
    identity: {},
    userKey: '',
    endsAt: Infinity,
    decoded: undefined,
    refusal: undefined,
  };
}

/** Strict, so that a renewal cannot add, drop or change the user. */
function requireSameUser({ userKey, renews }: Draft): void {
  if (renews !== undefined && userKey !== renews.userKey) throw unauthorized(CODES.identityMismatch);
}

function decode(customDecoded: (claims: JwtClaims) => unknown, draft: Draft): void {
  draft.decoded = customDecoded(draft.claims);
  // `decoded_token` may hold a promise; its rejection must not end the process.
  if (isThenable(draft.decoded)) callGuarded('options.customDecoded', () => draft.decoded);
}

/** Classic: only a call of `onSuccess` accepts, whatever the hook returns. */
function askClassic(
  additionalAuth: NonNullable<AdmissionRules['additionalAuth']>,
  claims: JwtClaims,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onSuccess = (...given: unknown[]): void => resolve(given[0]);
    const onError = (error: unknown, code?: unknown): void => reject(toToldRefusal(error, code));
    const result = additionalAuth(claims, onSuccess, onError);
    if (isThenable(result)) result.then(undefined, reject);
  });
}

function refuseIfRevoked(refusal: unknown): void {
  if (refusal !== undefined) throw revokedToken(refusal as RevokedBy);
}
