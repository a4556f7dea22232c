/** How a world is set up: the options that differ from run to run, and those that do not. */
import type { AuthorizeOptions } from '../../lib';
import { KEY_TIMEOUT } from './calls';
import type { Calls, Slow, TestToken } from './calls';
import type { Rules } from './terms';

export interface Setup {
  readonly isShared: boolean;
  readonly canRecover: boolean;
  readonly slow: Slow;
  readonly rules: Rules;
}

/** What a client shows, without its id. */
export type TokenKind = Pick<TestToken, 'sub' | 'sid' | 'scopes' | 'verify' | 'validate' | 'store'> & {
  /** Seconds; `Infinity` for a token without end. */
  readonly life: number;
};

/** No two kinds of deadline fall on one moment: tokens end on a whole second, steps are a quarter of one. */
export const STEP = 250;
export const TIMEOUT = 5_003;
export const GRACE = 2_011;
export const START = 1_800_000_000_000;

/** The library's options. */
export function optionsOf({ rules, isShared }: Setup, calls: Calls): Partial<AuthorizeOptions> {
  const { maxAttempts, mustLogIn, holdEvents, sameSubject, onExpired } = rules;
  const scope = isShared ? 'connection' : 'namespace';
  const { verify, validate } = calls;
  const own = { verify, validate, revocation: calls, timeout: TIMEOUT, keyTimeout: KEY_TIMEOUT };
  return { ...own, scope, maxAttempts, required: mustLogIn, holdEvents, sameSubject, onExpired } as never;
}
