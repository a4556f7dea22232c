/** Tells a service that cannot be reached from a token that it refuses. */

/** How far down `cause` is looked: `fetch` puts the socket's error below its own. */
const MAX_DEPTH = 5;

/** Errors that say by their name that an answer did not come. */
const NAMES: ReadonlySet<unknown> = new Set(['AbortError', 'TimeoutError']);

/** What `fetch` throws if it gets no answer (WHATWG Fetch §5.6), in the words of Node and of Deno. */
const FETCH_FAILED = /^(?:fetch failed|error sending request)/;

/**
 * Codes of errors that need not have a `syscall`: of sockets, of axios, of Bun, and of `jose` for an endpoint that gives
 * no key set.
 */
const CODES: ReadonlySet<unknown> = new Set(
  (
    'ECONNREFUSED ECONNRESET ECONNABORTED ETIMEDOUT ENOTFOUND EAI_AGAIN EPIPE EPROTO EHOSTUNREACH ENETUNREACH ' +
    'ERR_NETWORK ConnectionRefused ConnectionClosed FailedToOpenSocket ERR_JWKS_TIMEOUT ERR_JOSE_GENERIC'
  ).split(' '),
);

/** Beginnings of codes: of undici, and of certificates that TLS does not take. */
const CODE_BEGINNING =
  /^(?:UND_ERR_|ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_|UNABLE_TO_GET_|UNABLE_TO_VERIFY_LEAF)/;

/** Whether an error, or one that caused it, is a system or network error, `AbortError` or `TimeoutError`. */
export function isOutage(fault: unknown): boolean {
  let error = fault;
  for (let depth = 0; depth < MAX_DEPTH && typeof error === 'object' && error !== null; depth += 1) {
    if (isOne(error)) return true;
    error = (error as { cause?: unknown }).cause;
  }
  return false;
}

function isOne(error: object): boolean {
  const { name, message, code, syscall } = error as Partial<Record<string, unknown>>;
  // Every system error of Node names the call that failed.
  if (NAMES.has(name) || typeof syscall === 'string' || CODES.has(code)) return true;
  if (typeof code === 'string' && CODE_BEGINNING.test(code)) return true;
  return error instanceof TypeError && FETCH_FAILED.test(String(message));
}

/** What stands for an answer that did not come in time. */
export function silence(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError' });
}
