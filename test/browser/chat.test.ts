import { expect } from 'chai';
import type { Route } from 'playwright-core';
import { io as connect } from 'socket.io-client';
import { ChatSuite } from './chat-suite';

describe('The chat, in a browser', () => {
  const suite = new ChatSuite();

  describe('login', () => {
    it('shows as whom and until when, and keeps the token in sessionStorage', async () => {
      const ada = await suite.tab();
      await ada.keep('1-door');
      await ada.logIn('Ada');
      await ada.sees(/^Until \d\d:\d\d:\d\d, \d:\d\d left$/);
      expect(await ada.stored('token')).to.match(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
      const hosts = new Set(ada.requests.map((url) => new URL(url).origin));
      expect([...hosts], 'asked for anything').to.deep.equal([suite.url]);
    });

    it('holds after a reload', async () => {
      const ada = await suite.user('Ada');
      await ada.page.reload();
      await ada.sees('Logged in as Ada');
    });
  });

  describe('chat', () => {
    it('goes between two tabs with two users, and a tab that has not logged in gets and says nothing', async () => {
      const ada = await suite.user('Ada');
      const grace = await suite.user('Grace Brewster Murray Hopper');
      const stranger = await suite.tab();
      await stranger.press('Stay silent');
      await stranger.sees('Connected, not logged in');
      await grace.say('Good morning, Ada');
      await ada.sees('Good morning, Ada');
      await ada.say('Good morning, Grace. Have you seen how the bar above runs out, and fills up again?');
      await grace.sees(/^Good morning, Grace\./);
      await stranger.say('May I come in?');
      await stranger.sees('Not heard: you are not logged in.');
      await grace.say('A little nanosecond');
      await ada.sees('A little nanosecond');
      expect(await stranger.messages()).to.deep.equal([]);
      expect(await stranger.people()).to.deep.equal([]);
      expect(await ada.messages())
        .to.have.lengthOf(3)
        .and.not.include('May I come in?');
      await ada.keep('2-chat');
      await stranger.keep('3-stranger');
    });

    it('shows names and messages as text, whatever markup is in them', async () => {
      const markup = '<img src=x onerror=throw-1>';
      const mallory = await suite.user(markup);
      await mallory.say(`${markup}!`);
      await mallory.sees(`${markup}!`);
      expect(await mallory.messages()).to.deep.equal([`${markup}!`]);
      expect(await mallory.page.getByRole('main').locator('img').count()).to.equal(0);
    });
  });

  describe('refusal', () => {
    it('says what is wrong with a bad token', async () => {
      const forger = await suite.tab();
      await forger.press('Forged token');
      await forger.notice.waitFor();
      expect(await forger.notice.innerText()).to.match(
        /not signed by this server\.\s+invalid_token: signature/,
      );
      await forger.keep('4-bad-token');
    });

    it('mends itself where a fresh token can be had', async () => {
      const ada = await suite.user('Ada');
      await ada.page.evaluate("sessionStorage.token += 'spoilt'");
      await ada.page.reload();
      await ada.sees('Logged in as Ada');
      expect(ada.requests.filter((url) => url.endsWith('/token'))).to.have.lengthOf(1);
      expect(await ada.stored('token'))
        .to.match(/^eyJ/)
        .and.not.include('spoilt');
    });

    it('says that the time ran out, to a client that stays silent', async () => {
      const time = suite.stopTime();
      const silent = await suite.tab();
      await silent.press('Stay silent');
      // As it is thrown out, it must not be about to change its transport: a "400" in the console is a fault here.
      await silent.sees(/ 0:1[0-3] left to log in$/);
      time.pass(15_000);
      await silent.notice.waitFor();
      expect(await silent.notice.innerText()).to.match(/in time.*\s+authentication_timeout/);
      await silent.keep('5-timed-out');
    });
  });

  describe('renewal', () => {
    it('goes by itself', async () => {
      suite.stopTime();
      const ada = await suite.user('Ada', { tokenSeconds: 3 });
      const first = await ada.stored('token');
      await ada.sees(/^Renewed, 0:0\d left$/);
      expect(await ada.stored('token'))
        .to.match(/^eyJ/)
        .and.not.equal(first);
    });

    it('is ahead of the end, on the same connection, and shows that it is under way', async () => {
      // The end itself does not come, so that nothing is late on a busy machine.
      suite.stopTime();
      const ada = await suite.tab({ tokenSeconds: 20 });
      let onAsked = (_route: Route): void => undefined;
      const asked = new Promise<Route>((resolve) => {
        onAsked = resolve;
      });
      await ada.page.route('**/token', (route) => onAsked(route));
      await ada.page.clock.install();
      await ada.page.reload();
      ada.requests.length = 0;
      await ada.logIn('Ada');
      // By less than 20 s: the next ping comes after 25 s, and Socket.IO misses it after 45 s.
      await ada.page.clock.fastForward(16_000);
      const held = await asked;
      await ada.sees('Renewing…');
      await ada.keep('6-renewing');
      await held.continue();
      await ada.sees(/^Renewed/);
      await ada.keep('7-renewed');
      const connections = ada.requests.filter((url) => url.includes('/socket.io/?') && !url.includes('sid='));
      expect(connections).to.have.lengthOf(1);
    });

    it('ends with the login', async () => {
      const ada = await suite.user('Ada', { tokenSeconds: 2 });
      await ada.page.context().clearCookies();
      await ada.sees('Your login has ended. Please log in again.');
      // The browser itself reports the status.
      expect(ada.faults.splice(0).join('\n')).to.include('401');
    });
  });

  describe('logout', () => {
    it('by an administrator is told as such, and no new token is to be had', async () => {
      const admin = await suite.tab();
      await admin.logIn('Ada', { admin: true });
      const grace = await suite.user('Grace');
      const { id } = JSON.parse((await grace.stored('login')) ?? '') as { id: string };
      await admin.press('Log out Grace');
      await grace.sees('This login was ended: by an administrator, or by you.');
      await grace.keep('8-logged-out-by-administrator');
      await admin.page.locator('#people').getByText('Grace').waitFor({ state: 'detached' });
      const renewal = await grace.page.request.post(`${suite.url}/logins/${id}/token`);
      expect(renewal.status()).to.equal(401);
    });

    it('by an administrator is not for others', async () => {
      const grace = await suite.user('Grace');
      const ada = await suite.user('Ada');
      await ada.sees('Grace');
      expect(await ada.page.getByRole('button', { name: /^Log out (?!everywhere)/ }).count()).to.equal(0);
      const { user } = JSON.parse((await grace.stored('login')) ?? '') as { user: string };
      const socket = connect(suite.url, { auth: { token: await ada.stored('token') }, forceNew: true });
      await new Promise<void>((resolve) => socket.once('authenticated', resolve));
      socket.emit('log_out', user).emit('message', 'Are you still there?');
      await grace.sees('Are you still there?');
      socket.disconnect();
    });

    it('leaves nothing behind, and the token is worth nothing any more', async () => {
      const ada = await suite.user('Ada');
      const token = await ada.stored('token');
      await ada.press('Log out');
      await ada.sees('You have logged out.');
      await ada.keep('9-logged-out');
      expect(await ada.page.evaluate('sessionStorage.length')).to.equal(0);
      const socket = connect(suite.url, { auth: { token }, forceNew: true });
      const { data } = await new Promise<{ data: unknown }>((resolve) =>
        socket.once('unauthorized', resolve),
      );
      expect(data).to.include({ code: 'invalid_token', reason: 'revoked' });
      socket.disconnect();
    });
  });
});
