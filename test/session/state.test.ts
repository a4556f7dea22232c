import { expect } from 'chai';
import { AUTHENTICATED, CLOSED, isBusy, isOpen, PENDING, transition } from '../../lib/session/state';
import type { SessionEvent, SessionState } from '../../lib/session/state';

const verifying: SessionState = { status: 'verifying', attempt: 1, overdue: false };
const overdue: SessionState = { ...verifying, overdue: true };
const renewing: SessionState = { status: 'renewing', attempt: 1 };
const states = {
  pending: PENDING,
  verifying,
  overdue,
  authenticated: AUTHENTICATED,
  renewing,
  closed: CLOSED,
};
type Name = keyof typeof states;

const submit: SessionEvent = { type: 'submit', attempt: 1 };
const accept: SessionEvent = { type: 'accept', attempt: 1 };
const refuse: SessionEvent = { type: 'refuse', attempt: 1 };
const staleAccept: SessionEvent = { type: 'accept', attempt: 0 };
const staleRefuse: SessionEvent = { type: 'refuse', attempt: 0 };

/** For each event, the state that follows each of pending, verifying, overdue, authenticated, renewing, closed. */
const TABLE: [event: SessionEvent, ...next: Name[]][] = [
  [submit, 'verifying', 'verifying', 'overdue', 'renewing', 'renewing', 'closed'],
  [accept, 'pending', 'authenticated', 'authenticated', 'authenticated', 'authenticated', 'closed'],
  [refuse, 'pending', 'pending', 'pending', 'authenticated', 'authenticated', 'closed'],
  [staleAccept, 'pending', 'verifying', 'overdue', 'authenticated', 'renewing', 'closed'],
  [staleRefuse, 'pending', 'verifying', 'overdue', 'authenticated', 'renewing', 'closed'],
  [{ type: 'timeout' }, 'closed', 'overdue', 'overdue', 'authenticated', 'renewing', 'closed'],
  [{ type: 'expire' }, 'pending', 'verifying', 'overdue', 'pending', 'verifying', 'closed'],
  [{ type: 'leave' }, 'pending', 'pending', 'pending', 'pending', 'pending', 'closed'],
  [{ type: 'close' }, 'closed', 'closed', 'closed', 'closed', 'closed', 'closed'],
];

describe('the state of a session', () => {
  for (const [event, ...nexts] of TABLE) {
    for (const [index, from] of (Object.keys(states) as Name[]).entries()) {
      const to = nexts[index] as Name;
      const attempt = 'attempt' in event ? ` of attempt ${event.attempt}` : '';
      it(`that is ${from} becomes ${to} by ${event.type}${attempt}`, () => {
        expect(transition(states[from], event)).to.deep.equal(states[to]);
      });
    }
  }

  it('is open while authenticated or renewing, and busy while verifying or renewing', () => {
    const names = (holds: (state: SessionState) => boolean): string[] =>
      Object.entries(states).flatMap(([name, state]) => (holds(state) ? [name] : []));
    expect(names(isOpen)).to.deep.equal(['authenticated', 'renewing']);
    expect(names(isBusy)).to.deep.equal(['verifying', 'overdue', 'renewing']);
  });
});
