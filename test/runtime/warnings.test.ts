import { expect } from 'chai';
import { callGuarded, isThenable, reportFault, WARNING, warnOnce } from '../../lib/runtime/warnings';
import { Unharmed } from '../support/unharmed';
import { Warnings } from '../support/warnings';

describe('a fault of the application', () => {
  let warnings: Warnings;
  beforeEach(() => (warnings = new Warnings()));
  afterEach(() => warnings.close());

  const TOKEN = 'a value that may be a token';
  const faults: [what: string, call: () => unknown][] = [
    [
      'a throw',
      () => {
        throw new Error('oops');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('oops'))],
    [
      'a rejection that comes later',
      () => new Promise((_, reject) => setImmediate(() => reject(new Error('oops')))),
    ],
    [
      'the rejection of a promise that is not Node’s',
      () => ({ then: (_: unknown, reject: (fault: unknown) => void) => reject(new Error('oops')) }),
    ],
    [
      'a promise that throws when it is asked',
      () => ({
        then: () => {
          throw new Error('oops');
        },
      }),
    ],
  ];
  for (const [what, call] of faults) {
    it(`is reported to the operator, with place and text, and reaches nobody else: ${what}`, async () => {
      callGuarded('a hook', call);
      const warning = await warnings.next();
      expect(warning).to.include({
        name: WARNING,
        message: 'a hook failed',
        code: 'SOCKETIO_AUTHORIZE_FAULT',
      });
      expect(warning.detail).to.include('oops').and.to.include('at ');
    });
  }

  for (const value of [TOKEN, { token: TOKEN }, undefined, null, 7]) {
    it(`that is no Error is reported by its type only: ${JSON.stringify(value)}`, async () => {
      reportFault('a hook', value);
      const { detail } = await warnings.next();
      expect(detail).to.equal(`threw a value of type ${typeof value}`);
    });
  }

  it('whose Error has no stack is reported by its message', async () => {
    reportFault('a hook', Object.assign(new Error('oops'), { stack: undefined }));
    expect((await warnings.next()).detail).to.equal('oops');
  });

  it('is not reported when nothing fails', async () => {
    const unharmed = new Unharmed();
    const calls: string[] = [];
    callGuarded('a hook', () => calls.push('returns'));
    callGuarded('a hook', () => Promise.resolve(calls.push('resolves')));
    await new Promise(setImmediate);
    unharmed.close();
    expect(calls).to.deep.equal(['returns', 'resolves']);
  });

  it('in the use of the library is reported once, however often it happens', async () => {
    const [one, two] = [warnOnce('first'), warnOnce('second')];
    for (const warn of [one, one, two, one]) warn();
    expect([(await warnings.next()).message, (await warnings.next()).message]).to.deep.equal([
      'first',
      'second',
    ]);
    // Warnings come in order, so a second 'first' would be here by now.
    await new Promise(setImmediate);
  });
});

describe('a value that is waited for', () => {
  const cases: [what: string, value: unknown, waits: boolean][] = [
    ['a promise', Promise.resolve(), true],
    ['anything with then()', { then: () => undefined }, true],
    ['an object with another then', { then: true }, false],
    ['null', null, false],
    ['undefined', undefined, false],
    ['a string', 'then', false],
  ];
  for (const [what, value, waits] of cases) {
    it(`is ${waits ? '' : 'not '}${what}`, () => expect(isThenable(value)).to.equal(waits));
  }
});
