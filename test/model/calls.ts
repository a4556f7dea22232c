/** The application's functions that a token waits for, and what they answer. */
import type { Scheduler } from 'fast-check';
import type { RevocationRule, RevocationStore, TokenIdentity } from '../../lib';
import type { ModelSocket } from './application';
import type { TokenKind } from './setup';
import type { Refusal, Token } from './terms';
import { INVALID, MISMATCH } from './terms';

/** A token as the tests make it: what each function will say of it is written on it. */
export interface TestToken extends Token {
  readonly sid: string;
  /** Seconds. */
  readonly iat: number;
  readonly verify: 'good' | 'bad' | 'down';
  readonly validate: 'good' | 'bad';
  readonly store: 'good' | 'down';
}

export type Kind = 'verify' | 'validate' | 'store';
export type Slow = Readonly<Record<Kind | 'add' | 'use', boolean>>;

/** What is known of one token's judgement. */
interface Judgement {
  refusal: Refusal;
  isStoreAsked: boolean;
  /** How long each function may be silent. What the library asks the store about its answer is one question with it. */
  readonly until: Partial<Record<Kind, number>>;
}

export const KEY_TIMEOUT = 8_007;
const BY_SILENCE: Record<Kind, Refusal> = {
  verify: { code: 'invalid_secret', isFailure: false },
  validate: { code: 'unknown', isFailure: true },
  store: { code: 'revocation_unavailable', isFailure: false },
};

export class Calls implements RevocationStore {
  readonly tokens = new Map<string, TestToken>();
  readonly stored: RevocationRule[] = [];
  /** Messages that are through the middleware. */
  readonly passed = new Set<number>();
  readonly #waiting = new Map<string, { readonly kind: Kind; readonly until: number }>();
  readonly #judgements = new Map<string, Judgement>();
  #adding = 0;

  constructor(
    readonly scheduler: Scheduler,
    readonly slow: Slow,
    readonly sameSubject: boolean,
    /** Runs after each answer, until nothing moves any more. */
    readonly afterAnswer: () => Promise<void>,
  ) {}

  /** Makes a token. */
  issue(id: string, { life, ...kind }: TokenKind): TestToken {
    const iat = Math.floor(Date.now() / 1000);
    const token = { ...kind, id, iat, exp: life === Infinity ? Infinity : (iat + life) * 1000 };
    this.tokens.set(id, token);
    return token;
  }

  /** The judgement of a token begins. */
  expect(token: Token): void {
    this.#judgements.set(token.id, { refusal: undefined, isStoreAsked: false, until: {} });
  }

  isWaiting(token: Token): boolean {
    return this.#waiting.has(token.id);
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.#adding === 0;
  }

  /** What the functions have said; if the store was not asked, a rule in the process has refused the token. */
  judgement({ id, exp }: Token, now: number): Refusal {
    const { refusal, isStoreAsked } = this.#judgements.get(id) as Judgement;
    return refusal ?? (isStoreAsked && exp > now ? undefined : INVALID);
  }

  /** Whether the store was asked about a kept session, and had nothing against it. */
  isRestorable({ id }: Token): boolean {
    const { refusal, isStoreAsked } = this.#judgements.get(id) as Judgement;
    return isStoreAsked && refusal === undefined;
  }

  /** Functions that are silent for too long refuse. */
  advance(now: number): void {
    for (const [id, { kind, until }] of this.#waiting) {
      if (until > now) continue;
      this.#waiting.delete(id);
      (this.#judgements.get(id) as Judgement).refusal = BY_SILENCE[kind];
    }
  }

  verify = (text: string, { decoded_token: current }: ModelSocket): unknown => {
    const token = this.tokens.get(text) as TestToken;
    const isOther = this.sameSubject && current !== undefined && current.sub !== token.sub;
    return this.#ask('verify', token.id, (judgement) => {
      judgement.refusal = ofVerify(token) ?? (token.exp <= Date.now() ? INVALID : undefined);
      if (token.verify === 'bad') throw new Error('no such token');
      if (token.verify === 'down') throw Object.assign(new Error('no answer'), { name: 'AbortError' });
      if (isOther) judgement.refusal ??= MISMATCH;
      const { sub, sid, iat, scopes } = token;
      const claims = { jti: token.id, sub, sid, iat, scope: scopes.join(' ') };
      return token.exp === Infinity ? claims : { ...claims, exp: token.exp / 1000 };
    });
  };

  validate = ({ jti }: { jti?: string }): unknown =>
    this.#ask('validate', jti as string, (judgement) => {
      if (this.tokens.get(jti as string)?.validate === 'good') return true;
      judgement.refusal = { code: 'unknown', isFailure: true };
      return false;
    });

  isRevoked(identity: TokenIdentity): boolean | Promise<boolean> {
    const id = identity.jti as string;
    const judgement = this.#judgements.get(id) as Judgement;
    judgement.isStoreAsked = true;
    return this.#ask('store', id, () => {
      if (this.tokens.get(id)?.store === 'down') {
        judgement.refusal = { code: 'revocation_unavailable', isFailure: false };
        throw new Error('the store is down');
      }
      const isRevoked = this.stored.some((rule) => names(rule, identity));
      if (isRevoked) judgement.refusal = INVALID;
      return isRevoked;
    }) as boolean | Promise<boolean>;
  }

  add(rule: RevocationRule): unknown {
    if (!this.slow.add) return this.stored.push(rule);
    this.#adding += 1;
    return this.#wait('add').then(() => {
      this.#adding -= 1;
      return this.stored.push(rule);
    });
  }

  /** The application's `socket.use`. */
  use = ([, id]: readonly unknown[], next: () => void): void => {
    const pass = (): void => {
      this.passed.add(id as number);
      next();
    };
    if (this.slow.use) void this.#wait(`use ${String(id)}`).then(pass);
    else pass();
  };

  /** Answers now, or when the scheduler says so. */
  #ask(kind: Kind, id: string, answer: (judgement: Judgement) => unknown): unknown {
    const judgement = this.#judgements.get(id) as Judgement;
    if (!this.slow[kind]) return answer(judgement);
    const until = (judgement.until[kind] ??= Date.now() + KEY_TIMEOUT);
    const call = { kind, until };
    this.#waiting.set(id, call);
    return this.#wait(`${kind} ${id}`).then(() => {
      // Too late: nobody waits any more.
      if (this.#waiting.get(id) !== call) return false;
      this.#waiting.delete(id);
      return answer(judgement);
    });
  }

  #wait(label: string): Promise<unknown> {
    return this.scheduler.schedule(Promise.resolve(), label, undefined, async (release) => {
      await release();
      await this.afterAnswer();
    });
  }
}

function ofVerify({ verify }: TestToken): Refusal {
  if (verify === 'good') return undefined;
  return verify === 'bad' ? INVALID : BY_SILENCE.verify;
}

/** Whether a rule is for a token: for a user, up to a moment. */
export function names(rule: RevocationRule, identity: TokenIdentity & { iat?: number }): boolean {
  if ('jti' in rule) return rule.jti === identity.jti;
  if ('sid' in rule) return rule.sid === identity.sid;
  return rule.sub === identity.sub && (identity.iat ?? 0) < rule.issuedBefore;
}

/** What rules are compared with. */
export function identityOf({ id, sub, sid, iat }: TestToken): {
  jti: string;
  sub: string;
  sid: string;
  iat: number;
} {
  return { jti: id, sub, sid, iat };
}
