import { check } from './check';

describe('a permission, in every order of what may happen to it', () => {
  it('is what the model says, after each step', async function () {
    this.timeout(120_000);
    await check({ runs: 2_000, seed: 14 });
  });
});
