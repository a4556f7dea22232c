import { expect } from 'chai';
import { redisRevocationStore } from '../../lib/redis';
import type { RevocationStore } from '../../lib';

describe('a revocation store on a client that returns invalid answers', () => {
  const on = (answer: unknown): RevocationStore =>
    redisRevocationStore({
      isReady: true,
      mGet: () => Promise.resolve(answer),
      eval: () => Promise.resolve(answer),
    });
  const faultOf = (answer: unknown): Promise<unknown> =>
    Promise.resolve(answer).catch((error: unknown) => error);

  for (const answer of [[7], [{}], 'not a list', null]) {
    it(`rejects ${JSON.stringify(answer)} instead of accepting a token`, async () => {
      expect(await faultOf(on(answer).isRevoked({ jti: 'one' }))).to.be.instanceOf(Error);
      expect(await faultOf(on(answer).rulesSince?.())).to.be.instanceOf(Error);
    });
  }

  for (const answer of ['', 'abc']) {
    it(`rejects the second ${JSON.stringify(answer)} of a user's rule`, async () => {
      expect(await faultOf(on([answer]).isRevoked({ sub: 'bob', iat: 1 }))).to.be.instanceOf(Error);
    });

    it(`rejects the time ${JSON.stringify(answer)} of a list of rules`, async () => {
      expect(await faultOf(on([answer]).rulesSince?.())).to.be.instanceOf(Error);
    });
  }

  it('rejects a list of rules without a time', async () => {
    expect(await faultOf(on([]).rulesSince?.())).to.be.instanceOf(Error);
  });
});
