/** What the page asks the server over HTTP. */

/** An answer that is no success: `code` and `message` are the server's. */
export class ApiError extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

async function ask(method, path, body) {
  const response = await fetch(path, { method, body }).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  if (response?.ok && answer) return answer;
  const silent = { code: 'no_answer', message: 'The server does not answer. Please try again.' };
  throw new ApiError(answer?.error ?? silent);
}

/** @param {FormData} form */
export const requestLogin = (form) => ask('POST', '/login', new URLSearchParams(form));
export const requestToken = async (id) => (await ask('POST', `/logins/${id}/token`)).token;
export const endLogin = (id) => ask('DELETE', `/logins/${id}`);
export const endEverywhere = (id) => ask('DELETE', `/logins/${id}/everywhere`);
/** @param {'forged' | 'expired'} kind */
export const requestDemoToken = async (kind) => (await ask('POST', `/demo/tokens/${kind}`)).token;
