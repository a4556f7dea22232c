import { expect } from 'chai';
import { authorize } from '../../lib';
import { backchannelLogout } from '../../lib/oidc';
import type { BackchannelLogoutOptions, LogoutAuthorizer } from '../../lib/oidc';
import { SECRET } from '../support/tokens';

const issuer = 'https://login.example';
const audience = 'chat';
const jwksUri = 'https://login.example/jwks';

describe('the options of backchannelLogout()', () => {
  const auth = authorize({ secret: SECRET });
  after(() => auth.close());

  const wrong: [message: string, options: unknown][] = [
    ['options must be an object, got undefined', undefined],
    ['options must be an object, got null', null],
    ['options must be an object, got string', issuer],
    ['options.jwksUri is required, unless options.issuer is one string', { audience }],
    ['options.issuer is required', { audience, jwksUri }],
    ['options.issuer must be a URL', { audience, issuer: 'login.example' }],
    ['options.issuer must be an https URL', { audience, issuer: 'http://login.example' }],
    ['options.jwksUri is required, unless', { audience, issuer: [issuer] }],
    ['options.jwksUri is required, unless', { audience, issuer: () => true }],
    ['options.issuer must be a string', { audience, issuer: '', jwksUri }],
    ['options.audience is required', { issuer }],
    ['options.audience is required', { issuer, audience: undefined }],
    ['options.audience must be a string', { issuer, audience: '' }],
    ["options.endBy must be 'sid' or 'sub', got \"jti\"", { issuer, audience, endBy: 'jti' }],
    ["options.endBy must be 'sid' or 'sub', got null", { issuer, audience, endBy: null }],
    ['options.clockTolerance must be', { issuer, audience, clockTolerance: '5s' }],
    ['options.algorithms[0] must be', { issuer, audience, algorithms: ['none'] }],
    ['options.timeout must be', { issuer, audience, timeout: 0 }],
    ['options.typ is not an option of backchannelLogout()', { issuer, audience, typ: 'logout+jwt' }],
    ['options.toString is not an option', { issuer, audience, toString: 1 }],
  ];
  for (const [message, options] of wrong) {
    it(`throw a TypeError with the message: ${message} (${JSON.stringify(options)})`, () => {
      expect(() => backchannelLogout(auth, options as BackchannelLogoutOptions)).to.throw(TypeError, message);
    });
  }

  for (const one of [undefined, null, 'auth', {}, { revoke: true }]) {
    it(`throw a TypeError if the first argument is not an authorizer but ${JSON.stringify(one)}`, () => {
      expect(() => backchannelLogout(one as LogoutAuthorizer, { issuer, audience })).to.throw(
        TypeError,
        'backchannelLogout() takes an authorizer first',
      );
    });
  }

  it('count as left out when they are undefined', () => {
    const names = ['endBy', 'clockTolerance', 'jwksUri', 'algorithms', 'fetch', 'timeout', 'cooldown'];
    const undefinedOnes = Object.fromEntries(names.map((name) => [name, undefined]));
    expect(backchannelLogout(auth, { issuer, audience, ...undefinedOnes })).to.be.a('function');
  });
});
