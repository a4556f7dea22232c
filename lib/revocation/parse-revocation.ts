import { describe } from '../token/keys';
import { claimText } from '../token/user';
import { KINDS } from './rule-keys';
import type { RuleTarget } from './rule-keys';

/** The checked argument of `revoke`. */
export interface ParsedRevocation extends RuleTarget {
  /** Seconds. */
  readonly exp: number | undefined;
  /** Seconds. */
  readonly issuedBefore: number | undefined;
  /** Ms. */
  readonly grace: number | undefined;
}

/** 9999-12-31: a greater number is in ms by mistake, and would refuse every token permanently. */
const MAX_SECONDS = 253_402_300_799;

const COMMON = ['iss', 'exp'];
const WITH_SUB = ['issuedBefore', 'grace'];

/**
 * Checks the argument of `revoke`.
 *
 * @throws TypeError that says what was expected
 */
export function parseRevocation(given: unknown): ParsedRevocation {
  const members: Record<string, unknown> =
    typeof given === 'object' && given !== null ? { ...given } : { given };
  const named = KINDS.filter((kind) => members[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined || named.length > 1)
    throw new TypeError("revoke() takes one of jti, sid and sub, such as { sub: 'user-1' }");
  const known = [kind, ...COMMON, ...(kind === 'sub' ? WITH_SUB : [])];
  const stranger = Object.keys(members).find((name) => members[name] !== undefined && !known.includes(name));
  if (stranger !== undefined) {
    throw new TypeError(`revoke() takes no ${stranger} with ${kind}, but ${known.slice(1).join(', ')}`);
  }
  const { iss, exp, issuedBefore, grace } = members;
  return {
    kind,
    value: toText(kind, members[kind]),
    iss: iss === undefined ? undefined : toText('iss', iss),
    exp: exp === undefined ? undefined : toSeconds('exp', exp),
    issuedBefore: issuedBefore === undefined ? undefined : toSeconds('issuedBefore', issuedBefore),
    grace: grace === undefined ? undefined : toMs('grace', grace),
  };
}

function toText(name: string, value: unknown): string {
  const text = claimText(value);
  if (text !== undefined) return text;
  throw new TypeError(`revoke(): ${name} must be a string that is not empty, got ${describe(value)}`);
}

function toSeconds(name: string, value: unknown): number {
  const seconds = value instanceof Date ? value.getTime() / 1000 : value;
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_SECONDS) return seconds;
  throw new TypeError(`revoke(): ${name} must be a Date or a number of seconds, got ${describe(value)}`);
}

function toMs(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new TypeError(`revoke(): ${name} must be a number of ms, 0 or above, got ${describe(value)}`);
}
