/** What the application throws may be anything, even a value that throws when it is looked at. */
import { expect } from 'chai';
import type { AuthorizeOptions } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { connectError, show } from '../support/refusals';
import { createToken } from '../support/tokens';
import { Warnings } from '../support/warnings';

const oops = (): never => {
  throw new Error('oops');
};
const { proxy: revoked, revoke } = Proxy.revocable(new Error('x'), {});
revoke();
/** Values of which `instanceof`, a member or the text throws. */
const UNREADABLE: Record<string, unknown> = {
  'a revoked proxy': revoked,
  'a proxy that throws': new Proxy(new Error('x'), { get: oops, getPrototypeOf: oops }),
  'an error whose message has no text': Object.assign(new Error('x'), { message: { toString: oops } }),
};
const HOOKS = [
  'customDecoded',
  'rooms',
  'getToken',
  'validate',
  'userClaim',
  'secret',
  'verify',
  'consume',
] as const;

describe('an application that throws what cannot be looked at', () => {
  const { world } = freshWorld();

  const guard = (options: Partial<AuthorizeOptions>): void =>
    void world.authorize(options as AuthorizeOptions).attach(world.io);

  for (const [what, fault] of Object.entries(UNREADABLE)) {
    const fail = (): never => {
      throw fault as Error;
    };
    for (const hook of HOOKS) {
      it(`in ${hook} has the token refused, in handshake mode: ${what}`, async () => {
        guard({
          handshake: true,
          ...(hook === 'consume' ? { limiter: { consume: fail } } : { [hook]: fail }),
        });
        const { code, message } = await connectError(world.client('/', { auth: { token: createToken() } }));
        expect(code).to.be.oneOf(['unknown', 'invalid_secret', 'invalid_token', 'rate_limited']);
        expect(message).not.to.include('oops');
      });
    }

    for (const hook of ['customDecoded', 'rooms', 'validate'] as const) {
      it(`in ${hook} has the token refused, and the client answered: ${what}`, async () => {
        guard({ [hook]: fail });
        expect(await show(await world.connected(), createToken())).to.have.nested.property(
          'error.code',
          'unknown',
        );
      });
    }

    it(`in a listener of 'authenticated' is reported, and the login stands: ${what}`, async () => {
      const warnings = new Warnings();
      guard({});
      for (const failing of [fail, () => Promise.reject(fault)])
        world.io.on('authenticated' as never, failing as never);
      expect(await show(await world.connected(), createToken())).to.include({ ok: true });
      for (let times = 0; times < 2; times += 1)
        expect(await warnings.next()).to.include({
          message: "a listener of 'authenticated' failed",
          detail: 'threw a value of type object',
        });
      warnings.close();
    });
  }
});
