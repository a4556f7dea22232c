import type { RevocationRule, TokenIdentity } from '../types';
import { issuedBefore } from './rules';

/** A session as an index knows it. */
export interface IndexedSession {
  readonly identity: TokenIdentity;
}

/**
 * Finds the live sessions that a rule names, at the cost of those found. Most tokens belong to one session, so a lone
 * session is kept as it is, and a set is made for the second.
 */
export class SessionIndex<Session extends IndexedSession> {
  readonly #byJti = new Map<string, Session | Set<Session>>();
  readonly #bySub = new Map<string, Session | Set<Session>>();

  add(session: Session): void {
    insert(this.#byJti, session.identity.jti, session);
    insert(this.#bySub, session.identity.sub, session);
  }

  /** To be called with the identity that it was added with. */
  delete(session: Session): void {
    remove(this.#byJti, session.identity.jti, session);
    remove(this.#bySub, session.identity.sub, session);
  }

  /** The sessions that a rule refuses, in a list of their own. */
  find(rule: RevocationRule): Session[] {
    if ('jti' in rule) return list(this.#byJti.get(rule.jti));
    return list(this.#bySub.get(rule.sub)).filter(({ identity }) =>
      issuedBefore(identity, rule.issuedBefore),
    );
  }
}

function insert<Session>(
  map: Map<string, Session | Set<Session>>,
  key: string | undefined,
  session: Session,
): void {
  if (key === undefined) return;
  const known = map.get(key);
  if (known === undefined) map.set(key, session);
  else if (known instanceof Set) known.add(session);
  else map.set(key, new Set([known, session]));
}

function remove<Session>(
  map: Map<string, Session | Set<Session>>,
  key: string | undefined,
  session: Session,
): void {
  if (key === undefined) return;
  const known = map.get(key);
  if (known === session) map.delete(key);
  else if (known instanceof Set && known.delete(session) && known.size === 0) map.delete(key);
}

function list<Session>(known: Session | Set<Session> | undefined): Session[] {
  if (known === undefined) return [];
  return known instanceof Set ? [...known] : [known];
}
