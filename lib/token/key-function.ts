/** Where the keys of tokens come from. */
import type { KeyFunction, VerifyFunction } from '../options';
import { isThenable } from '../runtime/warnings';
import type { AnySocket, UnverifiedToken } from '../types';
import type { VerificationKey } from './keys';

/** Keys that are ready at start, a function that finds them for each token, or a verifier that needs none. */
export type KeySource =
  | { readonly keys: readonly VerificationKey[] }
  | { readonly find: KeyFunction }
  | { readonly verify: VerifyFunction };

/** The classic forms have three or four parameters, and answer by callback; whichever answer comes first counts. */
export function callKeyFunction(find: KeyFunction, token: UnverifiedToken, socket: AnySocket): unknown {
  const { header, payload } = token;
  const call = find as (...args: unknown[]) => unknown;
  if (call.length < 3) return call({ header, payload }, socket);
  return new Promise((resolve, reject) => {
    const callback = (error: unknown, key: unknown): void => {
      if (error) reject(error);
      else resolve(key);
    };
    const given = call.length === 3 ? [payload, callback] : [header, payload, callback];
    const result = call(socket.request, ...given);
    if (isThenable(result)) result.then(undefined, reject);
  });
}
