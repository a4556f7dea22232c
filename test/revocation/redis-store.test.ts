import { expect } from 'chai';
import { redisRevocationStore } from '../../lib/redis';

describe('a revocation store on a client that answers nonsense', () => {
  for (const answer of [[7], [{}], 'not a list', null]) {
    it(`rejects ${JSON.stringify(answer)} instead of letting a token in`, async () => {
      const client = { isReady: true, mGet: () => Promise.resolve(answer), eval: () => Promise.resolve(1) };
      const fault = await Promise.resolve(redisRevocationStore(client).isRevoked({ jti: 'one' })).catch(
        (error: unknown) => error,
      );
      expect(fault).to.be.instanceOf(Error);
    });
  }

  for (const answer of ['', 'abc']) {
    it(`rejects the second ${JSON.stringify(answer)} of a subject's rule`, async () => {
      const client = { isReady: true, mGet: () => Promise.resolve([answer]), eval: () => Promise.resolve(1) };
      const fault = await Promise.resolve(
        redisRevocationStore(client).isRevoked({ sub: 'bob', iat: 1 }),
      ).catch((error: unknown) => error);
      expect(fault).to.be.instanceOf(Error);
    });
  }
});
