import { expect } from 'chai';
import { check } from './check';
import { ACTS, HOOKS, isPossible } from './deeds';

describe('a permission, in every order of what may happen to it', () => {
  it('is what the model says, after each step, whatever the application’s listeners do meanwhile', async () => {
    const { seen, deeds } = await check({ runs: 2_000, seed: 20_261_126 });
    // All of it has happened, or nothing was shown.
    expect([...seen]).to.include.members([
      'answer: ok',
      'answer: invalid_token',
      'answer: invalid_secret',
      'answer: revocation_unavailable',
      'answer: identity_mismatch',
      'answer: authentication_in_progress',
      'answer: not_authenticated',
      'answer: unknown',
      'end: expired',
      'end: revoked',
      'end: logout',
      'heard',
      'restored',
      'a token waited for another',
    ]);
    expect([...deeds.keys()]).to.include.members(
      HOOKS.flatMap((hook) =>
        ACTS.filter((act) => isPossible({ hook, act })).map((act) => `${hook}: ${act}`),
      ),
    );
  });
});
