import { EventEmitter } from 'node:events';
import {
  checkValue,
  expect,
  expectList,
  expectOneOrMore,
  isFilled,
  unknownOption,
} from '../runtime/option-check';
import type { Check } from '../runtime/option-check';
import { ALGORITHMS } from '../token/keys';
import { normalizeOrigin } from '../token/origin';
import { maxAgeInSeconds } from './max-age';
import type { OptionName } from './option-defaults';
import { checkPermissions } from './permissions';

/** Properties that a socket of any Socket.IO 4 has, besides those of every `EventEmitter`. */
const TAKEN: ReadonlySet<string> = new Set(
  [
    'acks adapter broadcast client conn connected data disconnected flags fns handshake id local nsp pid recovered',
    'request rooms server volatile',
    'buildHandshake compress disconnect dispatch emitReserved emitUntyped emitWithAck except in join leave leaveAll',
    'listenersAny listenersAnyOutgoing newBroadcastOperator notifyOutgoingListeners offAny offAnyOutgoing onAny',
    'onAnyOutgoing onack ondisconnect onevent ack packet prependAny prependAnyOutgoing registerAckCallback run send',
    'timeout to use write',
    '_anyListeners _anyOutgoingListeners _cleanup _error _onclose _onconnect _onerror _onpacket',
  ].flatMap((names) => names.split(' ')),
);
/** Setting `__proto__` would create no property; it and `constructor` are of every object. */
const isTaken = (name: string): boolean => TAKEN.has(name) || name in EventEmitter.prototype;

/** The source of `new RegExp('')`. */
const EMPTY_PATTERN = '(?:)';

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const hasMethods = (value: unknown, ...names: string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

const aBoolean = expect('true or false', (value) => typeof value === 'boolean');
const aFunction = expect('a function', (value) => typeof value === 'function');
const aText = expect('a string that is not empty', isText);
const aDuration = expect('a number of ms above 0', (value) => isNumber(value) && value > 0);
const aCount = expect('a whole number above 0, or Infinity', (value) => isCount(value) && value !== 0);
const aProperty = expect(
  'a property name that Socket.IO does not use',
  (value) => isText(value) && !isTaken(value),
);
const oneOf = (...values: string[]): Check =>
  expect(`one of '${values.join("', '")}'`, (value) => typeof value === 'string' && values.includes(value));
// With these flags a RegExp remembers where the last match ended, and starts there at the next token. An empty one,
// such as of a variable that is not set, matches every audience.
const isAudience = (value: unknown): boolean =>
  isText(value) ||
  (value instanceof RegExp && !value.global && !value.sticky && value.source !== EMPTY_PATTERN);

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && normalizeOrigin(value) !== undefined;
}

function isCount(value: unknown): boolean {
  return isNumber(value) && value >= 0 && (value === Infinity || Number.isInteger(value));
}

const CHECKS: Readonly<Record<Exclude<OptionName, 'secret'>, Check>> = {
  verify: aFunction,
  algorithms: expectList(
    `a list of ${ALGORITHMS.join(', ')}`,
    isFilled,
    expect(`one of ${ALGORITHMS.join(', ')}`, (value) => (ALGORITHMS as readonly unknown[]).includes(value)),
  ),
  timeout: aDuration,
  required: aBoolean,
  handshake: aBoolean,
  allow: expectList('a list of event names', () => true, expect("an event's name", isText)),
  holdEvents: expect('a whole number, 0 or above, or Infinity', isCount),
  permissions: checkPermissions,
  scopes: aFunction,
  rooms: aFunction,
  isolate: aBoolean,
  onExpired: oneOf('disconnect', 'deauthenticate', 'ignore'),
  renewNotice: expect('a number of ms, 0 or above', (value) => isNumber(value) && value >= 0),
  userClaim: expect(
    'the name of a claim, or a function of the claims',
    (value) => isText(value) || typeof value === 'function',
  ),
  sameSubject: aBoolean,
  scope: oneOf('namespace', 'connection'),
  maxTokenBytes: aCount,
  maxAttempts: aCount,
  maxPending: expect('a whole number, 0 or above, or Infinity', isCount),
  limiter: expect('an object with consume()', (value) => hasMethods(value, 'consume')),
  clientAddress: aFunction,
  keyTimeout: aDuration,
  validate: aFunction,
  additional_auth: aFunction,
  customDecoded: aFunction,
  decodedPropertyName: aProperty,
  encodedPropertyName: aProperty,
  callback: expect(
    'true, false or a number of ms',
    (value) => typeof value === 'boolean' || Number.isFinite(value),
  ),
  getToken: aFunction,
  cookie: aText,
  origins: expectList(
    "a list of origins, such as ['https://app.example.com']",
    () => true,
    expect("an origin, with scheme and host alone, such as 'https://app.example.com'", isOrigin),
  ),
  auth_header_required: aBoolean,
  success: aFunction,
  fail: aFunction,
  revocation: expect(
    'a store with add() and isRevoked()',
    (value) =>
      hasMethods(value, 'add', 'isRevoked') &&
      ((value as { rulesSince?: unknown }).rulesSince === undefined || hasMethods(value, 'rulesSince')),
  ),
  recheckInterval: expect('a number of ms, 0 or above', (value) => isNumber(value) && value >= 0),
  // An empty issuer, audience or subject would silently switch jsonwebtoken's check off.
  issuer: expectOneOrMore(
    'a string that is not empty, or a list of them',
    'a string that is not empty',
    isText,
  ),
  audience: expectOneOrMore(
    'a string that is not empty, a RegExp that is not empty and without the flags g and y, or a list of them',
    'a string that is not empty, or a RegExp that is not empty and without the flags g and y',
    isAudience,
  ),
  subject: aText,
  jwtid: aText,
  nonce: aText,
  clockTolerance: expect(
    'a number of seconds, 0 or above',
    (value) => Number.isFinite(value) && (value as number) >= 0,
  ),
  maxAge: expect(
    "a number of seconds above 0, or a time span such as '2h'",
    (value) => maxAgeInSeconds(value) !== undefined,
  ),
  ignoreExpiration: aBoolean,
  ignoreNotBefore: aBoolean,
};

/** Whose texts may be a secret by accident, such as a key in the place of `verify`, or the URL of a store. */
const HIDDEN: ReadonlySet<string> = new Set(['verify', 'limiter', 'revocation']);

/** All options of `authorize()`. */
export const NAMES: readonly string[] = ['secret', ...Object.keys(CHECKS)];

/**
 * Checks the value of one option; {@link toKeySource} checks `secret`.
 *
 * @throws TypeError that names the option, what it must be, and what came, unless that may be a secret
 */
export function checkOption(name: string, value: unknown): void {
  if (name === 'secret') return;
  if (!Object.hasOwn(CHECKS, name)) throw unknownOption(name, 'authorize()', NAMES);
  checkValue(name, CHECKS[name as keyof typeof CHECKS], value, typeof value === 'string' && HIDDEN.has(name));
}
