/** Tells functions that make a verifier from verifiers: it is easy to forget the call. */
const factories = new WeakSet<object>();

/** Call it once for each function that makes a verifier. */
export function markFactory(factory: object): void {
  factories.add(factory);
}

/** Whether a value makes a verifier, and so is none. */
export function isFactory(value: unknown): boolean {
  return typeof value === 'function' && factories.has(value);
}
