import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Server } from 'node:http';
import { expect } from 'chai';
import { sign } from 'jsonwebtoken';
import { useFakeTimers } from 'sinon';
import { selfSigned, toPem } from '../support/der';
import { loadExample, Running } from '../support/example';
import { JwksEndpoint } from '../support/jwks-endpoint';
import { show } from '../support/refusals';
import { rsaKeys } from '../support/tokens';
import { refusalOf } from '../support/verdicts';
import type { TestClient } from '../support/world';

const { publicKey, privateKey } = rsaKeys();
const CERTIFICATE = toPem(
  'CERTIFICATE',
  selfSigned(createPublicKey(publicKey), createPrivateKey(privateKey)),
);
const ISSUER = 'https://securetoken.google.com/chat';
const seconds = (): number => Math.floor(Date.now() / 1000);

describe('the example of Firebase', () => {
  let running: Running;
  let google: JwksEndpoint;
  let client: TestClient;
  /** What Google's endpoint shows. */
  let certificates: Record<string, string>;
  let cacheControl: string | undefined;

  beforeEach(async () => {
    certificates = { one: CERTIFICATE };
    cacheControl = 'public, max-age=3600, must-revalidate, no-transform';
    google = await new JwksEndpoint().listen();
    google.answer = (_request, response) => {
      if (cacheControl !== undefined) response.setHeader('cache-control', cacheControl);
      response.end(JSON.stringify(certificates));
    };
    const { start } = loadExample('firebase/server.js') as { start(options: object): Promise<Server> };
    running = new Running(await start({ port: 0, projectId: 'chat', url: google.uri }));
    client = await running.connected();
  });
  afterEach(async () => {
    await running.close();
    await google.close();
  });

  const token = (claims: object = {}, keyid = 'one', algorithm: 'RS256' | 'RS512' = 'RS256'): string => {
    const all = { iss: ISSUER, aud: 'chat', sub: 'bob', exp: seconds() + 60, ...claims };
    return sign(all, privateKey, { algorithm, keyid });
  };

  it('lets its users in', async () => {
    expect(await show(client, token())).to.include({ ok: true });
    expect(await client.until('welcome')).to.deep.equal(['bob']);
  });

  const refused: [what: string, token: () => string, refusal: object][] = [
    ['of another project', () => token({ aud: 'mail' }), { reason: 'rejected' }],
    [
      'of another issuer',
      () => token({ iss: 'https://securetoken.google.com/mail' }),
      { reason: 'rejected' },
    ],
    ['of nobody', () => token({ sub: '' }), { reason: 'rejected' }],
    ['whose user is no text', () => token({ sub: undefined }), { reason: 'rejected' }],
    ['of another algorithm', () => token({}, 'one', 'RS512'), { reason: 'rejected' }],
    [
      'signed with the certificate as a shared secret',
      () => sign({ sub: 'bob', iss: ISSUER, aud: 'chat' }, Buffer.from(CERTIFICATE), { keyid: 'one' }),
      { reason: 'rejected' },
    ],
    ['that has expired', () => token({ exp: seconds() - 60 }), { reason: 'expired' }],
    ['that is none', () => 'none', { reason: 'malformed' }],
    ['whose header is null', () => 'bnVsbA.e30.x', { code: 'invalid_secret' }],
    ['that names an unknown key', () => token({}, 'two'), { code: 'invalid_secret', retryable: true }],
    ['that names what every object has', () => token({}, 'constructor'), { code: 'invalid_secret' }],
  ];
  for (const [what, make, refusal] of refused) {
    it(`refuses a token ${what}`, async () => {
      expect((await show(client, make())).error).to.include({ code: 'invalid_token', ...refusal });
    });
  }

  it('asks for the certificates once for many users, known or not', async () => {
    const several = await Promise.all(Array.from({ length: 5 }, () => running.connected()));
    const replies = await Promise.all(several.map((one) => show(one, token())));
    expect(replies.every(({ ok }) => ok)).to.equal(true);
    for (let index = 0; index < 4; index += 1) await show(client, token({}, `unknown-${index}`));
    expect(google.requests).to.equal(1);
  });

  // Without a server, whose sessions would end when the clock leaps.
  describe('by its verifier', () => {
    let verify: (token: string) => Promise<{ sub: string }>;

    beforeEach(() => {
      const { firebaseVerifier } = loadExample('firebase/firebase.js') as {
        firebaseVerifier(options: object): typeof verify;
      };
      verify = firebaseVerifier({ projectId: 'chat', url: google.uri });
    });

    async function after<Outcome>(secondsLater: number, act: () => Promise<Outcome>): Promise<Outcome> {
      const clock = useFakeTimers({ now: Date.now() + secondsLater * 1000, toFake: ['Date'] });
      try {
        return await act();
      } finally {
        clock.restore();
      }
    }

    it('asks again when Google says so', async () => {
      await verify(token());
      certificates = { two: CERTIFICATE };
      expect(await after(3000, () => verify(token()))).to.include({ sub: 'bob' });
      expect(google.requests).to.equal(1);
      expect(await after(3700, () => refusalOf(verify(token())))).to.include({ code: 'invalid_secret' });
      expect(await after(3700, () => verify(token({}, 'two')))).to.include({ sub: 'bob' });
      expect(google.requests).to.equal(2);
    });

    it('asks every ten seconds at most, where Google says nothing', async () => {
      cacheControl = undefined;
      await verify(token());
      await verify(token());
      expect(google.requests).to.equal(1);
      await after(11, () => verify(token()));
      expect(google.requests).to.equal(2);
    });

    it('lets nobody in while Google is down, and asks again after ten seconds', async () => {
      const { answer } = google;
      google.answer = (_request, response) => response.writeHead(503).end();
      for (let index = 0; index < 3; index += 1)
        expect(await refusalOf(verify(token()))).to.include({ code: 'invalid_secret', retryable: true });
      expect(google.requests).to.equal(1);
      google.answer = answer;
      expect(await after(11, () => verify(token()))).to.include({ sub: 'bob' });
    });
  });
});
