import { warnOnce } from '../runtime/warnings';
import type { JwtClaims } from '../types';

/** Decides whether a session may send an event, `data`: its name and its arguments. Only `true` allows. */
export type PermissionRule = (claims: JwtClaims, data: readonly unknown[]) => unknown;

/** The permissions that events need; built once from the options. */
export class Permissions {
  readonly #rules: ReadonlyMap<string, PermissionRule>;
  readonly #others: PermissionRule | undefined;
  readonly #allow: ReadonlySet<string>;
  readonly #warn = warnOnce(
    'options.permissions: a rule threw, or returned something other than true or false. The event is refused.',
  );

  /**
   * @param rules by the event's name
   * @param others for events that are not named; `undefined` lets them pass
   * @param allow events that need no permission unless they are named
   */
  constructor(
    rules: ReadonlyMap<string, PermissionRule>,
    others: PermissionRule | undefined,
    allow: ReadonlySet<string>,
  ) {
    this.#rules = rules;
    this.#others = others;
    this.#allow = allow;
  }

  /** Whether a pending socket may send an event. */
  isOpenToAll(event: string): boolean {
    return this.#allow.has(event);
  }

  /**
   * Whether an authenticated socket may send an event.
   *
   * @param data the event's name and its arguments
   */
  allows(data: readonly unknown[], claims: JwtClaims): boolean {
    if (this.#rules.size === 0 && this.#others === undefined) return true;
    const event = String(data[0]);
    const rule = this.#rules.get(event) ?? (this.#allow.has(event) ? undefined : this.#others);
    return rule === undefined || this.#ask(rule, data, claims);
  }

  #ask(rule: PermissionRule, data: readonly unknown[], claims: JwtClaims): boolean {
    let answer: unknown;
    try {
      answer = rule(claims, data);
    } catch {
      // The error is not reported: its text may contain what the client sent.
      this.#warn();
      return false;
    }
    if (typeof answer !== 'boolean') {
      this.#warn();
      // A rejection without a handler would end the process.
      Promise.resolve(answer).then(undefined, () => undefined);
    }
    return answer === true;
  }
}
