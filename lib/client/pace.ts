/**
 * Delays, in ms. They are partly random, so that many clients do not act at the same time. They have limits, so that no
 * answer of a server makes a client act more than once a second.
 */

/** The default of the option `timeout`. */
export const DEFAULT_TIMEOUT = 10_000;
/** After this many refusals of fresh tokens in a row, the client stops. */
export const MAX_REFUSALS = 2;
/** The longest wait, in total, for tokens that are not active yet. */
export const MAX_EARLY = 60_000;
/** The shortest time between two fetches, and between two tries. */
const SHORTEST = 1_000;
/** The part of a session's remaining life after which it is renewed, and by what part of that it may be earlier. */
const RENEW_AT = 0.8;
const RENEW_SPREAD = 0.1;
/** The first pause between two tries, which doubles each time, and the longest. Each is shortened by up to half. */
const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;
/** The longest pause that a server can ask for. */
const LONGEST_REQUEST = 3_600_000;

/** @param expiresIn the remaining life of the session, as the server reports it */
export function renewalDelay(expiresIn: number): number {
  return Math.max(expiresIn * RENEW_AT * (1 - RENEW_SPREAD * Math.random()), SHORTEST);
}

/**
 * @param failures how many tries have failed before
 * @param retryAfter how long the server asks to wait; ignored unless it is a number
 */
export function pause(failures: number, retryAfter?: unknown): number {
  const asked = Number.isFinite(retryAfter)
    ? Math.min(Math.max(retryAfter as number, 0), LONGEST_REQUEST)
    : 0;
  return asked + (Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE) * (1 + Math.random())) / 2;
}

/**
 * How long to wait before the next fetch. Not at all if the machine's clock was set back meanwhile.
 *
 * @param last when the last fetch started, in ms since the epoch
 */
export function untilNextFetch(last: number): number {
  const rest = last + SHORTEST - Date.now();
  return rest > SHORTEST ? 0 : rest;
}
