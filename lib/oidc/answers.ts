/** The answers to the provider (OpenID Connect Back-Channel Logout 1.0 §2.8). */
import type { ServerResponse } from 'node:http';
import { LogoutRefusal } from './refusal';

/** The store has the rule. */
export function answerDone(response: ServerResponse): void {
  answer(response, 200);
}

/** The request is not a POST request. */
export function answerWrongMethod(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('allow', 'POST');
  answer(response, 405);
}

/** @param fault with a {@link LogoutRefusal} the answer is 400; with anything else, the provider should try again */
export function answerFault(response: ServerResponse, fault: unknown): void {
  if (fault instanceof LogoutRefusal) answer(response, 400, 'invalid_request', fault.message);
  else answer(response, 503, 'temporarily_unavailable');
}

function answer(response: ServerResponse, status: number, error?: string, error_description?: string): void {
  // A middleware of the application may have answered already, such as one with a time limit.
  if (response.headersSent) return;
  response.statusCode = status;
  response.setHeader('cache-control', 'no-store');
  // Node would otherwise wait for the rest of a refused body.
  if (status !== 200) response.shouldKeepAlive = false;
  if (error === undefined) {
    response.end();
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ error, error_description }));
}
