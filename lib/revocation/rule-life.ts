import { MAX_SECONDS_AHEAD } from '../token/token-life';
import type { ParsedRevocation } from './parse-revocation';

/** How long tokens are accepted. */
export interface TokenLife {
  /** Ms that a token may live after its `iat`, tolerance included; `undefined` if that is not known. */
  readonly maxTokenLife: number | undefined;
  /** Ms that a token is accepted after its `exp`; `Infinity` if that is ignored. */
  readonly lifeAfterExp: number;
}

/**
 * When a rule can be forgotten, in ms since the epoch: when the last token that it refuses expires for every authorizer
 * that shares the rule; `null` if that is not known. Not before now: under `onExpired: 'ignore'` sessions outlive their
 * tokens, and a store that forgets the rule at once would not hand it to the nodes that no broadcast has reached.
 *
 * @param lives of all these authorizers, at least one
 * @param now ms since the epoch
 * @param knownEnd when the token of a live session ends; `Infinity` if never or not known
 */
export function expiryOf(
  parsed: ParsedRevocation,
  lives: readonly TokenLife[],
  now: number,
  knownEnd: number,
): number | null {
  // For another authorizer, the token of that session may live longer.
  const isCommon = lives.every((life) => isEqual(life, lives[0] as TokenLife));
  const ends = lives.map((life) => lastEndOf(parsed, life, now, isCommon ? knownEnd : Infinity));
  return ends.includes(null) ? null : Math.max(now, ...(ends as number[]));
}

function isEqual(one: TokenLife, other: TokenLife): boolean {
  return one.maxTokenLife === other.maxTokenLife && one.lifeAfterExp === other.lifeAfterExp;
}

function lastEndOf(
  { kind, exp, issuedBefore }: ParsedRevocation,
  life: TokenLife,
  now: number,
  knownEnd: number,
): number | null {
  const byExp = exp === undefined ? Infinity : exp * 1000 + life.lifeAfterExp;
  if (byExp !== Infinity) return byExp;
  if (kind === 'jti' && knownEnd !== Infinity) return knownEnd;
  if (life.maxTokenLife === undefined) return null;
  // A rule by `jti` or `sid` refuses tokens whatever their `iat`. `maxTokenLife` includes the tolerance, so this is when
  // the last token ends that could be accepted by now. One whose `iat` is still later says that it is issued later.
  if (kind !== 'sub') return now + life.maxTokenLife + MAX_SECONDS_AHEAD * 1000;
  return (issuedBefore === undefined ? now : issuedBefore * 1000) + life.maxTokenLife;
}
