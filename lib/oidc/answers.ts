/** What the provider is told (OpenID Connect Back-Channel Logout 1.0 §2.8). */
import type { ServerResponse } from 'node:http';
import { LogoutRefusal } from './refusal';

/** The rule is kept. */
export function answerDone(response: ServerResponse): void {
  answer(response, 200);
}

/** Not a POST request. */
export function answerWrongMethod(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('allow', 'POST');
  answer(response, 405);
}

/** @param fault a {@link LogoutRefusal}; anything else says that the provider should try again */
export function answerFault(response: ServerResponse, fault: unknown): void {
  if (fault instanceof LogoutRefusal) answer(response, 400, 'invalid_request', fault.message);
  else answer(response, 503, 'temporarily_unavailable');
}

function answer(response: ServerResponse, status: number, error?: string, error_description?: string): void {
  // Middleware of the application may have answered, after a time limit of its own.
  if (response.headersSent) return;
  response.statusCode = status;
  response.setHeader('cache-control', 'no-store');
  // What is unread of a refused body must not be waited for.
  if (status !== 200) response.shouldKeepAlive = false;
  if (error === undefined) {
    response.end();
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ error, error_description }));
}
