/**
 * What the application does in the middle of the library's work: the next time that a certain listener or function of it
 * runs for a certain socket, it throws, or acts on that socket. The library and the model each do a deed once.
 */
export const HOOKS = [
  'authenticated',
  'reauthenticated',
  'deauthenticated',
  'unauthorized',
  'disconnecting',
  'disconnect',
  'join-room',
  'leave-room',
  'rooms',
  'permission',
  'event',
] as const;
export type Hook = (typeof HOOKS)[number];

/** `revoke`: the user of the deed; `join`: a room of its own. */
export const ACTS = ['throw', 'logout', 'disconnect', 'revoke', 'join'] as const;
export type Act = (typeof ACTS)[number];

export interface Deed {
  readonly hook: Hook;
  readonly act: Act;
  /** Of whom a revocation is. */
  readonly sub: string;
}

/** What a deed throws. */
export class Bug extends Error {
  constructor(readonly hook: Hook) {
    super(`a bug in '${hook}'`);
  }
}

export type Side = 'library' | 'model';

/** The deeds that are planned, by hook and by the socket's line and place, on either side. */
export class Deeds {
  readonly #planned: Readonly<Record<Side, Map<string, Deed>>> = { library: new Map(), model: new Map() };

  plan(deed: Deed, line: string, place: string): void {
    for (const planned of Object.values(this.#planned)) planned.set(`${deed.hook} of ${line} ${place}`, deed);
  }

  /** The deed that is due, once. */
  take(side: Side, hook: Hook, socket: string): Deed | undefined {
    const key = `${hook} of ${socket}`;
    const deed = this.#planned[side].get(key);
    this.#planned[side].delete(key);
    return deed;
  }

  /** Those that are not done yet. */
  left(side: Side): string[] {
    return [...this.#planned[side].keys()].toSorted();
  }
}
