import type { Deadlines } from '../runtime/deadlines';
import { isThenable, reportFault } from '../runtime/warnings';
import { describe } from '../token/keys';
import { log } from '../runtime/log';
import { claimText } from '../token/user';
import { RevocationRules } from './rules';
import type { Revocation, RevocationRule, RevocationStore, TokenIdentity } from '../types';
import { SessionIndex } from './session-index';
import type { IndexedSession } from './session-index';

/** A live session that a rule can end. */
export interface RevocableSession extends IndexedSession {
  /** When it ends by itself, in ms since the epoch; `Infinity` if never. */
  readonly endsAt: number;
  /** Ends it, for reason `revoked`. */
  revoke(): void;
}

/** What revocations stand on. */
export interface RevocationContext {
  readonly deadlines: Deadlines;
  readonly store: RevocationStore | undefined;
  /** Ms that a token may live after its `iat`; `undefined` if that is not known. */
  readonly maxTokenLife: number | undefined;
  /** Ms that a token is accepted after its `exp`; `Infinity` if that is ignored. */
  readonly lifeAfterExp: number;
  /** Ms for the store to answer. */
  readonly storeTimeout: number;
  /** Tells the other nodes. */
  readonly publish: (rule: RevocationRule) => void;
}

/**
 * How long this process remembers a rule that the store has: long enough for every verification that had asked the
 * store before the rule was there.
 */
const REMEMBER_STORED = 600_000;

/**
 * Ms after which the other nodes are told once more: a broker keeps nothing for a node whose connection is broken, and
 * Redis clients come back within seconds.
 */
const REPEAT_AFTER = [1_000, 5_000, 30_000];

/** 9999-12-31: a greater number of seconds is a number of ms by mistake, and would refuse every token for good. */
const MAX_SECONDS = 253_402_300_799;

/** Which sessions must go and which tokens count no longer: here, on the other nodes, and in the store. */
export class Revocations {
  readonly #context: RevocationContext;
  readonly #rules: RevocationRules;
  readonly #index = new SessionIndex<RevocableSession>();
  /** Sessions that began while this node may not have heard the others yet. */
  #early: Set<RevocableSession> | undefined;

  constructor(context: RevocationContext) {
    this.#context = context;
    this.#rules = new RevocationRules(() => context.deadlines.now());
  }

  /** Whether a rule that this process has heard of refuses a token. */
  refuses(identity: TokenIdentity): boolean {
    return this.#rules.size > 0 && this.#rules.isRevoked(identity);
  }

  /** Whether any rule refuses a token; the store is asked only if this process knows of none. */
  isRevoked(identity: TokenIdentity): boolean | PromiseLike<boolean> {
    const { store } = this.#context;
    return this.refuses(identity) || (store !== undefined && store.isRevoked(identity));
  }

  /** Makes a live session findable. */
  register(session: RevocableSession): void {
    this.#index.add(session);
    this.#early?.add(session);
  }

  /** Forgets a session; to be called before its claims change. */
  unregister(session: RevocableSession): void {
    this.#index.delete(session);
    this.#early?.delete(session);
  }

  /**
   * Ends matching sessions everywhere, and refuses matching tokens from now on. The other nodes are told before the
   * store, and write the rule too: a node that is killed in between loses nothing that it had begun to say.
   *
   * @throws TypeError if the rule is none; the store's error if it failed (local sessions are ended all the same)
   */
  async revoke(revocation: Revocation): Promise<void> {
    const rule = this.#toRule(revocation);
    this.#apply(rule);
    this.#context.publish(rule);
    for (const delay of REPEAT_AFTER) this.#context.deadlines.after(delay, () => this.#context.publish(rule));
    if (this.#context.store === undefined) return;
    await this.#keep(rule);
    // Once more for a node that let the token in between: it had asked the store before the rule was there.
    this.#context.publish(rule);
  }

  /** Takes a rule that another node has told. */
  receive(rule: RevocationRule): void {
    const isNews = this.#apply(rule);
    if (!isNews || this.#context.store === undefined) return;
    this.#keep(rule).catch(reportStore);
  }

  /**
   * To be called when this node begins to listen to others. What it lets in before the adapter has subscribed may have
   * been revoked unheard, so it is looked up in the store once more.
   */
  recheckEarlySessions(): void {
    const { store, deadlines, storeTimeout } = this.#context;
    if (store === undefined || this.#early !== undefined) return;
    const early = (this.#early = new Set());
    deadlines.after(storeTimeout, () => {
      this.#early = undefined;
      for (const session of early) this.#recheck(session, store);
    });
  }

  #recheck(session: RevocableSession, store: RevocationStore): void {
    const { identity } = session;
    const endIfSo = (revoked: boolean): void => {
      if (revoked && session.identity === identity) session.revoke();
    };
    try {
      const answer = store.isRevoked(identity);
      if (isThenable(answer)) answer.then(endIfSo as (value: unknown) => void).then(undefined, reportStore);
      else endIfSo(answer);
    } catch (fault) {
      reportStore(fault);
    }
  }

  /** @returns whether the rule was not known yet */
  #apply(rule: RevocationRule): boolean {
    const isNews = this.#rules.add(this.#toLocal(rule));
    const sessions = this.#index.find(rule);
    log.revocation('a rule for a %s ends %d sessions', 'jti' in rule ? 'jti' : 'sub', sessions.length);
    for (const session of sessions) session.revoke();
    return isNews;
  }

  #toLocal(rule: RevocationRule): RevocationRule {
    if (this.#context.store === undefined) return rule;
    const expiresAt = this.#context.deadlines.now() + REMEMBER_STORED;
    return { ...rule, expiresAt: Math.min(expiresAt, rule.expiresAt ?? Infinity) };
  }

  async #keep(rule: RevocationRule): Promise<void> {
    const { store, deadlines, storeTimeout } = this.#context;
    try {
      await new Promise<unknown>((resolve, reject) => {
        const cancel = deadlines.after(storeTimeout, () =>
          reject(new Error('the revocation store did not answer')),
        );
        Promise.resolve(store?.add(rule)).then(resolve, reject).finally(cancel);
      });
    } catch (fault) {
      // The store does not have it, so this process remembers it for good.
      this.#rules.add(rule);
      throw fault;
    }
  }

  #toRule(revocation: Revocation): RevocationRule {
    const { jti, sub, exp, issuedBefore, ...others } = (revocation ?? {}) as Record<string, unknown>;
    if ((jti === undefined) === (sub === undefined) || Object.keys(others).length > 0) {
      throw new TypeError('revoke() takes { jti, exp? } or { sub, issuedBefore?, exp? }');
    }
    const now = this.#context.deadlines.now();
    const end = exp === undefined ? undefined : this.#endAfter(toSeconds('exp', exp));
    if (jti !== undefined) {
      if (issuedBefore !== undefined)
        throw new TypeError('revoke() takes issuedBefore with sub, not with jti');
      const text = toText('jti', jti);
      return { jti: text, expiresAt: end ?? this.#endOf(text) ?? this.#lifeFrom(now) };
    }
    // Without a moment: everything up to and including this second, since `iat` tells no more.
    const before =
      issuedBefore === undefined ? Math.floor(now / 1000) + 1 : toSeconds('issuedBefore', issuedBefore);
    return { sub: toText('sub', sub), issuedBefore: before, expiresAt: end ?? this.#lifeFrom(before * 1000) };
  }

  /** When a token expires that a session here was opened with. */
  #endOf(jti: string): number | undefined {
    const ends = this.#index.find({ jti, expiresAt: null }).map(({ endsAt }) => endsAt);
    return ends.length === 0 ? undefined : finite(Math.max(...ends));
  }

  #endAfter(exp: number): number | undefined {
    return finite(exp * 1000 + this.#context.lifeAfterExp);
  }

  #lifeFrom(issuedAt: number): number | null {
    const { maxTokenLife } = this.#context;
    return maxTokenLife === undefined ? null : issuedAt + maxTokenLife;
  }
}

function finite(moment: number): number | undefined {
  return moment === Infinity ? undefined : moment;
}

function reportStore(fault: unknown): void {
  reportFault('the revocation store', fault);
}

/** Reads a rule that came from another node; `undefined` if it is none. */
export function parseRule(value: unknown): RevocationRule | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { jti, sub, issuedBefore, expiresAt } = value as Record<string, unknown>;
  if (expiresAt !== null && typeof expiresAt !== 'number') return undefined;
  if (typeof jti === 'string') return { jti, expiresAt };
  return typeof sub === 'string' && typeof issuedBefore === 'number'
    ? { sub, issuedBefore, expiresAt }
    : undefined;
}

function toText(name: string, value: unknown): string {
  const text = claimText(value);
  if (text === undefined)
    throw new TypeError(`revoke(): ${name} must be a string that is not empty, got ${describe(value)}`);
  return text;
}

function toSeconds(name: string, value: unknown): number {
  const seconds = value instanceof Date ? value.getTime() / 1000 : value;
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_SECONDS) return seconds;
  throw new TypeError(`revoke(): ${name} must be a Date or a number of seconds, got ${describe(value)}`);
}
