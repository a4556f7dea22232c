/** The `logout_token` of a request (OpenID Connect Back-Channel Logout 1.0 §2.5). */
import { LogoutRefusal } from './refusal';
import type { LogoutRequest } from './settings';

/** The longest body that is read, in bytes. */
export const MAX_BODY_BYTES = 64 * 1024;

const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/**
 * Reads the logout token of a request, whether or not a body parser has read the body before.
 *
 * @throws LogoutRefusal if the body has not exactly one token, or is too long
 */
export async function readLogoutToken(request: LogoutRequest): Promise<string> {
  if (!FORM.test(request.headers['content-type'] ?? ''))
    throw new LogoutRefusal('the body must be application/x-www-form-urlencoded');
  const token = tokenOf(request.body) ?? tokenOf(await restOf(request));
  if (typeof token !== 'string' || token === '')
    throw new LogoutRefusal('the body must have one logout_token');
  if (token.length > MAX_BODY_BYTES) throw tooLong();
  return token;
}

/**
 * The `logout_token` of a body: a parsed form, or the form's text or bytes. A parser that does not know the media type
 * leaves `{}`. So if there is no token here, the body may still be unread.
 */
function tokenOf(body: unknown): unknown {
  if (typeof body === 'string' || body instanceof Uint8Array) return tokenOfForm(body);
  if (typeof body !== 'object' || body === null) return undefined;
  return Object.hasOwn(body, 'logout_token') ? (body as { logout_token: unknown }).logout_token : undefined;
}

function tokenOfForm(form: string | Uint8Array): unknown {
  if (form.length > MAX_BODY_BYTES) throw tooLong();
  const tokens = new URLSearchParams(Buffer.from(form as string).toString()).getAll('logout_token');
  // With two tokens, a proxy or a log may have read the other one.
  return tokens.length > 1 ? tokens : tokens[0];
}

/** The part of the body that nothing has read yet. Empty if a parser has read all of it. */
async function restOf(request: LogoutRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // The request must not be destroyed at the end: the answer uses the same socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLong(): LogoutRefusal {
  return new LogoutRefusal(`the body must have at most ${MAX_BODY_BYTES} bytes`);
}
