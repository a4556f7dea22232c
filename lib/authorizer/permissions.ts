/** Turns the options `permissions`, `scopes` and `allow` into what sessions ask. */
import { expect, expectList, placeOf } from '../runtime/option-check';
import type { Fault } from '../runtime/option-check';
import { isPlainObject } from '../runtime/plain-object';
import type { Permission, Permissions as PermissionMap } from '../options';
import { EVENTS } from '../protocol';
import { Permissions } from '../session/permissions';
import type { PermissionRule } from '../session/permissions';
import type { JwtClaims } from '../types';

/** Stands for the events that are not named. */
const OTHERS = '*';
/** Events of the protocol: the application cannot name them. */
const RESERVED: ReadonlySet<string> = new Set([EVENTS.authenticate, EVENTS.deauthenticate]);
/** Claims that hold scopes: RFC 8693 §4.2, Microsoft Entra ID, Auth0. The first one present counts. */
const SCOPE_CLAIMS = ['scope', 'scp', 'permissions'] as const;

const isScope = (value: unknown): boolean => typeof value === 'string' && value !== '';

const isPermission = expect(
  'a scope, a list of scopes, a function, true or false',
  (value) => typeof value === 'boolean' || typeof value === 'function' || isScope(value),
);
const areScopes = expectList(
  'a list of scopes',
  () => true,
  expect('a scope, which is a string that is not empty', isScope),
);
// The entries of a `Map`, and members that are inherited, would not be found: those events would be open to all.
const isMap = expect(
  'a plain object, from event to a scope, a list of scopes, a function, true or false',
  (value) => typeof value === 'object' && value !== null && isPlainObject(value),
);

/** Finds what is wrong with a map of permissions. */
export function checkPermissions(value: unknown): Fault | undefined {
  const fault = isMap(value);
  if (fault !== undefined) return fault;
  for (const [event, needed] of Object.entries(value as object)) {
    const wrong = checkPermission(event, needed);
    if (wrong !== undefined) return { ...wrong, place: `${placeOf(event)}${wrong.place}` };
  }
  return undefined;
}

function checkPermission(event: string, needed: unknown): Fault | undefined {
  if (RESERVED.has(event))
    return { place: '', expectation: 'left out, because the event belongs to the protocol', value: needed };
  return Array.isArray(needed) ? areScopes(needed) : isPermission(needed);
}

/** Builds the permissions that sessions ask for each event. */
export function toPermissions(
  permissions: PermissionMap | undefined,
  allow: readonly string[],
  scopes?: (claims: JwtClaims) => unknown,
): Permissions {
  const holds: ScopeTest =
    scopes === undefined ? holdsByToken : (claims, needed) => isAmong(scopes(claims), needed);
  const rules = new Map<string, PermissionRule>();
  for (const [event, needed] of Object.entries(permissions ?? {})) rules.set(event, toRule(needed, holds));
  const others = rules.get(OTHERS);
  rules.delete(OTHERS);
  return new Permissions(rules, others, new Set(allow));
}

function toRule(needed: Permission, holds: ScopeTest): PermissionRule {
  if (typeof needed === 'boolean') return () => needed;
  if (typeof needed === 'function') return (claims, [, ...args]) => needed(claims, ...args);
  const all = typeof needed === 'string' ? [needed] : [...needed];
  return (claims) => holds(claims, all);
}

/** Whether a session holds every scope of a list; `undefined` where what should be its scopes is no list. */
type ScopeTest = (claims: JwtClaims, needed: readonly string[]) => boolean | undefined;

/** Compares with the scopes of a token, as issuers write them. */
function holdsByToken(claims: JwtClaims, needed: readonly string[]): boolean | undefined {
  const name = SCOPE_CLAIMS.find((one) => Object.hasOwn(claims, one));
  const held = name === undefined ? [] : claims[name];
  // Every event comes by here: the text is searched rather than split.
  return typeof held === 'string' ? needed.every((scope) => hasWord(held, scope)) : isAmong(held, needed);
}

function isAmong(held: unknown, needed: readonly string[]): boolean | undefined {
  if (Array.isArray(held)) return needed.every((scope) => held.includes(scope));
  // A rejection without a handler would end the process. A string is refused: its `includes` would find parts of
  // words.
  Promise.resolve(held).then(undefined, () => undefined);
  return undefined;
}

/** Whether a text has a word between spaces. What has a space itself is none. */
function hasWord(text: string, word: string): boolean {
  return !word.includes(' ') && ` ${text} `.includes(` ${word} `);
}
