import type { VerificationKey } from './keys';

/** How many characters of tokens a half holds: some 10,000 tokens of the usual size. */
const HALF = 4 * 1024 * 1024;

/**
 * Tokens that were good, each with the key that it was good under: a client that comes back shows the same token, and
 * after a restart of a proxy thousands do so at once. Two halves, of which the older is forgotten when the younger is
 * full: bounded, and nothing to be done per token.
 */
export class VerifiedTokens {
  #young = new Map<string, VerificationKey>();
  #old = new Map<string, VerificationKey>();
  #characters = 0;

  /** The key that a token was good under. */
  keyOf(token: string): VerificationKey | undefined {
    return this.#young.get(token) ?? this.#old.get(token);
  }

  add(token: string, key: VerificationKey): void {
    if (this.#young.get(token) === key) return;
    this.#characters += token.length;
    if (this.#characters > HALF) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = token.length;
    }
    this.#young.set(token, key);
  }

  delete(token: string): void {
    // Given back, or one client that logs in and out without end would push out what others have shown.
    if (this.#young.delete(token)) this.#characters -= token.length;
    this.#old.delete(token);
  }
}
