import { callGuarded } from '../runtime/warnings';
import type { RevocationRefusal } from './rules';
import type { IndexedSession } from './session-index';

/** A live session that a rule can end. */
export interface RevocableSession extends IndexedSession {
  /** When its token ends, in ms since the epoch; `Infinity` if never. */
  readonly endsAt: number;
  /** Ends it, for reason `revoked`. */
  revoke(refusal: RevocationRefusal): void;
  /**
   * Tells the client that the session ends at a moment (ms since the epoch) unless it renews: `token_expiring`, with
   * the earlier of this moment and the token's end. The caller must call `revoke` at that moment.
   */
  shorten(endsAt: number): void;
}

/** Ends sessions. An exception in the application's listener must not keep the next session alive. */
export function endSessions(sessions: Iterable<RevocableSession>, refusal: RevocationRefusal): void {
  for (const session of sessions) callGuarded('the end of a session', () => session.revoke(refusal));
}
