import { DEFAULT_TIMEOUT } from './pace';
import { schedule, unschedule } from './timer';
import type { Timer } from './timer';
import type { AuthenticateOptions } from './types';

/**
 * Fetches a token, or has the cookie refreshed.
 *
 * @param timer runs until the answer comes; an answer after it was unscheduled is too late
 * @param take gets the token, `null` for a guest, or whatever `refresh` gave
 * @param fail gets the error, also one of `take`
 */
export function fetchToken(
  timer: Timer,
  { token, refresh, timeout = DEFAULT_TIMEOUT }: AuthenticateOptions,
  forceRefresh: boolean,
  take: (answer: unknown) => void,
  fail: (error: unknown) => void,
): void {
  const ask = async (): Promise<unknown> => {
    const answer: unknown = await (typeof token === 'function' ? token({ forceRefresh }) : refresh?.());
    // The status of a `Response`. With 401 and 403 the session is over, which the server will tell itself.
    if (((answer as Response | null)?.status as number) > 403) throw answer;
    if (!refresh && answer !== null && (!answer || typeof answer !== 'string')) {
      throw new TypeError('the token is no string, or empty');
    }
    return answer;
  };
  const onTimeout = (): void => fail(new Error(`no token within ${timeout} ms`));
  const settle = (step: (detail: unknown) => void, detail: unknown): void => {
    if (timer.callback !== onTimeout) return;
    unschedule(timer);
    step(detail);
  };
  schedule(timer, timeout, onTimeout);
  ask()
    .then(
      (answer) => settle(take, answer),
      (error: unknown) => settle(fail, error),
    )
    .catch(fail);
}
