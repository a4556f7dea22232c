import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import type { AuthorizeOptions } from '../../lib';
import { freshWorld } from '../support/fresh-world';
import { guessesOf, KEY_FORMS } from '../support/key-forms';
import { show } from '../support/refusals';
import { createToken, rsaKeys } from '../support/tokens';

/** A token under an HMAC with whatever is given as the key; jsonwebtoken refuses to sign with a public key. */
function forge(secret: string | Buffer): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: 'admin' })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

describe('an attacker who knows the public key', () => {
  const { world } = freshWorld();

  for (const [what, material] of KEY_FORMS) {
    const sources: [how: string, secret: AuthorizeOptions['secret']][] = [
      ['static', material],
      ['found by a function', () => material],
      ['one of several', [material, 'another secret, of 32 bytes or more']],
    ];
    for (const [how, secret] of sources) {
      it(`cannot sign a valid token if the secret is ${what}, ${how}`, async () => {
        world.authorize({ secret, maxAttempts: Infinity }).attach(world.io);
        const client = await world.connected();
        for (const guess of guessesOf(material)) {
          const { ok, error } = await show(client, forge(guess));
          expect({ ok, code: error?.code }).to.deep.equal({ ok: false, code: 'invalid_token' });
        }
        const honest = createToken({ sub: 'bob' }, { algorithm: 'RS256' }, rsaKeys().privateKey);
        expect(await show(client, honest)).to.include({ ok: true });
      });
    }
  }
});
