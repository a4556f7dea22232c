import { expect } from 'chai';
import { array, assert, nat, property } from 'fast-check';
import { ReportBudget } from '../../lib/session/report-budget';

const START = 1_800_000_000_000;

/** How many of so many reports are allowed at a moment. */
const allowed = (budget: ReportBudget, now: number, count = 100): number =>
  Array.from({ length: count }, () => budget.allows(now)).filter(Boolean).length;

describe('the reports to a client', () => {
  it('are 16 in one minute', () => {
    const budget = new ReportBudget();
    expect(allowed(budget, START)).to.equal(16);
    expect(allowed(budget, START + 59_999)).to.equal(0);
    expect(allowed(budget, START + 60_000)).to.equal(16);
    expect(allowed(budget, START + 119_999)).to.equal(0);
  });

  for (const max of [0, 1, 32]) {
    it(`are ${max} in one minute if that is given`, () => {
      const budget = new ReportBudget(max);
      expect(allowed(budget, START)).to.equal(max);
      expect(allowed(budget, START + 60_000)).to.equal(max);
    });
  }

  it('do not accumulate: after a long silence there are 16 too', () => {
    const budget = new ReportBudget();
    expect(allowed(budget, START, 1)).to.equal(1);
    expect(allowed(budget, START + 3_600_000)).to.equal(16);
  });

  it('start again when the clock is set back', () => {
    const budget = new ReportBudget();
    expect(allowed(budget, START)).to.equal(16);
    expect(allowed(budget, START - 1)).to.equal(16);
    expect(allowed(budget, START + 59_998)).to.equal(0);
    expect(allowed(budget, START + 59_999)).to.equal(16);
  });

  it('are never more than 32 in any minute, whenever they are requested', () => {
    assert(
      property(array(nat(30_000), { minLength: 50, maxLength: 300 }), (pauses) => {
        const budget = new ReportBudget();
        let now = START;
        const times: number[] = [];
        for (const pause of pauses) {
          now += pause % 3000;
          if (budget.allows(now)) times.push(now);
        }
        for (const [index, time] of times.entries()) {
          const later = times[index + 32];
          if (later !== undefined) expect(later - time).to.be.at.least(60_000);
        }
      }),
    );
  });
});
