import { DEFAULT_TIMEOUT } from './pace';
import { schedule, unschedule } from './timer';
import type { Timer } from './timer';
import type { AuthenticateOptions } from './types';

/**
 * Calls the application's `token` or `refresh` function.
 *
 * @param timer runs until the function answers; if it is unscheduled, the answer is ignored
 * @param take gets the token, `null` for a guest, or the answer of `refresh`
 * @param fail gets the error, including one that `take` throws
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
    // The status of a `Response`. 401 and 403 mean that the session is over: the Socket.IO server will report that.
    if (((answer as Response | null)?.status as number) > 403) throw answer;
    if (!refresh && answer !== null && (!answer || typeof answer !== 'string')) {
      throw new TypeError('no token string');
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
