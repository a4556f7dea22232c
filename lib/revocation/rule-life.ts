import type { ParsedRevocation } from './parse-revocation';

/** How long tokens are accepted. */
export interface TokenLife {
  /** Ms that a token may live after its `iat`, tolerance included; `undefined` if that is not known. */
  readonly maxTokenLife: number | undefined;
  /** Ms that a token is accepted after its `exp`; `Infinity` if that is ignored. */
  readonly lifeAfterExp: number;
}

/**
 * When the tokens that a rule refuses are all over, in ms since the epoch; `null` if that cannot be told.
 *
 * @param now ms since the epoch
 * @param knownEnd when the token ends that a live session rests on; `Infinity` if never or not known
 */
export function expiryOf(
  { kind, exp, issuedBefore }: ParsedRevocation,
  life: TokenLife,
  now: number,
  knownEnd: number,
): number | null {
  const byExp = exp === undefined ? Infinity : exp * 1000 + life.lifeAfterExp;
  if (byExp !== Infinity) return byExp;
  if (kind === 'jti' && knownEnd !== Infinity) return knownEnd;
  if (life.maxTokenLife === undefined) return null;
  // `maxTokenLife` includes the tolerance, so a token counts that an issuer whose clock is ahead makes now.
  const lastIssue = issuedBefore === undefined ? now : issuedBefore * 1000;
  return lastIssue + life.maxTokenLife;
}
