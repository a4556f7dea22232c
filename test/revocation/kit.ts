import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import { Deadlines } from '../../lib/runtime/deadlines';
import type { RevocableSession } from '../../lib/revocation/revocable-session';
import { Revocations } from '../../lib/revocation/revocations';
import type { RevocationContext } from '../../lib/revocation/revocations';
import type { RevocationRefusal } from '../../lib/revocation/rules';
import type { TokenIdentity } from '../../lib/types';

/** A whole second, at which the tests' clock begins. */
export const START = 1_800_000_000_000;

/** A live session without a socket, which notes what befalls it. */
export class LiveSession implements RevocableSession {
  identity: TokenIdentity;
  /** `revoked` or `revoked, retryable`, or the ms from the clock's start until which it may go on. */
  readonly events: (string | number)[] = [];
  /** Ms from the clock's start at which it was told last. */
  toldAt: number | undefined;

  constructor(
    readonly node: Node,
    identity: TokenIdentity,
    readonly endsAt = Infinity,
  ) {
    this.identity = identity;
    node.revocations.register(this);
  }

  get isLive(): boolean {
    return !this.events.some((event) => typeof event === 'string');
  }

  revoke({ retryable }: RevocationRefusal): void {
    this.toldAt = Date.now() - START;
    this.events.push(retryable ? 'revoked, retryable' : 'revoked');
    this.node.revocations.unregister(this);
    this.identity = {};
  }

  shorten(endsAt: number): void {
    this.toldAt = Date.now() - START;
    this.events.push(endsAt - START);
  }

  /** As after a renewal. */
  renew(identity: TokenIdentity): void {
    this.node.revocations.unregister(this);
    this.identity = identity;
    this.node.revocations.register(this);
  }
}

/** The revocations of one node, on a clock that the test moves. */
export class Node {
  readonly deadlines = new Deadlines();
  readonly revocations: Revocations;
  readonly published: unknown[] = [];

  constructor(context: Partial<RevocationContext> = {}) {
    this.revocations = new Revocations({
      deadlines: this.deadlines,
      store: undefined,
      maxTokenLife: undefined,
      lifeAfterExp: 0,
      storeTimeout: 1_000,
      recheckInterval: 0,
      publish: (message) => this.published.push(message),
      ...context,
    });
  }

  close(): void {
    this.revocations.close();
    this.deadlines.close();
  }
}

/** A clock that begins at {@link START}. */
export function fakeClock(): SinonFakeTimers {
  return useFakeTimers({ now: START, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
}
