import type { RevocationRule, TokenIdentity } from '../types';
import { issuedBefore, KINDS, targetOf } from './rule-keys';
import type { RuleKind } from './rule-keys';

/** The members of a session that the index reads. */
export interface IndexedSession {
  readonly identity: TokenIdentity;
}

type Names<Session> = Map<string, Session | Set<Session>>;

/**
 * The live sessions. Finding those that a rule names costs as much as there are matches. Most tokens belong to one
 * session, so a set is created only for the second.
 */
export class SessionIndex<Session extends IndexedSession> {
  readonly #byName: Readonly<Record<RuleKind, Names<Session>>> = {
    jti: new Map(),
    sid: new Map(),
    sub: new Map(),
  };
  /** When each session got its current token, in ms since the epoch. */
  readonly #since = new Map<Session, number>();

  get size(): number {
    return this.#since.size;
  }

  /** All sessions. The iterator stays valid while sessions are added and removed. */
  keys(): MapIterator<Session> {
    return this.#since.keys();
  }

  has(session: Session): boolean {
    return this.#since.has(session);
  }

  /** @param now ms since the epoch */
  add(session: Session, now: number): void {
    this.#since.set(session, now);
    for (const kind of KINDS) insert(this.#byName[kind], session.identity[kind], session);
  }

  /** Call it while the session has the identity that it was added with. */
  delete(session: Session): void {
    this.#since.delete(session);
    for (const kind of KINDS) remove(this.#byName[kind], session.identity[kind], session);
  }

  /**
   * The sessions that a rule ends, in a list of their own.
   *
   * @param until ms since the epoch: if the rule is for every session of a user, those that began until then
   */
  find(rule: RevocationRule, until: number): Session[] {
    const { kind, value, iss } = targetOf(rule);
    const named = list(this.#byName[kind].get(value));
    const ofIssuer = iss === undefined ? named : named.filter(({ identity }) => identity.iss === iss);
    if (!('issuedBefore' in rule)) return ofIssuer;
    const begunUntil = rule.revokedAt === undefined ? -Infinity : until;
    return ofIssuer.filter(
      (session) =>
        issuedBefore(session.identity, rule.issuedBefore) ||
        (this.#since.get(session) as number) <= begunUntil,
    );
  }
}

function insert<Session>(names: Names<Session>, name: string | undefined, session: Session): void {
  if (name === undefined) return;
  const known = names.get(name);
  if (known === undefined) names.set(name, session);
  else if (known instanceof Set) known.add(session);
  else names.set(name, new Set([known, session]));
}

function remove<Session>(names: Names<Session>, name: string | undefined, session: Session): void {
  if (name === undefined) return;
  const known = names.get(name);
  if (known === session) names.delete(name);
  else if (known instanceof Set && known.delete(session) && known.size === 0) names.delete(name);
}

function list<Session>(known: Session | Set<Session> | undefined): Session[] {
  if (known === undefined) return [];
  return known instanceof Set ? [...known] : [known];
}
