import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import { io as connect } from 'socket.io-client';
import { ChatSuite } from './chat-suite';
import type { Tab } from './kit';

const LONG_NAME = 'W'.repeat(40);
/** "Ada Lovelace" in Arabic. */
const ARABIC_NAME = 'آدا لوفليس';

describe('The page of the chat', () => {
  const suite = new ChatSuite();

  /** Says many things at once, as the one who is logged in in a tab. */
  async function sayMany(tab: Tab, texts: readonly string[]): Promise<void> {
    const socket = connect(suite.url, { auth: { token: await tab.stored('token') }, forceNew: true });
    await new Promise<void>((resolve) => socket.once('authenticated', resolve));
    for (const text of texts) socket.emit('message', text);
    await tab.sees(texts.at(-1) ?? '');
    socket.disconnect();
  }

  function log(tab: Tab): Locator {
    return tab.page.getByRole('log', { name: 'Messages' });
  }

  /** Whether an element is within the window, whole. */
  async function isInSight(element: Locator): Promise<boolean> {
    const box = await element.boundingBox();
    const height = element.page().viewportSize()?.height ?? 0;
    return box !== null && box.y >= 0 && box.y + box.height <= height;
  }

  describe('the name', () => {
    it('has the focus, at first and after a logout', async () => {
      const ada = await suite.tab();
      const focused = ada.page.locator('#name:focus');
      await focused.waitFor();
      await ada.page.keyboard.type('Ada');
      await ada.page.keyboard.press('Enter');
      await ada.sees('Logged in as Ada');
      await ada.press('Log out');
      await focused.waitFor();
    });

    for (const [what, name] of [
      ['empty', ''],
      ['white space', ' \u00A0\u3000'],
      ['invisible characters', '\u200B\u2800\u3164'],
    ] as const) {
      it(`is told to be blank: ${what}`, async () => {
        const ada = await suite.tab();
        await ada.page.getByLabel('Your name').fill(name);
        await ada.press('Log in');
        await ada.sees('Please give a name: this one is blank.');
        const field = ada.page.locator('#name:focus');
        expect(await field.getAttribute('aria-invalid')).to.equal('true');
        await field.fill('Ada');
        expect(await ada.page.getByText('this one is blank').isVisible()).to.equal(false);
        // The browser itself reports the status, if the page has asked the server.
        expect(ada.faults.splice(0).join('\n')).to.match(/^$|400/);
      });
    }

    it('may be in any script, and turns nothing around it', async () => {
      const ada = await suite.user(ARABIC_NAME);
      const eve = await suite.user('\u202Eeve');
      await ada.say('مرحبا');
      await eve.say('Hello');
      await ada.sees('Hello');
      const names = [ada.page.locator('#status'), ada.page.locator('#people'), log(ada)];
      for (const place of names) {
        const bdi = place.locator('bdi', { hasText: ARABIC_NAME });
        expect(await bdi.count(), await place.innerHTML()).to.equal(1);
      }
      const fields = [ada.page.locator('#name'), ada.page.getByLabel('Your message')];
      for (const field of [...fields, log(ada).locator('p').first()]) {
        expect(await field.getAttribute('dir')).to.equal('auto');
      }
      // The time stands behind the name, whichever direction the name has.
      for (const item of await log(ada).locator('li').all()) {
        const [name, time] = [
          await item.locator('bdi').boundingBox(),
          await item.locator('time').boundingBox(),
        ];
        expect(time?.x).to.be.above(name?.x ?? Infinity);
      }
      expect(
        await ada.page.evaluate("getComputedStyle(document.querySelector('#messages p')).direction"),
      ).to.equal('rtl');
    });

    it('leaves "you" in one piece beside it, however long it is', async () => {
      const ada = await suite.user(LONG_NAME);
      for (const width of [320, 390, 1280]) {
        await ada.resize(width, 800);
        if (width < 768) await ada.page.locator('#here:not(.open) #here-toggle').click();
        const you = ada.page.locator('#people small').getByText('you', { exact: true });
        expect((await you.boundingBox())?.height, `lines at ${width} px`).to.be.within(10, 25);
        expect(await ada.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).to.equal(true);
        if (width < 768) await ada.page.locator('#here-toggle').click();
      }
    });
  });

  describe('messages', () => {
    const MANY = Array.from({ length: 40 }, (_none, index) => `Line ${index + 1}`);

    it('do not pull down a reader who has scrolled up: a button tells of new ones', async () => {
      const ada = await suite.user('Ada');
      const grace = await suite.user('Grace');
      await ada.resize(390, 600);
      await sayMany(grace, MANY);
      await ada.sees('Line 40');
      const button = ada.page.getByRole('button', { name: 'New messages' });
      expect(await isInSight(log(ada).getByText('Line 40')), 'the newest, at first').to.equal(true);
      await log(ada).hover();
      await ada.page.mouse.wheel(0, -10_000);
      await ada.holds("document.getElementById('messages').scrollTop === 0");
      await grace.say('The newest');
      await button.waitFor();
      expect(await ada.page.evaluate("document.getElementById('messages').scrollTop")).to.equal(0);
      await ada.keep('12-new-messages');
      await ada.resize(390, 600);
      await button.click();
      expect(await isInSight(log(ada).getByText('The newest'))).to.equal(true);
      expect(await button.isVisible()).to.equal(false);
    });

    it('stay in sight, the newest of them, when the keyboard of a phone opens', async () => {
      const ada = await suite.user('Ada');
      await ada.resize(390, 844);
      await sayMany(ada, MANY);
      await ada.page.getByLabel('Your message').focus();
      await ada.resize(390, 420);
      await ada.holds('document.body.offsetHeight === 420 && visualViewport.height === 420');
      // In browsers whose keyboard covers the page, only the visual viewport tells its height.
      await ada.holds("document.documentElement.style.getPropertyValue('--height') === '420px'");
      const newest = log(ada).getByText('Line 40');
      await ada.holds(
        "((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 2)(document.getElementById('messages'))",
      );
      expect([await isInSight(newest), await isInSight(ada.page.getByLabel('Your message'))]).to.deep.equal([
        true,
        true,
      ]);
    });

    it('keep their place when a reader zooms with two fingers', async () => {
      const ada = await suite.user('Ada');
      await ada.resize(390, 844);
      const devtools = await ada.page.context().newCDPSession(ada.page);
      await devtools.send('Emulation.setPageScaleFactor', { pageScaleFactor: 2 });
      await ada.holds('visualViewport.scale === 2 && visualViewport.height < 500');
      expect(await ada.page.evaluate('document.body.offsetHeight')).to.equal(844);
    });
  });

  it('has the people on a phone in one line, which opens', async () => {
    const ada = await suite.user('Ada');
    const grace = await suite.user('Grace');
    await ada.resize(390, 844);
    const toggle = ada.page.getByRole('button', { name: /^Here now/ });
    await toggle.getByText('Grace').waitFor();
    expect((await toggle.textContent())?.replace(/\s+/g, ' ').trim()).to.equal('Here now (2) Ada, Grace');
    expect((await toggle.boundingBox())?.height).to.be.at.most(48);
    const list = ada.page.getByRole('list', { name: 'Here now' });
    expect(await list.isVisible()).to.equal(false);
    await toggle.click();
    expect(await list.isVisible()).to.equal(true);
    expect(await toggle.getAttribute('aria-expanded')).to.equal('true');
    await toggle.click();
    expect(await list.isVisible()).to.equal(false);
    expect(await grace.page.getByRole('button', { name: /^Here now/ }).count(), 'on a desktop').to.equal(0);
  });

  describe('a draft', () => {
    it('outlives a restart of the server, for the one who has typed it', async () => {
      const ada = await suite.user('Ada');
      const draft = ada.page.getByLabel('Your message');
      await draft.fill('Half a thou');
      await suite.restart(() => ada.sees('There is no connection: your message waits here.'));
      await ada.sees('Your login has ended. Please log in again.');
      await ada.logIn('Ada');
      expect(await draft.inputValue()).to.equal('Half a thou');
      await ada.page.reload();
      await ada.sees('Logged in as Ada');
      expect(await draft.inputValue()).to.equal('Half a thou');
      // The browser reports what it could not load.
      expect(ada.faults.splice(0).join('\n')).to.include('401');
    });

    it('is not handed to another person', async () => {
      const ada = await suite.user('Ada');
      await ada.page.getByLabel('Your message').fill('Half a thou');
      await ada.press('Revoke this session');
      await ada.notice.waitFor();
      await ada.logIn('Grace');
      expect(await ada.page.getByLabel('Your message').inputValue()).to.equal('');
    });

    it('ends when its author logs out', async () => {
      const ada = await suite.user('Ada');
      await ada.page.getByLabel('Your message').fill('Half a thou');
      await ada.press('Log out');
      await ada.sees('You have logged out.');
      await ada.logIn('Ada');
      expect(await ada.page.getByLabel('Your message').inputValue()).to.equal('');
    });
  });
});
