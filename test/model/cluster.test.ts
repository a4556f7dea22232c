import { expect } from 'chai';
import { simulate } from './cluster/cluster';

describe('a cluster whose network, store and nodes fail', () => {
  it('ends every revoked session in time, on each node, for 200 seeds', async () => {
    const all = { deliveries: 0, revocations: 0, late: 0 };
    for (let seed = 1; seed <= 200; seed += 1) {
      const { faults, deliveries, revocations, late } = await simulate(seed);
      expect(faults, `seed ${seed}; again: npm run cluster-model -- --seed ${seed}`).to.deep.equal([]);
      all.deliveries += deliveries;
      all.revocations += revocations;
      all.late += late;
    }
    // Something was said, something was revoked, and some of it did not arrive at once.
    expect(all.deliveries).to.be.above(10_000);
    expect(all.revocations).to.be.above(1_000);
    expect(all.late).to.be.above(100);
  });
});
