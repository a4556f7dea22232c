import type { Member } from './member';

/** Those of a session's sockets that hold events. */
export class HoldingMembers {
  readonly #all = new Set<Member>();
  /** Those of them that hold events only because a token is under way. */
  readonly #expecting = new Set<Member>();

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  add(member: Member, isExpecting: boolean): void {
    this.#all.add(member);
    if (isExpecting) this.#expecting.add(member);
  }

  delete(member: Member): void {
    this.#all.delete(member);
    this.#expecting.delete(member);
  }

  visit(visit: (member: Member) => void): void {
    this.#visit(this.#all, visit);
  }

  visitExpecting(visit: (member: Member) => void): void {
    this.#visit(this.#expecting, visit);
  }

  /** Those that hold nothing any more are not visited again. */
  #visit(members: ReadonlySet<Member>, visit: (member: Member) => void): void {
    for (const member of members) {
      visit(member);
      if (!member.isHoldingEvents) this.delete(member);
    }
  }
}
