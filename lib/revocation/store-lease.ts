/** Knows the users of each store: authorizers may share a store object, and the last one to close releases it. */
import type { RevocationStore } from '../types';
import type { TokenLife } from './rule-life';

/** What a store holds while it is in use. */
export interface StoreLease {
  /** Called before the first authorizer uses the store; throws if another store holds the same. */
  claim(): void;
  /** Called when no authorizer uses the store any more. */
  release(): void;
}

const leases = new WeakMap<RevocationStore, StoreLease>();
/** How long tokens are accepted by each authorizer that uses a store; one object for each. */
const users = new WeakMap<RevocationStore, Set<TokenLife>>();

/** Gives a store a lease. */
export function leaseTo(store: RevocationStore, lease: StoreLease): void {
  leases.set(store, lease);
}

/**
 * @param life an object of the user's own
 * @throws whatever the store's lease throws
 */
export function retainStore(store: RevocationStore, life: TokenLife): void {
  const lives = users.get(store) ?? new Set<TokenLife>();
  if (lives.size === 0) leases.get(store)?.claim();
  users.set(store, lives.add(life));
}

/** Call it once for each {@link retainStore}. */
export function releaseStore(store: RevocationStore, life: TokenLife): void {
  const lives = users.get(store) as Set<TokenLife>;
  lives.delete(life);
  if (lives.size === 0) leases.get(store)?.release();
}

/** How long tokens are accepted by those who use a store. */
export function livesAt(store: RevocationStore): Iterable<TokenLife> {
  return users.get(store) as Set<TokenLife>;
}
