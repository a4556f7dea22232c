import { expect } from 'chai';
import { array, assert, boolean, nat, oneof, property, record } from 'fast-check';
import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import { Deadline, Deadlines, Delay } from '../../lib/runtime/deadlines';
import { Warnings } from '../support/warnings';

const DAY = 86_400_000;
const YEAR = 365 * DAY;
/** At no slot's beginning. */
const START = 1_800_012_345_678;

describe('the scheduler of deadlines', () => {
  let clock: SinonFakeTimers;
  let deadlines: Deadlines;
  let fired: { name: string; at: number }[];

  beforeEach(() => {
    clock = useFakeTimers({ now: START, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
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

  it('fires a past deadline at once, but never inside `set`', () => {
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

  it('keeps deadlines that are very far away, and never fires them early', () => {
    const far = make('far');
    deadlines.set(far, 8.64e15);
    for (let years = 0; years < 300; years += 20) {
      clock.setSystemTime(Date.now() + 20 * YEAR);
      clock.tick(120_000);
    }
    expect(fired).to.deep.equal([]);
    expect(far.isSet).to.equal(true);
  });

  it('does not fire a deadline that was cleared, moved, or set to Infinity', () => {
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
    expect([cleared, moved, endless].map(({ at }) => at)).to.deep.equal([Infinity, Infinity, Infinity]);
  });

  it('allows a deadline to be set again while it fires', () => {
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

  it('continues when an owner throws, and reports it', async () => {
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

  it('calls back after a delay, unless that was cancelled', () => {
    deadlines.after(10, () => fired.push({ name: 'kept', at: 0 }));
    const cancel = deadlines.after(10, () => fired.push({ name: 'cancelled', at: 0 }));
    cancel();
    clock.tick(9);
    expect(fired).to.deep.equal([]);
    clock.tick(1);
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

  for (const how of ['at the next set', 'by itself']) {
    it(`keeps the length of a delay while a wall clock is set back, ${how}`, () => {
      deadlines.after(5000, () => fired.push({ name: 'after', at: 0 }));
      deadlines.set(new Delay({ onDeadline: () => fired.push({ name: 'delay', at: 0 }) }), Date.now() + 6000);
      clock.tick(4000);
      // What is set tells the scheduler how late it is.
      deadlines.set(make('day'), Date.now() + 1000);
      clock.setSystemTime(Date.now() - DAY);
      if (how === 'at the next set') deadlines.set(make('other'), Date.now() + YEAR);
      clock.tick(999);
      expect(fired).to.deep.equal([]);
      clock.tick(1);
      expect(fired.map(({ name }) => name)).to.deep.equal(['after']);
      clock.tick(1000);
      expect(fired.map(({ name }) => name)).to.deep.equal(['after', 'delay']);
      clock.tick(DAY);
      expect(fired.map(({ name }) => name)).to.deep.equal(['after', 'delay', 'day']);
    });
  }

  it('drops everything when it is closed, and accepts nothing more', () => {
    deadlines.set(make('before'), Date.now() + 10);
    deadlines.close();
    expect(clock.countTimers()).to.equal(0);
    for (const delay of [1, 10, 100]) deadlines.set(make('after'), Date.now() + delay);
    clock.tick(1000);
    expect(fired).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('may be closed by one of its deadlines', () => {
    deadlines.after(10, () => deadlines.close());
    deadlines.set(make('later'), Date.now() + 20);
    clock.tick(1000);
    expect(fired).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('has one Node timer for all deadlines, and none when nothing is set', () => {
    const all = Array.from({ length: 1000 }, (_, index) => make(String(index)));
    for (const [index, deadline] of all.entries()) deadlines.set(deadline, Date.now() + 1000 + index * 977);
    expect(clock.countTimers()).to.equal(1);
    clock.tick(2_000_000);
    expect(fired).to.have.length(1000);
    expect(clock.countTimers()).to.equal(0);
  });

  it('has one Node timer even if each deadline is nearer than the one before', () => {
    for (const delay of [DAY, 60_000, 5000, 100, 10]) {
      deadlines.set(make(String(delay)), START + delay);
      expect(clock.countTimers()).to.equal(1);
    }
  });

  it('keeps no process alive', () => {
    clock.restore();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const real = new Deadlines();
    real.set(make('far'), Date.now() + DAY);
    expect(timers()).to.equal(before);
    real.close();
  });

  it('fires the same deadlines as a plain list that is searched every millisecond', () => {
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

describe('the scheduler of deadlines, on a clock of its own', () => {
  let timers: SinonFakeTimers;
  /** Ms since the epoch; it goes on when the test says so, whatever Node's timers do. */
  let now: number;
  let wheel: Deadlines;
  let fired: string[];
  /** How often a Node timer was set, and how often one has woken the scheduler. */
  let sets: number;
  let wakes: number;

  beforeEach(() => {
    timers = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { setTimeout: set } = globalThis;
    globalThis.setTimeout = ((callback: () => void, delay: number) => {
      sets += 1;
      return set(() => {
        wakes += 1;
        callback();
      }, delay);
    }) as typeof setTimeout;
    now = START;
    [fired, sets, wakes] = [[], 0, 0];
    wheel = new Deadlines({ now: () => now });
  });

  afterEach(() => {
    wheel.close();
    timers.restore();
  });

  function make(name: string): Deadline {
    return new Deadline({ onDeadline: () => void fired.push(name) });
  }

  /** Both clocks go on, ms by ms. */
  function pass(ms: number): void {
    for (let times = 0; times < ms; times += 1) {
      now += 1;
      timers.tick(1);
    }
  }

  it('is never early if a deadline has a fraction of a ms', () => {
    wheel.set(make('one'), START + 10.5);
    pass(10);
    expect(fired).to.deep.equal([]);
    pass(1);
    expect(fired).to.deep.equal(['one']);
  });

  it('is never early if the clock has fractions of a ms', () => {
    now += 0.9;
    wheel.set(make('one'), START + 10.95);
    pass(10);
    expect(fired).to.deep.equal([]);
    pass(1);
    expect(fired).to.deep.equal(['one']);
  });

  it('wakes up without a due deadline at most once a minute', () => {
    wheel.set(make('far'), START + DAY);
    pass(59_999);
    expect(wakes).to.equal(0);
    pass(60_001);
    expect(wakes).to.equal(2);
  });

  it('sets no second timer for a deadline that is due together with another', () => {
    for (const name of ['one', 'two']) wheel.set(make(name), START + 10);
    expect(sets).to.equal(1);
    pass(10);
    expect(fired).to.deep.equal(['one', 'two']);
  });

  it('wakes up once for a near deadline, while a distant one waits', () => {
    wheel.set(make('long'), START + 3_600_000);
    for (let minutes = 0; minutes < 50; minutes += 1) {
      now += 60_000;
      timers.tick(60_000);
    }
    wakes = 0;
    wheel.set(make('short'), now + 10);
    pass(10);
    expect(fired).to.deep.equal(['short']);
    expect(wakes).to.equal(1);
  });

  describe("when Node's timer fires late", () => {
    it('loses no overdue deadline when another is set', () => {
      wheel.set(make('overdue'), START + 10);
      now += 100;
      wheel.set(make('next'), now + 50);
      timers.tick(10);
      expect(fired).to.deep.equal(['overdue']);
      pass(50);
      expect(fired).to.deep.equal(['overdue', 'next']);
    });

    it('keeps the order when a deadline is set exactly at the start of a slot', () => {
      // 64 ms are a slot of the second ring, and it begins in 10 ms.
      now = Math.ceil(START / 64) * 64 - 10;
      wheel = new Deadlines({ now: () => now });
      wheel.set(make('first'), now + 30);
      now += 10;
      wheel.set(make('second'), now + 50);
      timers.tick(10);
      pass(20);
      expect(fired).to.deep.equal(['first']);
      pass(30);
      expect(fired).to.deep.equal(['first', 'second']);
    });
  });

  describe('whose wall clock is set back', () => {
    it('by a second, fires a deadline that is set then once the second is over', () => {
      now -= 1000;
      wheel.set(make('one'), now + 10);
      pass(999);
      expect(fired).to.deep.equal([]);
      pass(1);
      expect(fired).to.deep.equal(['one']);
    });

    it('by more, fires a deadline that is set then in time', () => {
      now -= 1001;
      wheel.set(make('one'), now + 10);
      pass(10);
      expect(fired).to.deep.equal(['one']);
    });

    it('by a second, fires an overdue deadline once the second is over', () => {
      wheel.set(make('one'), START - DAY);
      // It wakes up in a ms, a second before that moment.
      now -= 1001;
      pass(1000);
      expect(fired).to.deep.equal([]);
      pass(1);
      expect(fired).to.deep.equal(['one']);
    });

    it('by more, fires an overdue deadline at once', () => {
      wheel.set(make('one'), START - DAY);
      now -= 1002;
      pass(1);
      expect(fired).to.deep.equal(['one']);
    });

    it('fires earlier deadlines in time, and wakes up as often as a new scheduler', () => {
      const counts: number[] = [];
      for (const isSetBack of [true, false]) {
        [fired, wakes] = [[], 0];
        const [one, two, far] = ['one', 'two', 'far'].map(make) as [Deadline, Deadline, Deadline];
        now = isSetBack ? START : START - 2000;
        const other = new Deadlines({ now: () => now });
        other.set(one, START + 1000);
        other.set(two, START + 3000);
        now = START - 2000;
        other.set(far, START + DAY);
        pass(2999);
        expect(fired).to.deep.equal([]);
        pass(1);
        expect(fired).to.deep.equal(['one']);
        pass(2000);
        expect(fired).to.deep.equal(['one', 'two']);
        counts.push(wakes);
        other.close();
      }
      expect(counts[0]).to.equal(counts[1]);
    });

    it('sets one timer if it was empty', () => {
      const former = make('former');
      wheel.set(former, START + 100);
      wheel.clear(former);
      now -= DAY;
      sets = 0;
      wheel.set(make('one'), now + 10);
      expect(sets).to.equal(1);
    });
  });

  it('finds deadlines after the turn of a century', () => {
    // The turn of the widest ring ends in 2109.
    now = Date.UTC(2100, 0);
    wheel = new Deadlines({ now: () => now });
    wheel.set(make('far'), now + 30 * YEAR);
    now += 30 * YEAR - 1;
    timers.tick(60_000);
    expect(fired).to.deep.equal([]);
    now += 1;
    timers.tick(60_000);
    expect(fired).to.deep.equal(['far']);
  });
});
