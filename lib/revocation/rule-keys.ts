/** The keys by which rules and tokens are compared. */
import type { RevocationRule, TokenIdentity } from '../types';

/** What a rule names: a token, a session at an OpenID provider, or a user. */
export type RuleKind = 'jti' | 'sid' | 'sub';

/** What a rule is about. */
export interface RuleTarget {
  readonly kind: RuleKind;
  readonly value: string;
  readonly iss: string | undefined;
}

/** Rules by `jti` and `sid` come first: a refusal by them is final. */
export const KINDS: readonly RuleKind[] = ['jti', 'sid', 'sub'];

export function targetOf(rule: RevocationRule): RuleTarget {
  const { iss } = rule;
  if ('jti' in rule) return { kind: 'jti', value: rule.jti, iss };
  return 'sid' in rule ? { kind: 'sid', value: rule.sid, iss } : { kind: 'sub', value: rule.sub, iss };
}

/** Where a rule is kept: no two targets share a group and a name. */
export interface RuleKey {
  readonly kind: RuleKind;
  /** The kind, and whether the issuer is part of the name; without a colon. */
  readonly group: string;
  readonly name: string;
}

export function keyOf({ kind, value, iss }: RuleTarget): RuleKey {
  return iss === undefined
    ? { kind, group: kind, name: value }
    : { kind, group: `${kind}@iss`, name: JSON.stringify([iss, value]) };
}

/** The keys of all rules that can name a token: of its own issuer, and of every issuer. */
export function keysOf(identity: TokenIdentity): RuleKey[] {
  return KINDS.flatMap((kind) => {
    const value = identity[kind];
    if (value === undefined) return [];
    const issuers = identity.iss === undefined ? [undefined] : [undefined, identity.iss];
    return issuers.map((iss) => keyOf({ kind, value, iss }));
  });
}

/** Tokens with an earlier `iat` are refused, in seconds: those of a `jti` or `sid` are all. */
export function limitOf(rule: RevocationRule): number {
  return 'issuedBefore' in rule ? rule.issuedBefore : Infinity;
}

/** Whether a token was issued before a second; a token without `iat` counts as old. */
export function issuedBefore({ iat }: TokenIdentity, second: number): boolean {
  return iat === undefined || iat < second;
}
