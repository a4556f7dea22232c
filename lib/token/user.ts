/** The user of a token, which `sameSubject`, recovery and `revoke` compare. */
import { createHash, randomUUID } from 'node:crypto';
import { isThenable } from '../runtime/warnings';
import type { JwtClaims, TokenIdentity } from '../types';
import { describe } from './keys';

/** Finds the user's name. The application's function may throw or return anything. */
export type UserClaim = (claims: JwtClaims) => unknown;

/** Claims that differ between two tokens of one user (RFC 7519 §4.1.4 to §4.1.7). */
const PER_TOKEN: ReadonlySet<string> = new Set(['exp', 'nbf', 'iat', 'jti']);

/**
 * A claim as text. RFC 7519 §4.1 requires strings, but some issuers write numbers, and their users must be revocable,
 * too.
 *
 * @returns `undefined` for anything else: an empty string names no user, and two users' inexact numbers (RFC 8259 §6)
 *   may become equal
 */
export function claimText(claim: unknown): string | undefined {
  if (typeof claim === 'number') return Number.isSafeInteger(claim) ? String(claim) : undefined;
  return typeof claim === 'string' && claim !== '' ? claim : undefined;
}

/** The claim of that name; inherited members do not count. */
export function namedUserClaim(name: string): UserClaim {
  return (claims) => (Object.hasOwn(claims, name) ? claimText(claims[name]) : undefined);
}

/**
 * What revocation rules and stores are asked about. Read it before `validate` can change the claims.
 *
 * @throws what `userClaim` throws; a TypeError if it returns no name
 */
export function identityOf(claims: JwtClaims, userClaim: UserClaim): TokenIdentity {
  const identity: { -readonly [Name in keyof TokenIdentity]: TokenIdentity[Name] } = {};
  const sub = toName(userClaim(claims));
  if (sub !== undefined) identity.sub = sub;
  for (const name of NAMES) {
    const text = claimText(claims[name]);
    if (text !== undefined) identity[name] = text;
  }
  if (typeof claims.iat === 'number') identity.iat = claims.iat;
  return identity;
}

/** Of a token, of a session at an OpenID provider, of an issuer. */
const NAMES = ['jti', 'sid', 'iss'] as const;

function toName(given: unknown): string | undefined {
  const name = claimText(given);
  if (name !== undefined || given === undefined || given === null || given === '') return name;
  if (isThenable(given)) given.then(undefined, () => undefined);
  throw new TypeError(`options.userClaim must give a string or undefined, got ${describe(given)}`);
}

/**
 * A text that is equal for two tokens of one user, and for no others. The same name from two issuers is two users. Two
 * tokens without a user are of one user if all claims are equal, except those that differ between tokens.
 */
export function userKeyOf(claims: JwtClaims, { sub }: TokenIdentity): string {
  // Joined, because sessions keep the text: V8 keeps the pieces of a template.
  if (sub !== undefined)
    return ['user', JSON.stringify(sub), 'of', canonicalText(claims.iss ?? null)].join(' ');
  const lasting = Object.entries(claims).filter(([name]) => !PER_TOKEN.has(name));
  const digest = createHash('sha256').update(canonicalText(Object.fromEntries(lasting)));
  return `claims ${digest.digest('base64url')}`;
}

/** A piece of the text that is ready. */
class Ready {
  constructor(readonly text: string) {}
}

/**
 * Writes the same text for equal values alone. An object's members are sorted, because two nodes of an issuer may
 * write them in different orders. Without recursion: claims may nest deep.
 */
function canonicalText(value: unknown): string {
  const done: string[] = [];
  const todo: unknown[] = [value];
  while (todo.length > 0) {
    const next = todo.pop();
    if (next instanceof Ready) done.push(next.text);
    else if (typeof next !== 'object' || next === null) done.push(scalarText(next));
    else for (const piece of piecesOf(next).toReversed()) todo.push(piece);
  }
  return done.join('');
}

function piecesOf(container: object): unknown[] {
  const isList = Array.isArray(container);
  const pieces: unknown[] = [isList ? LIST : OBJECT];
  const members = Object.entries(container) as [string, unknown][];
  if (!isList) members.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, member] of members)
    pieces.push(isList ? ITEM : new Ready(`,${JSON.stringify(name)}:`), member);
  pieces.push(END);
  return pieces;
}

const [LIST, OBJECT, ITEM, END] = ['[', '{', ',', ';'].map((text) => new Ready(text));

/** An inexact number equals no other: the issuer's digits are lost, and two users' numbers may have become equal. */
function scalarText(value: unknown): string {
  const isLost = typeof value === 'number' && !Number.isSafeInteger(value) && !hasFraction(value);
  return isLost ? randomUUID() : JSON.stringify(value);
}

function hasFraction(value: number): boolean {
  return Number.isFinite(value) && !Number.isInteger(value);
}
