import { expect } from 'chai';
import { needs } from '../support/debian';
import { LONG_TIMEOUT } from '../support/world';
import { soak } from './soak';

describe('a short soak', () => {
  it('ends with the same state on nodes and clients, and with nothing left in memory', async function () {
    needs(this, 'redis-server');
    const { counts, faults } = await soak({
      sockets: 300,
      nodes: 3,
      duration: { turns: 80 },
      // Some shall still wait when all is counted, on a busy machine too.
      timeout: LONG_TIMEOUT,
      seed: 20_261_124,
      pace: 1_000,
      warmUp: 0,
    });
    expect(faults).to.deep.equal([]);
    // All of it has happened, or nothing was shown.
    expect(counts).to.include.keys(
      'login',
      'renewal',
      'renewal as another user',
      'logout',
      'change of user',
      'drop',
      'revocation by jti',
      'revocation by sid',
      'revocation by sub',
      'revocation by grace',
      'message',
      'unauthorized: expired',
      'unauthorized: revoked',
      'unauthorized: malformed',
      'unauthorized: identity_mismatch',
    );
    expect(counts['at the end authenticated']).to.be.above(0);
    expect(counts['at the end pending']).to.be.above(0);
  });
});
