import type { AuthorizeOptions, VerifierOptions } from '../options';
import type { AnySocket } from '../types';

/** With `secret` or with `verify`: the checks decide which. */
export type Options = {
  [Key in keyof AuthorizeOptions]?: Exclude<AuthorizeOptions[Key], undefined>;
} & Pick<Partial<VerifierOptions>, 'verify'>;
export type OptionName = keyof Options;

/** The defaults. An option that is not here is off by default. */
export const DEFAULTS = {
  timeout: 5000,
  required: true,
  handshake: false,
  allow: [],
  holdEvents: 16,
  isolate: true,
  onExpired: 'disconnect',
  renewNotice: 30_000,
  userClaim: 'sub',
  sameSubject: true,
  scope: 'namespace',
  maxTokenBytes: 8192,
  maxAttempts: 5,
  maxPending: Infinity,
  keyTimeout: 10_000,
  origins: [],
  decodedPropertyName: 'decoded_token',
  encodedPropertyName: 'encoded_token',
  auth_header_required: false,
  clockTolerance: 0,
  ignoreExpiration: false,
  clientAddress: (socket: AnySocket) => socket.handshake.address,
} as const satisfies Partial<Options>;

/** Options with every default filled in. */
export type CompleteOptions = Options & Required<Pick<Options, keyof typeof DEFAULTS>>;

/** Ms between two looks at a store that lists its rules. */
const RECHECK = 10_000;

/** The default of `recheckInterval`. A store that lists no rules is asked for each session, so only on request. */
export function defaultRecheck(store: Options['revocation']): number {
  return store?.rulesSince === undefined ? 0 : RECHECK;
}
