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

/** `revoke`: the user of the deed; `join`: a room of its own; `broadcast`: to the namespace. */
export const ACTS = ['throw', 'logout', 'disconnect', 'revoke', 'join', 'leave', 'broadcast'] as const;
export type Act = (typeof ACTS)[number];

export interface Deed {
  readonly hook: Hook;
  readonly act: Act;
  /** Of whom a revocation is. */
  readonly sub: string;
}

export interface PlannedDeed extends Deed {
  /** What a broadcast says. */
  readonly news: number;
}

/** Sessions that end together end one after the other: nobody promises what the others hear of the first. */
export const isAlone = (hook: Hook): boolean => hook === 'deauthenticated';

/** While a socket closes, or is between its rooms, nobody promises whether a broadcast reaches it. */
const BETWEEN: ReadonlySet<Hook> = new Set(['disconnecting', 'disconnect', 'join-room', 'leave-room']);

/** Whether an act may be planned for a hook. */
export const isPossible = ({ hook, act }: Pick<Deed, 'hook' | 'act'>): boolean =>
  act !== 'broadcast' || !BETWEEN.has(hook);

/** What a deed throws. */
export class Bug extends Error {
  constructor(readonly hook: Hook) {
    super(`a bug in '${hook}'`);
  }
}

export type Side = 'library' | 'model';

/** The deeds that are planned, by hook and by the socket's line and place, on either side. */
export class Deeds {
  readonly #planned: Readonly<Record<Side, Map<string, PlannedDeed>>> = {
    library: new Map(),
    model: new Map(),
  };

  plan(deed: PlannedDeed, line: string, place: string): void {
    for (const planned of Object.values(this.#planned)) planned.set(`${deed.hook} of ${line} ${place}`, deed);
  }

  /** The deed that is due, once. */
  take(side: Side, hook: Hook, socket: string): PlannedDeed | undefined {
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
