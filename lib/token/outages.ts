/** Tells a service that cannot be reached from a token that it refuses. */

/** How many levels of `cause` are checked: `fetch` puts the socket's error into its own `cause`. */
const MAX_DEPTH = 5;

/** Names of errors that mean a missing answer. */
const NAMES: ReadonlySet<unknown> = new Set(['AbortError', 'TimeoutError']);

/** Messages of `fetch` without an answer (WHATWG Fetch §5.6), in Node and in Deno. */
const FETCH_FAILED = /^(?:fetch failed|error sending request)/;

/** Codes of errors that may lack a `syscall`: of sockets, axios, Bun, and of `jose` if an endpoint has no key set. */
const CODES: ReadonlySet<unknown> = new Set(
  (
    'ECONNREFUSED ECONNRESET ECONNABORTED ETIMEDOUT ENOTFOUND EAI_AGAIN EPIPE EPROTO EHOSTUNREACH ENETUNREACH ' +
    'ERR_NETWORK ConnectionRefused ConnectionClosed FailedToOpenSocket ERR_JWKS_TIMEOUT ERR_JOSE_GENERIC'
  ).split(' '),
);

/** Prefixes of codes: of undici, and of certificates that TLS refuses. */
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
  // Every system error of Node has the failed call in `syscall`.
  if (NAMES.has(name) || typeof syscall === 'string' || CODES.has(code)) return true;
  if (typeof code === 'string' && CODE_BEGINNING.test(code)) return true;
  return error instanceof TypeError && FETCH_FAILED.test(String(message));
}

/** The error for an answer that did not come in time. */
export function silence(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError' });
}
