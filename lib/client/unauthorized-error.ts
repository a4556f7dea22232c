import { ERROR_TYPE } from '../protocol';
import type { RefusalCode, UnauthorizedData } from '../protocol';

/**
 * A refusal: sent by the server, or thrown by a `token` function. The client has its own class, so that a page does not
 * load the server's messages. `isUnauthorizedError` of both entries accepts both classes.
 *
 * @example throw new UnauthorizedError('signed_out', { message: 'please sign in again' })
 */
export class UnauthorizedError extends Error {
  /** The same as `data.code`. */
  declare readonly code: RefusalCode;
  /** What the server sent. */
  declare readonly data: UnauthorizedData;

  /**
   * @param code one of the library's codes or the application's own
   * @param details by default, the message is the code, and the error is not retryable
   */
  constructor(code: RefusalCode, details: Partial<UnauthorizedData> = {}) {
    const { message = code } = details;
    // A server may send anything, even an object that has no string form.
    super(typeof message === 'string' ? message : '');
    this.name = ERROR_TYPE;
    this.code = code;
    this.data = { retryable: false, ...details, message, code, type: ERROR_TYPE };
  }
}

/** The members that every refusal has. */
export interface Refusal {
  /** For people and logs. */
  message: string;
  /** For programs. */
  data: UnauthorizedData;
}

/**
 * Whether a value is an {@link UnauthorizedError}, or the argument of `connect_error` or `unauthorized` on a client.
 */
export function isUnauthorizedError(value: unknown): value is Refusal {
  return (value as { data?: { type?: unknown } } | undefined)?.data?.type === ERROR_TYPE;
}
