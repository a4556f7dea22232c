/** Requests to a provider, with limits for time and size. A stalled or endless answer must not block the server. */

/** The members of a `Response` that are read; `fetch`, undici and node-fetch have them. */
export interface ResponseLike {
  /** The status code. */
  readonly status: number;
  /** Whether a redirect was followed. The answer is then refused. */
  readonly redirected?: boolean;
  /** The bytes of the answer: an async iterable. */
  readonly body: unknown;
}

/** A function that makes requests: the global `fetch`, or one that uses a proxy. */
export type FetchLike = (
  url: string,
  init: { method: 'GET'; headers: Record<string, string>; redirect: 'manual'; signal: AbortSignal },
) => PromiseLike<ResponseLike>;

/** How a request is made and ended. */
export interface FetchBounds {
  /** Default: the global `fetch`. */
  readonly fetch: FetchLike | undefined;
  /** Ends the request, even if `fetch` ignores it. */
  readonly signal: AbortSignal;
}

/** The largest document that is read, in bytes. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/**
 * Fetches the text of a document. It follows no redirect: only the options decide where keys come from.
 *
 * @throws if the answer is not 200, is longer than {@link MAX_DOCUMENT_BYTES}, or does not come in time
 */
export function fetchDocument(url: string, { fetch, signal }: FetchBounds): Promise<string> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = (): void => signal.removeEventListener('abort', abort);
    read(url, fetch ?? globalThis.fetch, signal)
      .finally(done)
      .then(resolve, reject);
  });
}

async function read(url: string, fetch: FetchLike, signal: AbortSignal): Promise<string> {
  const headers = { accept: 'application/json, application/jwk-set+json' };
  const response = await fetch(url, { method: 'GET', headers, redirect: 'manual', signal });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    // `size` is NaN if a chunk is not bytes. Such a body could not be limited.
    if (!(size <= MAX_DOCUMENT_BYTES))
      throw new Error(`${url} answered more than ${MAX_DOCUMENT_BYTES} bytes`);
    signal.throwIfAborted();
    chunks.push(chunk);
  }
  if (response.status !== 200 || response.redirected === true)
    throw new Error(`${url} answered ${response.status}, not 200`);
  return Buffer.concat(chunks).toString();
}
