import { expect } from 'chai';
import { Answers } from '../../lib/session/answers';
import type { AnySocket } from '../../lib';

describe('the answers to a connection', () => {
  const socketOf = (client: object): AnySocket => ({ client }) as AnySocket;
  const connection = {};
  const given = (
    answers: Answers,
    kind: 'refusal' | 'busy' | 'dropped',
    client = connection,
    now = 0,
  ): number =>
    Array.from({ length: 200 }, () => answers.allow(socketOf(client), kind, now)).filter(Boolean).length;

  for (const [maxAttempts, most, others] of [
    [1, 20, 32],
    [20, 20, 32],
    [100, 100, 100],
  ] as const) {
    it(`are at most ${most} refusals a minute, over all namespaces, if maxAttempts is ${maxAttempts}; others beside them`, () => {
      const answers = new Answers(maxAttempts);
      expect(given(answers, 'refusal')).to.equal(most);
      for (const kind of ['busy', 'dropped'] as const) expect(given(answers, kind)).to.equal(others);
      expect(given(answers, 'refusal')).to.equal(0);
      expect(given(answers, 'refusal', connection, 60_000)).to.equal(most);
    });
  }

  it('are counted for each connection', () => {
    const answers = new Answers(5);
    expect([given(answers, 'busy'), given(answers, 'busy', {})]).to.deep.equal([32, 32]);
  });
});
