/**
 * Rules as messages between nodes. Their clocks differ, so a message says how many ms are left, not until when. The
 * reader counts from the moment of writing.
 */
import type { RevocationRule } from '../types';

/** A rule as a message to another node. */
export interface RuleMessage {
  /** A rule for every live session of a user: the message is as old as the revocation. */
  readonly everySession?: true;
  /** The grace period of live sessions, in ms. */
  readonly graceLeft?: number;
  readonly [member: string]: unknown;
}

/** @param now ms since the epoch */
export function toMessage(rule: RevocationRule, now: number): RuleMessage {
  if (!('sub' in rule)) return { ...rule };
  const { revokedAt, graceUntil, ...others } = rule;
  return {
    ...others,
    ...(revokedAt !== undefined && { everySession: true }),
    ...(graceUntil !== undefined && { graceLeft: Math.max(0, graceUntil - now) }),
  };
}

/**
 * Reads a message.
 *
 * @param writtenAt when it was written, in ms since the epoch, by this node's clock
 * @returns `undefined` if it is no rule
 */
export function fromMessage(message: unknown, writtenAt: number): RevocationRule | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { everySession, graceLeft, ...rule } = message as Record<string, unknown>;
  return toRule({
    ...rule,
    ...(everySession === true && { revokedAt: writtenAt }),
    ...(graceLeft !== undefined && { graceUntil: isMoment(graceLeft) ? writtenAt + graceLeft : NaN }),
  });
}

/** Reads a rule of any origin; `undefined` if it is none. */
export function toRule(value: unknown): RevocationRule | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, iss, expiresAt, ...others } = value as Record<string, unknown>;
  const target = toTarget(others);
  if (target === undefined || !isOptional(isText, id, iss)) return undefined;
  if (expiresAt !== null && !isMoment(expiresAt)) return undefined;
  return {
    ...target,
    ...(id !== undefined && { id: id as string }),
    ...(iss !== undefined && { iss: iss as string }),
    expiresAt,
  };
}

type Target = RevocationRule extends infer Rule
  ? Rule extends unknown
    ? Omit<Rule, 'id' | 'iss' | 'expiresAt'>
    : never
  : never;

function toTarget(value: Record<string, unknown>): Target | undefined {
  const { jti, sid, sub, issuedBefore, revokedAt, graceUntil } = value;
  const names = [jti, sid, sub].filter((name) => name !== undefined);
  if (names.length !== 1 || !names.every(isText)) return undefined;
  if (isText(jti)) return { jti };
  if (isText(sid)) return { sid };
  if (!isMoment(issuedBefore) || !isOptional(isMoment, revokedAt, graceUntil)) return undefined;
  return {
    sub: sub as string,
    issuedBefore,
    ...(revokedAt !== undefined && { revokedAt: revokedAt as number }),
    ...(graceUntil !== undefined && { graceUntil: graceUntil as number }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isMoment = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function isOptional(holds: (value: unknown) => boolean, ...values: unknown[]): boolean {
  return values.every((value) => value === undefined || holds(value));
}
