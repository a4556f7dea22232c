/** How long to wait for what, in ms; everything is spread by chance, so that a fleet of clients does not act at once. */

/** Part of what is left of a session after which it is renewed, and how much earlier that may be. */
const RENEW_AT = 0.8;
const RENEW_SPREAD = 0.1;
/** Between two tries: the first pause, doubled each time, and the longest; down to half of it. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/** @param expiresIn what is left of the session */
export function renewalDelay(expiresIn: number): number {
  return expiresIn * RENEW_AT * (1 - RENEW_SPREAD * Math.random());
}

/** @param failures tries that have failed before */
export function pause(failures: number): number {
  return (Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE) * (1 + Math.random())) / 2;
}
