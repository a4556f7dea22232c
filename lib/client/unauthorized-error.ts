import { ERROR_TYPE } from '../protocol';
import type { RefusalCode, UnauthorizedData } from '../protocol';

/**
 * A refusal: sent by the server, or thrown by a `token` function. The client has its own class, so that a page does not
 * load the server's messages. `isUnauthorizedError` of both entries accepts both classes.
 *
 * @example throw new UnauthorizedError({ code: 'signed_out', message: 'please sign in again' })
 */
export class UnauthorizedError extends Error {
  /** The same as `data.code`. */
  declare readonly code: RefusalCode;
  /** What the server sent. */
  declare readonly data: UnauthorizedData;

  /** @param data if it has no `retryable`, the error is not retryable */
  constructor(data: Partial<UnauthorizedData> & Pick<UnauthorizedData, 'code' | 'message'>) {
    // A server may send anything, even an object that has no string form.
    super(typeof data.message === 'string' ? data.message : '');
    this.name = ERROR_TYPE;
    this.code = data.code;
    this.data = { retryable: false, ...data, type: ERROR_TYPE };
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
