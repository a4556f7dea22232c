import { WARNING } from '../runtime/warnings';

/** `jose` 6, which is an optional peer dependency and an ES module. */
export type Jose = typeof import('jose');

/**
 * Loads `jose`. A failure also emits a process warning: without it, nobody would notice before the first token.
 *
 * @param load for tests
 */
export async function loadJose(load: () => Promise<Jose> = () => import('jose')): Promise<Jose> {
  try {
    const jose = await load();
    // Older versions silently ignore the option that limits requests.
    if (typeof jose.customFetch !== 'symbol') throw new Error('the version of jose is too old');
    return jose;
  } catch (cause) {
    process.emitWarning('jwksVerifier() needs the package jose, version 6.1 or newer: npm install jose', {
      type: WARNING,
      detail: (cause as Error).message,
    });
    throw cause;
  }
}
