import { expect } from 'chai';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
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

  it('is the same value if an event has no effect', () => {
    for (const event of [staleAccept, staleRefuse])
      for (const [name, state] of Object.entries(states))
        expect(transition(state, event), name).to.equal(state);
    for (const name of ['verifying', 'overdue', 'renewing', 'closed'] as const)
      expect(transition(states[name], submit), name).to.equal(states[name]);
  });

  /** Events in any order; attempts are numbered as a session does it, and outcomes may come late. */
  const history = array(
    record({
      type: constantFrom('submit', 'accept', 'refuse', 'timeout', 'expire', 'leave', 'close'),
      late: integer({ min: 0, max: 3 }),
    }),
    { maxLength: 40 },
  );

  /** Calls back at each step with the state before, the event, and the state after. */
  function follow(
    steps: { type: SessionEvent['type']; late: number }[],
    onStep: (before: SessionState, event: SessionEvent, after: SessionState) => void,
  ): void {
    let state: SessionState = PENDING;
    let attempt = 0;
    for (const { type, late } of steps) {
      if (type === 'submit') attempt += 1;
      const event = { type, attempt: type === 'submit' ? attempt : attempt - late } as SessionEvent;
      const after = transition(state, event);
      onStep(state, event, after);
      state = after;
    }
  }

  it('becomes open only by the outcome of the running attempt, and ends by no refusal', () => {
    assert(
      property(history, (steps) => {
        follow(steps, (before, event, after) => {
          const isItsOwn = isBusy(before) && 'attempt' in event && event.attempt === before.attempt;
          if (!isOpen(before) && isOpen(after))
            expect([event.type, isItsOwn]).to.deep.equal(['accept', true]);
          if (isOpen(before) && !isOpen(after)) expect(event.type).to.be.oneOf(['expire', 'leave', 'close']);
          if (event.type === 'refuse') expect(isOpen(after)).to.equal(isOpen(before));
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('stays closed', () => {
    assert(
      property(history, (steps) => {
        follow(steps, (before, _event, after) => {
          if (before.status === 'closed') expect(after.status).to.equal('closed');
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('is overdue only after a timeout during a verification', () => {
    assert(
      property(history, (steps) => {
        follow(steps, (before, event, after) => {
          if (after.status !== 'verifying' || !after.overdue) return;
          const wasOverdue = before.status === 'verifying' && before.overdue;
          expect(before.status).to.equal('verifying');
          expect(wasOverdue || event.type === 'timeout').to.equal(true);
        });
      }),
      { numRuns: 1000 },
    );
  });
});
