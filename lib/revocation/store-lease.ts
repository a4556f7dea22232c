/** Counts the users of each store: authorizers may share a store object, and the last one to close releases it. */
import type { RevocationStore } from '../types';

/** What a store holds while it is in use. */
export interface StoreLease {
  /** Called before the first authorizer uses the store; throws if another store holds the same. */
  claim(): void;
  /** Called when no authorizer uses the store any more. */
  release(): void;
}

const leases = new WeakMap<RevocationStore, StoreLease>();
const users = new WeakMap<RevocationStore, number>();

/** Gives a store a lease. */
export function leaseTo(store: RevocationStore, lease: StoreLease): void {
  leases.set(store, lease);
}

/** @throws whatever the store's lease throws */
export function retainStore(store: RevocationStore): void {
  const count = users.get(store) ?? 0;
  if (count === 0) leases.get(store)?.claim();
  users.set(store, count + 1);
}

/** Call it once for each {@link retainStore}. */
export function releaseStore(store: RevocationStore): void {
  const count = (users.get(store) as number) - 1;
  users.set(store, count);
  if (count === 0) leases.get(store)?.release();
}
