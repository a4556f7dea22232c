import { ERROR_TYPE } from '../protocol';
import type { RefusalCode, UnauthorizedData } from '../protocol';

/**
 * A refusal: sent by the server, or thrown by a `token` function. The client has a class of its own, which does not
 * load the server's messages. `isUnauthorizedError` of either entry accepts both.
 *
 * @example throw new UnauthorizedError({ code: 'signed_out', message: 'please sign in again' })
 */
export class UnauthorizedError extends Error {
  /** The same as `data.code`. */
  declare readonly code: RefusalCode;
  /** What the server told. */
  declare readonly data: UnauthorizedData;

  /** @param data `retryable` is `false` unless it says otherwise */
  constructor(data: Partial<UnauthorizedData> & Pick<UnauthorizedData, 'code' | 'message'>) {
    // A server may send anything, even an object that has no string form.
    super(typeof data.message === 'string' ? data.message : '');
    this.name = ERROR_TYPE;
    this.code = data.code;
    this.data = { retryable: false, ...data, type: ERROR_TYPE };
  }
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
