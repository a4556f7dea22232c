import { randomUUID } from 'node:crypto';
import { log } from '../runtime/log';
import type { Deadlines } from '../runtime/deadlines';
import type { Revocation, RevocationRule, RevocationStore, TokenIdentity } from '../types';
import { GracePeriods } from './grace';
import { parseRevocation } from './parse-revocation';
import type { ParsedRevocation } from './parse-revocation';
import { endSessions } from './revocable-session';
import type { RevocableSession } from './revocable-session';
import { targetOf } from './rule-keys';
import { expiryOf } from './rule-life';
import type { TokenLife } from './rule-life';
import { fromMessage, toMessage } from './rule-messages';
import type { RuleMessage } from './rule-messages';
import { Recheck } from './recheck';
import { reportStore, RuleStore } from './rule-store';
import { refusalBy, RevocationRules } from './rules';
import type { RevocationRefusal } from './rules';
import { SessionIndex } from './session-index';

/** What {@link Revocations} needs. */
export interface RevocationContext extends TokenLife {
  readonly deadlines: Deadlines;
  readonly store: RevocationStore | undefined;
  /** Ms for the store to answer. */
  readonly storeTimeout: number;
  /** Ms between two reads of the store for rules that this node has not received; 0: never. */
  readonly recheckInterval: number;
  /** Tells the other nodes. */
  readonly publish: (message: RuleMessage) => void;
}

type Refusal = RevocationRefusal | undefined;

/**
 * How long this process remembers a stored rule, in ms: long enough for every verification that asked the store before
 * the rule was added.
 */
const REMEMBER_STORED = 600_000;

/** Ends sessions and refuses tokens by rules: here, on the other nodes, and in the store. */
export class Revocations {
  readonly #context: RevocationContext;
  readonly #rules: RevocationRules;
  readonly #sessions = new SessionIndex<RevocableSession>();
  readonly #grace: GracePeriods;
  readonly #store: RuleStore | undefined;
  /** Looks for rules that this node has not received. */
  readonly #recheck: Recheck | undefined;
  #isClosed = false;

  /** @throws TypeError if another store holds the same client and prefix */
  constructor(context: RevocationContext) {
    const { deadlines, store, storeTimeout, recheckInterval } = context;
    this.#context = context;
    this.#rules = new RevocationRules(deadlines);
    this.#grace = new GracePeriods(deadlines);
    if (store === undefined) return;
    this.#store = new RuleStore(store, context, deadlines, storeTimeout);
    if (recheckInterval > 0) this.#recheck = this.#recheckOf(this.#store);
  }

  /** Call it when this node starts to accept clients. A second call does nothing. */
  start(): void {
    if (!this.#isClosed) this.#recheck?.start();
  }

  /** Stops all timers, and releases the store. Sessions stay as they are. */
  close(): void {
    this.#isClosed = true;
    this.#recheck?.stop();
    this.#grace.close();
    this.#store?.release();
  }

  /** Why a rule in this process refuses a token; `undefined` if none does. */
  refuses(identity: TokenIdentity): Refusal {
    return this.#rules.refusalOf(identity);
  }

  /** Why any rule refuses a token. The store is asked only if no rule in this process does. */
  isRevoked(identity: TokenIdentity): Refusal | PromiseLike<Refusal> {
    return this.refuses(identity) ?? this.#store?.refusalOf(identity);
  }

  /** Makes a live session findable: after its login, and after each renewal. */
  register(session: RevocableSession): void {
    this.#sessions.add(session, this.#context.deadlines.now());
  }

  /** Forgets a session that ends or renews. Call it before its identity changes. */
  unregister(session: RevocableSession): void {
    this.#sessions.delete(session);
    this.#grace.forget(session);
  }

  /**
   * Ends matching sessions everywhere, and refuses matching tokens from now on. The other nodes are told before the
   * store, and write the rule too: if this node is killed in between, the rule is not lost.
   *
   * @returns for a user, the first second whose tokens (by `iat`) are accepted
   * @throws TypeError if the rule is none; the store's error if it failed (local sessions are ended all the same)
   */
  async revoke(revocation: Revocation): Promise<{ issuedBefore?: number }> {
    const rule = this.#toRule(parseRevocation(revocation));
    const warned = this.#apply(rule, Infinity);
    this.#context.publish(toMessage(rule, this.#context.deadlines.now()));
    await this.#keep(rule);
    await warned;
    return 'issuedBefore' in rule ? { issuedBefore: rule.issuedBefore } : {};
  }

  /** Takes a message of another node. Ignores anything that is no rule. */
  receive(message: unknown): void {
    const rule = fromMessage(message, this.#context.deadlines.now());
    if (rule === undefined) return;
    void this.#apply(rule, Infinity);
    this.#keep(rule).catch(reportStore);
  }

  /**
   * @param until if the rule is for every session of a user: those that began until then, in ms since the epoch
   * @returns a promise that resolves once sessions with a grace period are warned
   */
  async #apply(rule: RevocationRule, until: number): Promise<void> {
    this.#rules.add(this.#toLocal(rule));
    const { kind } = targetOf(rule);
    const sessions = this.#sessions.find(rule, until);
    log.revocation('a rule for a %s ends %d sessions', kind, sessions.length);
    // After `close()` nothing would end the sessions later, so they end now.
    if ('sub' in rule && rule.graceUntil !== undefined && !this.#isClosed) {
      await this.#grace.begin(sessions, rule.issuedBefore * 1000, rule.graceUntil);
    } else {
      endSessions(sessions, refusalBy(kind));
    }
  }

  #toLocal(rule: RevocationRule): RevocationRule {
    if (this.#store === undefined) return rule;
    const expiresAt = this.#context.deadlines.now() + REMEMBER_STORED;
    return { ...rule, expiresAt: Math.min(expiresAt, rule.expiresAt ?? Infinity) };
  }

  async #keep(rule: RevocationRule): Promise<void> {
    try {
      await this.#store?.add(rule);
    } catch (fault) {
      // The store does not have the rule, so this process remembers it for its whole life.
      this.#rules.add(rule);
      throw fault;
    }
  }

  #toRule(parsed: ParsedRevocation): RevocationRule {
    const { kind, value, iss, issuedBefore, grace } = parsed;
    const now = this.#context.deadlines.now();
    // Up to and including this second, because `iat` is in whole seconds.
    const limit = issuedBefore ?? Math.floor(now / 1000) + 1;
    const ofIssuer = iss !== undefined && { iss };
    const knownEnd = kind === 'jti' ? this.#endOf({ jti: value, ...ofIssuer, expiresAt: null }) : Infinity;
    const common = {
      id: randomUUID(),
      ...ofIssuer,
      expiresAt: expiryOf(parsed, this.#store?.lives ?? [this.#context], now, knownEnd),
    };
    if (kind === 'jti') return { ...common, jti: value };
    if (kind === 'sid') return { ...common, sid: value };
    return {
      ...common,
      sub: value,
      issuedBefore: limit,
      ...(issuedBefore === undefined && { revokedAt: now }),
      ...(grace !== undefined && { graceUntil: now + grace }),
    };
  }

  /** When the tokens that a rule by `jti` names end, as far as sessions here have them; `Infinity` if none has. */
  #endOf(rule: RevocationRule): number {
    const ends = this.#sessions.find(rule, 0).map(({ endsAt }) => endsAt);
    return ends.length === 0 ? Infinity : Math.max(...ends);
  }

  #recheckOf(store: RuleStore): Recheck {
    const { deadlines, recheckInterval: interval } = this.#context;
    return new Recheck({
      deadlines,
      store,
      interval,
      sessions: this.#sessions,
      hasGrace: (session) => this.#grace.has(session),
      onRule: (rule) => void this.#apply(rule, ('sub' in rule && rule.revokedAt) || 0),
    });
  }
}
