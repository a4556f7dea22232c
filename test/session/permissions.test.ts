import { expect } from 'chai';
import { Permissions } from '../../lib/session/permissions';
import type { PermissionRule } from '../../lib/session/permissions';
import type { JwtClaims } from '../../lib';
import { Warnings } from '../support/warnings';

const CLAIMS: JwtClaims = { sub: 'bob' };

const make = (
  rules: Record<string, PermissionRule>,
  others?: PermissionRule,
  allow: string[] = [],
): Permissions => new Permissions(new Map(Object.entries(rules)), others, new Set(allow));

describe('the permission to send an event', () => {
  it('is given for every event without the option', () => {
    expect(make({}).allows(['news', 1], CLAIMS)).to.equal(true);
  });

  it('follows the rule of the event, and is given for other events if there is no rule for these', () => {
    const permissions = make({ yes: () => true, no: () => false });
    expect(['yes', 'no', 'other'].map((event) => permissions.allows([event], CLAIMS))).to.deep.equal([
      true,
      false,
      true,
    ]);
  });

  it('follows the rule `*` for events that neither `permissions` nor `allow` names', () => {
    const permissions = make({ named: () => true, 'named, too': () => false }, () => false, [
      'open',
      'named, too',
    ]);
    expect(
      ['named', 'named, too', 'open', 'other', '*'].map((event) => permissions.allows([event], CLAIMS)),
    ).to.deep.equal([true, false, true, false, false]);
    expect(make({}, () => false).allows(['other'], CLAIMS)).to.equal(false);
    expect(make({}, () => true).allows(['other'], CLAIMS)).to.equal(true);
  });

  it("is looked up by the event's name as text: a number finds the rule of its digits", () => {
    const permissions = make({ '7': () => false }, () => true);
    expect([7, '7', 8].map((event) => permissions.allows([event], CLAIMS))).to.deep.equal([
      false,
      false,
      true,
    ]);
  });

  for (const event of ['toString', 'constructor', '__proto__', 'hasOwnProperty'])
    it(`does not come from members that every object has: ${event}`, () => {
      expect(make({ news: () => false }).allows([event], CLAIMS)).to.equal(true);
      expect(make({ news: () => true }, () => false).allows([event], CLAIMS)).to.equal(false);
    });

  it("is decided by a function of the claims, and of the event's name and arguments", () => {
    const asked: unknown[] = [];
    const rule: PermissionRule = (claims, data) => {
      asked.push(claims, data);
      return true;
    };
    make({ news: rule }).allows(['news', 1, { two: 2 }], CLAIMS);
    expect(asked).to.deep.equal([CLAIMS, ['news', 1, { two: 2 }]]);
  });

  it('is given to all if `allow` names the event', () => {
    const permissions = make({ named: () => false }, () => false, ['named', 'open']);
    expect(
      ['named', 'open', 'other', 'toString'].map((event) => permissions.isOpenToAll(event)),
    ).to.deep.equal([true, true, false, false]);
  });

  describe('if a rule does not return true or false', () => {
    let warnings: Warnings;

    beforeEach(() => {
      warnings = new Warnings();
    });

    afterEach(async () => {
      // A rejection that nobody takes fails the test, too.
      await new Promise(setImmediate);
      warnings.close();
    });

    const answers: [what: string, rule: PermissionRule][] = [
      [
        'throws',
        () => {
          throw new Error('the token');
        },
      ],
      [
        'throws nothing',
        () => {
          throw undefined;
        },
      ],
      ['gives a promise of true', () => Promise.resolve(true)],
      ['gives a promise that rejects', () => Promise.reject(new Error('the token'))],
      [
        'gives a thenable that throws',
        () => ({
          then: () => {
            throw new Error('the token');
          },
        }),
      ],
      ['gives 1', () => 1],
      ["gives 'true'", () => 'true'],
      ['gives an object', () => ({})],
      ['gives nothing', () => undefined],
    ];
    for (const [what, rule] of answers) {
      it(`is refused, with one warning without the error's text: the rule ${what}`, async () => {
        const permissions = make({ news: rule });
        for (let times = 0; times < 3; times += 1)
          expect(permissions.allows(['news'], CLAIMS)).to.equal(false);
        const { message, detail, stack } = await warnings.next();
        expect(message).to.match(/^options\.permissions/);
        expect([message, detail, stack].join()).to.not.include('the token');
      });
    }
  });
});
