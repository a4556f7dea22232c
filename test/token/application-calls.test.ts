import { expect } from 'chai';
import { Deadlines } from '../../lib/runtime/deadlines';
import { UnauthorizedError } from '../../lib';
import { ApplicationCalls } from '../../lib/token/application-calls';
import { toApplicationRefusal } from '../../lib/token/application-refusals';

describe("a call of an application's function", () => {
  let deadlines: Deadlines;
  let calls: ApplicationCalls;

  beforeEach(() => {
    deadlines = new Deadlines();
    calls = new ApplicationCalls(deadlines, 30);
  });
  afterEach(() => deadlines.close());

  async function refusalOf(call: () => unknown): Promise<UnauthorizedError> {
    try {
      await calls.ask(call, toApplicationRefusal, (answer) => answer);
    } catch (refusal) {
      expect(refusal).to.be.instanceOf(UnauthorizedError);
      return refusal as UnauthorizedError;
    }
    throw new Error('not refused');
  }

  it('answers at once, or later', async () => {
    const twice = (answer: unknown): number => Number(answer) * 2;
    expect(calls.ask(() => 2, toApplicationRefusal, twice)).to.equal(4);
    expect(await calls.ask(() => Promise.resolve(3), toApplicationRefusal, twice)).to.equal(6);
  });

  it("refuses if the answer's receiver throws, at once or later", async () => {
    const no = (): never => {
      throw new UnauthorizedError('no');
    };
    expect(() => calls.ask(() => 1, toApplicationRefusal, no)).to.throw(UnauthorizedError);
    let refusal: unknown;
    await calls
      .ask(() => Promise.resolve(1), toApplicationRefusal, no)
      ?.then(undefined, (fault: unknown) => {
        refusal = fault;
      });
    expect(refusal).to.have.property('code', 'no');
  });

  const hostile = new Proxy(new Error('x'), {
    getPrototypeOf: () => {
      throw new Error('oops');
    },
  });
  const faults: [what: string, call: () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['rejects', () => Promise.reject(new Error('oops'))],
    ['rejects with nothing', () => Promise.reject(undefined)],
    ['never answers', () => new Promise(() => undefined)],
    [
      'gives a promise that is none',
      () => ({
        get then() {
          throw new Error('oops');
        },
      }),
    ],
    [
      'gives a promise that throws when it is asked',
      () => ({
        then: () => {
          throw new Error('oops');
        },
      }),
    ],
    ['rejects with what cannot be looked at', () => Promise.reject(hostile)],
    [
      'throws what cannot be looked at',
      () => {
        throw hostile;
      },
    ],
  ];
  for (const [what, call] of faults) {
    it(`that ${what} is a refusal`, async () => {
      expect((await refusalOf(call)).data).to.include({ code: 'unknown', message: 'unauthorized' });
    });
  }

  it('has its timer cleared when it has answered', async () => {
    let refused = 0;
    const toRefusal = (cause: unknown): UnauthorizedError => {
      refused += 1;
      return toApplicationRefusal(cause);
    };
    await calls.ask(
      () => Promise.resolve(1),
      toRefusal,
      (answer) => answer,
    );
    await Promise.resolve(
      calls.ask(
        () => Promise.reject(new Error('no')),
        toRefusal,
        (answer) => answer,
      ),
    ).catch(() => undefined);
    // Its time is over after theirs.
    await refusalOf(() => new Promise(() => undefined));
    expect(refused).to.equal(1);
  });

  it('that never answers is a TimeoutError', async () => {
    const { cause } = await refusalOf(() => new Promise(() => undefined));
    expect(cause).to.include({ name: 'TimeoutError', message: 'no answer within 30 ms' });
  });
});
