import { expect } from 'chai';
import { unauthorized } from '../../lib/errors';
import { Verification } from '../../lib/session/verification';
import type { Job } from '../../lib/session/verification';
import type { Outcome } from '../../lib/token/admission';
import { CODES } from '../../lib/protocol';

const OUTCOME = unauthorized(CODES.unknown);

describe('the verification of one connection’s tokens', () => {
  let verification: Verification;
  let log: string[];
  let finish: Map<string, () => Promise<void>>;

  beforeEach(() => {
    verification = new Verification();
    log = [];
    finish = new Map();
  });

  /** A token whose verification ends when {@link end} is called. */
  function slow(name: string, onSettle: () => void = () => undefined): Job {
    return {
      judge: () => {
        log.push(`judge ${name}`);
        return new Promise<Outcome>((resolve) => {
          finish.set(name, async () => {
            resolve(OUTCOME);
            // The next one begins a turn of the event loop later.
            for (let turns = 0; turns < 2; turns += 1) await new Promise(setImmediate);
          });
        });
      },
      settle: (outcome) => {
        expect(outcome).to.equal(OUTCOME);
        log.push(`settle ${name}`);
        onSettle();
      },
    };
  }

  function quick(name: string): Job {
    return {
      judge: () => {
        log.push(`judge ${name}`);
        return OUTCOME;
      },
      settle: () => {
        log.push(`settle ${name}, ${verification.isRunning ? 'running' : 'idle'}`);
      },
    };
  }

  const end = (name: string): Promise<void> => (finish.get(name) as () => Promise<void>)();

  it('has the outcome in the same tick if there is nothing to wait for', () => {
    verification.submit(quick('one'));
    verification.submit(quick('two'));
    expect(log).to.deep.equal(['judge one', 'settle one, idle', 'judge two', 'settle two, idle']);
    expect(verification.isRunning).to.equal(false);
  });

  it('runs one at a time: the next token waits for the outcome', async () => {
    verification.submit(slow('one'));
    expect(verification.isRunning).to.equal(true);
    verification.submit(slow('two'));
    expect(log).to.deep.equal(['judge one']);
    await end('one');
    expect(log).to.deep.equal(['judge one', 'settle one', 'judge two']);
    expect(verification.isRunning).to.equal(true);
    await end('two');
    expect(log.at(-1)).to.equal('settle two');
    expect(verification.isRunning).to.equal(false);
  });

  it('lets one token wait, the newest', async () => {
    for (const name of ['one', 'two', 'three', 'four']) verification.submit(slow(name));
    await end('one');
    await end('four');
    expect(log).to.deep.equal(['judge one', 'settle one', 'judge four', 'settle four']);
  });

  it('runs no more than one, even if an outcome brings another token', async () => {
    verification.submit(slow('one', () => verification.submit(slow('of the outcome'))));
    verification.submit(slow('two'));
    await end('one');
    expect(log).to.deep.equal(['judge one', 'settle one', 'judge of the outcome']);
    await end('of the outcome');
    expect(log.slice(3)).to.deep.equal(['settle of the outcome', 'judge two']);
  });

  it('lets an outcome cancel the token that waits', async () => {
    const two = slow('two');
    verification.submit(slow('one', () => expect(verification.withdraw(two)).to.equal(true)));
    verification.submit(two);
    await end('one');
    expect(log).to.deep.equal(['judge one', 'settle one']);
    expect(verification.isRunning).to.equal(false);
  });

  it('lets a waiting token be cancelled until its verification begins', async () => {
    const two = slow('two');
    verification.submit(
      slow('one', () => process.nextTick(() => expect(verification.withdraw(two)).to.equal(true))),
    );
    verification.submit(two);
    await end('one');
    expect(log).to.deep.equal(['judge one', 'settle one']);
  });

  it('drops a waiting token, and reports it; a running verification continues', async () => {
    const [one, two] = [slow('one'), slow('two')];
    verification.submit(one);
    verification.submit(two);
    expect(verification.withdraw(one)).to.equal(false);
    expect(verification.withdraw(two)).to.equal(true);
    expect(verification.withdraw(two)).to.equal(false);
    await end('one');
    expect(log).to.deep.equal(['judge one', 'settle one']);
    expect(verification.isRunning).to.equal(false);
  });

  it('gives 16 answers during one verification, and as many during the next', async () => {
    const answers = (): number =>
      Array.from({ length: 40 }, () => verification.mayAnswer()).filter(Boolean).length;
    verification.submit(slow('one'));
    expect(answers()).to.equal(16);
    await end('one');
    expect(answers()).to.equal(0);
    verification.submit(quick('two'));
    expect(answers()).to.equal(16);
    verification.submit(slow('three'));
    verification.submit(slow('four'));
    expect(answers()).to.equal(16);
    await end('three');
    expect(answers()).to.equal(16);
  });
});
