/** OpenID Connect Discovery 1.0: finds where an issuer publishes its keys. */
import { fetchDocument } from './fetch';
import type { FetchBounds } from './fetch';

/** The members of the issuer's document that are read (OpenID Connect Discovery 1.0 §3). */
export interface ProviderDocument {
  /** The requested issuer. */
  readonly issuer: string;
  /** Where its keys are. */
  readonly jwks_uri: string;
}

/**
 * Why the document of an issuer must not be fetched (OpenID Connect Discovery 1.0 §3). `undefined` if it may be
 * fetched. Plain `http` is only allowed for loopback.
 */
export function issuerFault(issuer: string): string | undefined {
  if (!URL.canParse(issuer)) return 'must be a URL';
  const url = new URL(issuer);
  if (!isSafe(url, true)) return 'must be an https URL (http for localhost alone)';
  if (url.username !== '' || url.password !== '' || /[?#]/.test(issuer))
    return 'must be a URL without credentials, query or fragment';
  return undefined;
}

/** Where the issuer's document is (OpenID Connect Discovery 1.0 §4). */
export function documentUrlOf(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Fetches the issuer's document.
 *
 * @param issuer one without an {@link issuerFault}
 * @throws if there is no document, it belongs to another issuer, or it has no safe `jwks_uri`
 */
export async function discover(issuer: string, bounds: FetchBounds): Promise<ProviderDocument> {
  const url = documentUrlOf(issuer);
  const document: unknown = JSON.parse(await fetchDocument(url, bounds));
  const { issuer: said, jwks_uri: keys } = Object(document) as Record<keyof ProviderDocument, unknown>;
  // OpenID Connect Discovery 1.0 §4.3: otherwise one issuer could act as another.
  if (said !== issuer) throw new Error(`${url} is for another issuer`);
  const mayBeLocal = isLoopback(new URL(issuer));
  if (typeof keys !== 'string' || !URL.canParse(keys) || !isSafe(new URL(keys), mayBeLocal))
    throw new Error(`${url} names no jwks_uri that may be used`);
  return { issuer, jwks_uri: keys };
}

function isSafe(url: URL, mayBeLocal: boolean): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && mayBeLocal && isLoopback(url));
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}
