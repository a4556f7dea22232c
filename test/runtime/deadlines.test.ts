import { expect } from 'chai';
import { array, assert, boolean, nat, oneof, property, record } from 'fast-check';
import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import { Deadline, Deadlines } from '../../lib/runtime/deadlines';
import { Warnings } from '../support/warnings';

const DAY = 86_400_000;

describe('the scheduler of deadlines', () => {
  let clock: SinonFakeTimers;
  let deadlines: Deadlines;
  let fired: { name: string; at: number }[];

  beforeEach(() => {
    clock = useFakeTimers({ now: 1_800_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    deadlines = new Deadlines();
    fired = [];
  });

  afterEach(() => {
    deadlines.close();
    clock.restore();
  });

  function make(name: string): Deadline {
    return new Deadline({ onDeadline: () => void fired.push({ name, at: Date.now() }) });
  }

  it('fires at the millisecond', () => {
    const start = Date.now();
    const delays = [1, 63, 64, 65, 5000, 60_000, 60_001, 3_600_000, DAY];
    for (const delay of delays) deadlines.set(make(String(delay)), start + delay);
    clock.tick(DAY);
    expect(fired).to.deep.equal(delays.map((delay) => ({ name: String(delay), at: start + delay })));
  });

  it('fires what is past at once, but never within set', () => {
    deadlines.set(make('past'), Date.now() - 1000);
    expect(fired).to.deep.equal([]);
    clock.tick(1);
    expect(fired).to.have.length(1);
  });

  it('waits longer than the 2^31-1 ms that a Node timer can', () => {
    const start = Date.now();
    deadlines.set(make('far'), start + 60 * DAY);
    clock.tick(60 * DAY - 1);
    expect(fired).to.deep.equal([]);
    clock.tick(1);
    expect(fired).to.deep.equal([{ name: 'far', at: start + 60 * DAY }]);
  });

  it('keeps what is beyond all horizons, and never fires it early', () => {
    const far = make('far');
    deadlines.set(far, 8.64e15);
    const [year] = [365 * DAY];
    for (let years = 0; years < 300; years += 20) {
      clock.setSystemTime(Date.now() + 20 * year);
      clock.tick(120_000);
    }
    expect(fired).to.deep.equal([]);
    expect(far.isSet).to.equal(true);
  });

  it('does not fire what was cleared, moved, or set to Infinity', () => {
    const [cleared, moved, endless] = [make('cleared'), make('moved'), make('endless')];
    for (const deadline of [cleared, moved, endless]) deadlines.set(deadline, Date.now() + 100);
    deadlines.clear(cleared);
    deadlines.clear(cleared);
    deadlines.set(endless, Infinity);
    deadlines.set(moved, Date.now() + 200);
    clock.tick(150);
    expect(fired).to.deep.equal([]);
    clock.tick(50);
    expect(fired.map(({ name }) => name)).to.deep.equal(['moved']);
    expect([cleared, moved, endless].some(({ isSet }) => isSet)).to.equal(false);
  });

  it('takes a deadline that is set again from its own firing', () => {
    let times = 0;
    const again: Deadline = new Deadline({
      onDeadline: () => {
        times += 1;
        if (times < 3) deadlines.set(again, Date.now() + 10);
      },
    });
    deadlines.set(again, Date.now() + 10);
    clock.tick(100);
    expect(times).to.equal(3);
  });

  it('goes on when an owner throws, and reports it', async () => {
    const warnings = new Warnings();
    deadlines.after(10, () => {
      throw new Error('oops');
    });
    deadlines.set(make('other'), Date.now() + 10);
    clock.tick(10);
    expect(fired).to.have.length(1);
    expect((await warnings.next()).message).to.equal('a deadline failed');
    warnings.close();
  });

  it('calls back after a delay, unless that is taken back', () => {
    deadlines.after(10, () => fired.push({ name: 'kept', at: 0 }));
    const cancel = deadlines.after(10, () => fired.push({ name: 'cancelled', at: 0 }));
    cancel();
    clock.tick(20);
    expect(fired.map(({ name }) => name)).to.deep.equal(['kept']);
  });

  it('notices within a minute that the wall clock went ahead, as after a sleep', () => {
    deadlines.set(make('one'), Date.now() + DAY);
    clock.setSystemTime(Date.now() + 2 * DAY);
    clock.tick(60_000);
    expect(fired).to.have.length(1);
  });

  for (const how of ['at the next set', 'by itself']) {
    it(`follows a wall clock that is set back, ${how}`, () => {
      deadlines.set(make('long'), Date.now() + 5000);
      clock.tick(4000);
      clock.setSystemTime(Date.now() - DAY);
      if (how === 'by itself') {
        clock.tick(60_000);
        deadlines.set(make('short'), Date.now() + 100);
      } else deadlines.set(make('short'), Date.now() + 100);
      clock.tick(100);
      expect(fired.map(({ name }) => name)).to.deep.equal(['short']);
      clock.tick(DAY + 5000);
      expect(fired.map(({ name }) => name)).to.deep.equal(['short', 'long']);
    });
  }

  it('forgets everything when it is closed, and takes no more', () => {
    deadlines.set(make('before'), Date.now() + 10);
    deadlines.close();
    deadlines.set(make('after'), Date.now() + 10);
    clock.tick(1000);
    expect(fired).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('may be closed by one of its own', () => {
    deadlines.after(10, () => deadlines.close());
    deadlines.set(make('later'), Date.now() + 20);
    clock.tick(1000);
    expect(fired).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('has one Node timer for all, and none when nothing is set', () => {
    const all = Array.from({ length: 1000 }, (_, index) => make(String(index)));
    for (const [index, deadline] of all.entries()) deadlines.set(deadline, Date.now() + 1000 + index * 977);
    expect(clock.countTimers()).to.equal(1);
    clock.tick(2_000_000);
    expect(fired).to.have.length(1000);
    expect(clock.countTimers()).to.equal(0);
  });

  it('fires like a list that is looked through every millisecond', () => {
    const operation = record({
      index: nat(9),
      delay: oneof(nat(100), nat(10_000), nat(20_000_000)),
      wait: oneof(nat(10), nat(5000), nat(10_000_000)),
      isClear: boolean(),
    });
    assert(
      property(array(operation, { maxLength: 40 }), (operations) => {
        fired = [];
        const names = Array.from({ length: 10 }, (_, index) => String(index));
        const all = names.map(make);
        const due = new Map<string, number>();
        const expected: { name: string; at: number }[] = [];
        for (const { index, delay, wait, isClear } of operations) {
          const [name, deadline] = [names[index] as string, all[index] as Deadline];
          if (isClear) deadlines.clear(deadline);
          else deadlines.set(deadline, Date.now() + delay);
          if (isClear) due.delete(name);
          else due.set(name, Date.now() + delay);
          const end = Date.now() + wait;
          for (const [other, at] of due) {
            if (at > end) continue;
            expected.push({ name: other, at });
            due.delete(other);
          }
          clock.tick(wait);
        }
        for (const deadline of all) deadlines.clear(deadline);
        const order = (one: { name: string; at: number }, two: typeof one): number =>
          one.at - two.at || one.name.localeCompare(two.name);
        expect(fired.toSorted(order)).to.deep.equal(expected.toSorted(order));
      }),
      { numRuns: 200 },
    );
  });
});
