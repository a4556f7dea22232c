import { ERROR_TYPE } from '../protocol';
import type { RefusalCode, UnauthorizedCode, UnauthorizedData } from '../protocol';

// Not taken from CODES, which would bring every code into the bundle; the type holds them to the protocol.
/** The token itself was refused. */
export const INVALID_TOKEN: UnauthorizedCode = 'invalid_token';
const NOT_AUTHENTICATED: UnauthorizedCode = 'not_authenticated';

/**
 * A refusal, as the server told it. A class of its own, since a client needs none of the messages that the server's
 * brings along; `isUnauthorizedError` of either entry holds for both.
 */
export class UnauthorizedError extends Error {
  /** The same as `data.code`. */
  readonly code: RefusalCode;
  /** What the server told. */
  readonly data: UnauthorizedData;

  constructor(data: UnauthorizedData) {
    super(data.message);
    this.name = ERROR_TYPE;
    this.code = data.code;
    this.data = data;
  }
}

/** Why `ready` will not come true, by the client's own doing. */
export function notAuthenticated(message: string): UnauthorizedError {
  return new UnauthorizedError({ message, code: NOT_AUTHENTICATED, type: ERROR_TYPE, retryable: false });
}

/** What every refusal has. */
export interface Refusal {
  /** For people and logs. */
  message: string;
  /** For programs. */
  data: UnauthorizedData;
}

/** Whether a value is an {@link UnauthorizedError}, or what `connect_error` and `unauthorized` hand to a client. */
export function isUnauthorizedError(value: unknown): value is Refusal {
  return (value as { data?: { type?: unknown } } | undefined)?.data?.type === ERROR_TYPE;
}
