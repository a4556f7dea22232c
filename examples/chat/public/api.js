/** What the page asks the server over HTTP. */

/** An answer that is no success: `code` and `message` are the server's. */
export class ApiError extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** @param {RequestInit} request */
async function ask(path, request) {
  const response = await fetch(path, request).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  if (response?.ok && answer) return answer;
  const silent = { code: 'no_answer', message: 'The server does not answer. Please try again.' };
  throw new ApiError(answer?.error ?? silent);
}

/** @param {FormData} form */
export const requestLogin = (form) => ask('/login', { method: 'POST', body: new URLSearchParams(form) });
export const requestToken = async (id) => (await ask(`/logins/${id}/token`, { method: 'POST' })).token;
export const endLogin = (id) => ask(`/logins/${id}`, { method: 'DELETE' });
export const endEverywhere = (id) => ask(`/logins/${id}/everywhere`, { method: 'DELETE' });
/** @param {'forged' | 'expired'} kind */
export const requestDemoToken = async (kind) => (await ask(`/demo/tokens/${kind}`, { method: 'POST' })).token;
