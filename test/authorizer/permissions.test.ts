import { expect } from 'chai';
import { assert, constantFrom, property, subarray, uniqueArray } from 'fast-check';
import { authorize } from '../../lib';
import type { JwtClaims } from '../../lib';
import type { Permission, Permissions } from '../../lib/options';
import { checkPermissions, toPermissions } from '../../lib/authorizer/permissions';
import { SECRET } from '../support/tokens';
import { Warnings } from '../support/warnings';

/** Whether claims may send an event for which so much is needed. */
const may = (needed: Permission, claims: JwtClaims, ...args: unknown[]): boolean =>
  toPermissions({ news: needed }, []).allows(['news', ...args], claims);

describe('the option permissions', () => {
  describe('must be a map', () => {
    const good: unknown[] = [
      {},
      { news: 'chat:write' },
      { news: ['chat:read', 'chat:write'] },
      { news: [] },
      { news: true, '*': false },
      { news: () => true, '*': 'chat' },
      Object.create(null),
    ];
    for (const value of good)
      it(`such as ${JSON.stringify(value)}`, () => expect(checkPermissions(value)).to.equal(undefined));

    const bad: [what: string, value: unknown][] = [
      ['nothing', null],
      ['a text', 'news'],
      ['a list', ['news']],
      ['a function', () => true],
      ['a Map, whose entries are no members', new Map([['news', 'chat']])],
      ['an object with inherited members', Object.create({ news: 'chat' })],
      ['a map to a number', { news: 7 }],
      ['a map to nothing', { news: undefined }],
      ['a map to null', { news: null }],
      ['a map to an empty scope', { news: '' }],
      ['a map to a list with an empty scope', { news: ['chat', ''] }],
      ['a map to a list with something else', { news: ['chat', 7] }],
      ['a map to an object', { news: { scope: 'chat' } }],
      ['a map to a promise', { news: Promise.resolve(true) }],
      ['a map that names authenticate', { authenticate: true }],
      ['a map that names deauthenticate', { deauthenticate: 'chat' }],
    ];
    for (const [what, value] of bad) {
      it(`and throws a TypeError for ${what}`, () => {
        expect(checkPermissions(value)).to.have.property('expectation');
        if (value !== undefined)
          expect(() => authorize({ secret: SECRET, permissions: value as Permissions })).to.throw(
            TypeError,
            /^options\.permissions[.[\]\w]* must be /,
          );
      });
    }
  });

  describe('with a scope', () => {
    it('allows a token that has it among others', () => {
      expect(may('write', { scope: 'read write' })).to.equal(true);
      expect(may('write', { scope: 'read' })).to.equal(false);
    });

    it('does not accept a part of a word', () => {
      expect(may('write', { scope: 'rewrite writer write:all' })).to.equal(false);
      expect(may('write', { scope: ['rewrite', 'writer'] })).to.equal(false);
    });

    it('takes a scope with a space for one, which only a list can hold', () => {
      expect(may('read write', { scope: 'read write' })).to.equal(false);
      expect(may('read write', { scope: ['read write'] })).to.equal(true);
    });

    it('requires all scopes of a list, in any order', () => {
      const scopes = ['a', 'b', 'c', 'd', 'e'];
      const needed = uniqueArray(constantFrom(...scopes, 'f'));
      assert(
        property(needed, subarray(scopes), (all, held) => {
          const isHeld = all.every((scope) => held.includes(scope));
          expect(may(all, { scope: held.join(' ') })).to.equal(isHeld);
          expect(may(all, { scope: held.toReversed() })).to.equal(isHeld);
        }),
      );
    });

    it('refuses a token without scopes, except for an empty list', () => {
      expect(may('write', {})).to.equal(false);
      expect(may([], {})).to.equal(true);
    });
  });

  describe('reads the first of scope, scp and permissions that the token has', () => {
    const cases: [claims: JwtClaims, expected: boolean][] = [
      [{ scope: 'write' }, true],
      [{ scp: 'write' }, true],
      [{ permissions: ['write'] }, true],
      [{ scp: ['write'] }, true],
      [{ scope: 'read', scp: 'write' }, false],
      [{ scope: '', permissions: ['write'] }, false],
      [{ scope: [], scp: 'write' }, false],
      [{ scp: 'read', permissions: ['write'] }, false],
      [{ scopes: 'write' }, false],
    ];
    for (const [claims, expected] of cases)
      it(`${JSON.stringify(claims)}: ${expected}`, () => expect(may('write', claims)).to.equal(expected));
  });

  for (const scope of [null, 7, true, {}, { write: true }]) {
    it(`refuses a token whose scope is ${JSON.stringify(scope)}, with one process warning`, async () => {
      const warnings = new Warnings();
      expect(may('write', { scope, scp: 'write' })).to.equal(false);
      expect((await warnings.next()).message).to.include('options.permissions');
      warnings.close();
    });
  }

  it('uses the option scopes instead, if it is given', () => {
    const permissions = toPermissions({ news: ['a', 'b'] }, [], (claims) => claims.roles);
    expect(permissions.allows(['news'], { roles: ['b', 'a'], scope: 'none' })).to.equal(true);
    expect(permissions.allows(['news'], { roles: ['a'], scope: 'a b' })).to.equal(false);
  });

  const answers: [what: string, scopes: () => unknown][] = [
    ['a text, in which the scope would be found', () => 'rewrite'],
    ['a promise', () => Promise.resolve(['write'])],
    ['a promise that rejects', () => Promise.reject(new Error('oops'))],
    ['a set', () => new Set(['write'])],
    ['nothing', () => undefined],
    [
      'an exception',
      () => {
        throw new Error('oops');
      },
    ],
  ];
  for (const [what, scopes] of answers) {
    it(`refuses if the option scopes returns ${what}`, async () => {
      const warnings = new Warnings();
      const permissions = toPermissions({ news: 'write' }, [], scopes);
      expect(permissions.allows(['news'], {})).to.equal(false);
      expect((await warnings.next()).message).to.include('options.permissions');
      warnings.close();
    });
  }

  it('calls a function with the claims and the arguments of the event', () => {
    const isOwn: Permission = (claims, id: unknown) => claims.sub === id;
    expect(may(isOwn, { sub: 'bob' }, 'bob')).to.equal(true);
    expect(may(isOwn, { sub: 'bob' }, 'eve')).to.equal(false);
  });

  it('allows for true and refuses for false', () => {
    expect(may(true, {})).to.equal(true);
    expect(may(false, { scope: 'everything' })).to.equal(false);
  });

  describe("with '*'", () => {
    it('applies to events that are not named, and to no event of that name', () => {
      const permissions = toPermissions({ news: true, '*': 'admin' }, []);
      const sent = (event: string, claims: JwtClaims): boolean => permissions.allows([event], claims);
      expect(sent('news', {})).to.equal(true);
      for (const event of ['other', '*', 'toString', '__proto__']) {
        expect(sent(event, {}), event).to.equal(false);
        expect(sent(event, { scope: 'admin' }), event).to.equal(true);
      }
    });

    it('lets events of `allow` through, unless they are named', () => {
      const permissions = toPermissions({ named: false, '*': false }, ['open', 'named']);
      expect(permissions.allows(['open'], {})).to.equal(true);
      expect(permissions.allows(['named'], {})).to.equal(false);
      expect(permissions.isOpenToAll('named')).to.equal(true);
      expect(permissions.isOpenToAll('other')).to.equal(false);
    });
  });

  it('cannot be changed afterwards', () => {
    const needed = ['read'];
    const allow = ['open'];
    const map: Record<string, Permission> = { news: needed };
    const permissions = toPermissions(map, allow);
    needed.push('write');
    allow.push('closed');
    map.other = false;
    expect(permissions.allows(['news'], { scope: 'read' })).to.equal(true);
    expect(permissions.allows(['other'], {})).to.equal(true);
    expect(permissions.isOpenToAll('closed')).to.equal(false);
  });

  it("uses the map's own keys, and not inherited ones", () => {
    const map = Object.assign(Object.create({ inherited: false }) as object, { own: false }) as Permissions;
    const permissions = toPermissions(map, []);
    expect(permissions.allows(['inherited'], {})).to.equal(true);
    expect(permissions.allows(['own'], {})).to.equal(false);
  });

  it('lets everything through if it is left out', () => {
    const permissions = toPermissions(undefined, []);
    for (const event of ['news', '*', 'toString', 7]) expect(permissions.allows([event], {})).to.equal(true);
  });
});
