import type { Server } from 'node:http';
import { expect } from 'chai';
import { loadExample, Running } from '../support/example';
import { AUDIENCE, OpenIdProvider } from '../support/openid-provider';
import type { ClientId } from '../support/openid-provider';
import { refusal } from '../support/refusals';

describe('the example of a logout at the identity provider', () => {
  let provider: OpenIdProvider;
  let running: Running;

  beforeEach(async () => {
    provider = await new OpenIdProvider().listen();
  });
  afterEach(async () => {
    await running.close();
    await provider.close();
  });

  for (const [clientId, endBy] of [
    ['by-session', undefined],
    ['by-user', 'sub'],
  ] as [ClientId, string | undefined][]) {
    it(`ends the sockets of who logs out there, ${clientId.replace('-', ' ')}`, async () => {
      const { start } = loadExample('openid-logout/server.js') as {
        start(options: object): Promise<Server>;
      };
      const { issuer } = provider;
      running = new Running(await start({ port: 0, issuer, audience: AUDIENCE, clientId, endBy }));
      const uri = `${running.url}/backchannel-logout`;
      await provider.open({ 'by-session': uri, 'by-user': uri });
      const [bob, eve] = [await running.connected(), await running.connected()];
      const browser = provider.browser('bob');
      expect(await bob.authenticate(await browser.accessToken(clientId))).to.include({ ok: true });
      expect(await eve.authenticate(await provider.browser('eve').accessToken(clientId))).to.include({
        ok: true,
      });
      await browser.logOut();
      await provider.logouts.take('success');
      expect(await refusal(bob)).to.include({ code: 'invalid_token', reason: 'revoked' });
      await bob.until('disconnect');
      expect(eve.socket.connected).to.equal(true);
    });
  }
});
