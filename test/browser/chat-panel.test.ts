import { expect } from 'chai';
import { ChatSuite } from './chat-suite';
import type { Tab } from './kit';

const WITHOUT_LOGIN = ['Send before login', 'Stay silent', 'Forged token', 'Expired token'];
const WITH_LOGIN = [
  'Lose the network',
  'Renew now',
  'Send without permission',
  'Revoke this session',
  'Log out everywhere',
];

describe('The panel "What happens"', () => {
  const suite = new ChatSuite();

  /** The sentences that stand beside the buttons that can be pressed now. */
  async function promises(tab: Tab, names: readonly string[]): Promise<string[]> {
    const texts = names.map(async (name) => {
      const button = tab.page.getByRole('button', { name, exact: true });
      await button.waitFor();
      const id = (await button.getAttribute('aria-describedby')) ?? '';
      return (await tab.page.locator(`#${id}`).textContent()) ?? '';
    });
    return Promise.all(texts);
  }

  it('has a button for each thing that one reads about, with one sentence about what to expect', async () => {
    const ada = await suite.tab();
    const sentences = await promises(ada, WITHOUT_LOGIN);
    await ada.logIn('Ada');
    sentences.push(...(await promises(ada, WITH_LOGIN)));
    expect(new Set(sentences)).to.have.lengthOf(9);
    for (const sentence of sentences) expect(sentence).to.match(/^[A-Z][^.]+\.$/);
    expect(await ada.page.getByRole('button', { name: 'Stay silent' }).count(), 'while logged in').to.equal(
      0,
    );
  });

  describe('packets', () => {
    it('are shown as they pass, in and out, with what they mean', async () => {
      const ada = await suite.user('Ada');
      const grace = await suite.user('Grace');
      await ada.say('Good morning');
      expect(await ada.passed(/sent message/)).to.match(/^↑.*EVENT.*"Good morning"$/);
      expect(await grace.passed(/received message/)).to.match(/^↓.*EVENT.*"text":"Good morning"/);
      await ada.passed(/received message/);
      const names = await ada.packets().locator('b').allTextContents();
      expect(names).to.deep.equal(
        ['CONNECT', 'CONNECT', 'hello', 'people', 'authenticated', 'people', 'message', 'message'],
        'in their order',
      );
      expect(await ada.passed(/sent CONNECT/)).to.include('logs in with the same packet');
    });

    it('show whose token they carry and how long it lasts, which runs out as one looks', async () => {
      const ada = await suite.user('Ada');
      const sent = ada.packets(/sent CONNECT/);
      const claims = await sent.locator('dl').innerText();
      expect(claims)
        .to.match(/alg\s+HS256\s/)
        .and.match(/name\s+Ada\s/)
        .and.match(/scope\s+chat:write\s/);
      expect(claims).to.match(/exp\s+\d\d:\d\d:\d\d, [01]:\d\d left/);
      await ada.passed(/received authenticated.*The session: [01]:\d\d left/);
      await sent.filter({ hasText: /0:5[0-8] left/ }).waitFor();
    });

    it('never show a whole token, nor its signature', async () => {
      const ada = await suite.user('Ada');
      const first = (await ada.stored('token')) ?? '';
      await ada.press('Renew now');
      await ada.passed(/received ACK/);
      // Whoever pastes a token into the chat has it shortened, too.
      await ada.say(`Look: ${first}`);
      await ada.passed(/received message.*Look: eyJhbGci…/);
      const shown = (await ada.page.getByRole('log', { name: 'Packets' }).textContent()) ?? '';
      for (const token of [first, (await ada.stored('token')) ?? '']) {
        const [, payload = '', signature = ''] = token.split('.');
        expect(signature).to.have.length.above(40);
        expect(shown).to.include('eyJhbGci…').and.not.include(payload).and.not.include(signature);
      }
    });
  });

  describe('without a login', () => {
    it('"Send before login" is not heard, and told so', async () => {
      const ada = await suite.user('Ada');
      const visitor = await suite.tab();
      await visitor.press('Send before login');
      await visitor.sees('Not heard: you are not logged in.');
      await visitor.passed(/sent message.*May I come in\?/);
      expect(await visitor.passed(/received unauthorized/)).to.include('"code":"not_authenticated"');
      expect(await ada.messages()).to.deep.equal([]);
    });

    it('a visitor finds the way back to the login', async () => {
      const visitor = await suite.tab();
      await visitor.press('Send before login');
      await visitor.press('Back to login');
      await visitor.passed(/sent DISCONNECT.*The page closes its side of the connection\./);
      await visitor.logIn('Ada');
    });

    it('"Stay silent" shows a countdown, and ends by a timeout', async () => {
      const time = suite.stopTime();
      const visitor = await suite.tab();
      await visitor.press('Stay silent');
      await visitor.sees(/^No message reaches you\. 0:1[45] left to log in$/);
      await visitor.sees(/ 0:1[0-3] left to log in$/);
      time.pass(15_000);
      await visitor.notice.getByText('authentication_timeout').waitFor();
      expect(await visitor.passed(/received unauthorized/)).to.include('"code":"authentication_timeout"');
    });

    for (const [button, reason, claims, left] of [
      ['Forged token', 'signature', /name\s+Mallory\s+scope\s+chat:write chat:moderate/, /\d left/],
      ['Expired token', 'expired', /name\s+Yesterday/, /over/],
    ] as const) {
      it(`"${button}" is refused with the reason "${reason}", and shows what the token claims`, async () => {
        const visitor = await suite.tab();
        await visitor.press(button);
        await visitor.notice.getByText(`invalid_token: ${reason}`).waitFor();
        const shown = await visitor
          .packets(/sent CONNECT/)
          .locator('dl')
          .innerText();
        expect(shown).to.match(claims).and.match(left);
        expect(await visitor.passed(/received unauthorized/)).to.include(`"reason":"${reason}"`);
      });
    }
  });

  describe('with a login', () => {
    it('"Lose the network" keeps what is typed, says why it cannot be sent, and comes back with a fresh token', async () => {
      const ada = await suite.user('Ada');
      const first = await ada.stored('token');
      await ada.page.getByLabel('Your message').fill('Still here');
      await ada.press('Lose the network');
      await ada.sees('There is no connection: your message waits here.');
      const send = ada.page.getByRole('button', { name: 'Send', exact: true });
      expect(await send.isDisabled()).to.equal(true);
      await ada.page.getByLabel('Your message').press('Enter');
      await ada.keep('10-lost');
      await ada.sees('Logged in as Ada');
      await ada
        .packets(/sent CONNECT.*name.*Ada/)
        .nth(1)
        .waitFor();
      expect(await ada.stored('token')).to.not.equal(first);
      expect(await ada.messages(), 'nothing was sent meanwhile').to.deep.equal([]);
      await ada.page.getByLabel('Your message').press('Enter');
      await ada.page.getByRole('log', { name: 'Messages' }).getByText('Still here').waitFor();
    });

    it('"Renew now" shows a fresh token on the same connection, and the session ends later', async () => {
      const time = suite.stopTime();
      const ada = await suite.user('Ada');
      time.pass(5_000);
      await ada.press('Renew now');
      await ada.sees(/^Renewed/);
      expect(await ada.passed(/sent authenticate/)).to.include('"token":"eyJhbGci…"');
      expect(await ada.passed(/sent authenticate/)).to.include('ack id 0');
      expect(await ada.passed(/received ACK/)).to.match(/ack id 0.*"ok":true/);
      const told = await ada.packets(/received authenticated/).allTextContents();
      const [one = 0, two = 0] = told.map((text) => Number(/"expiresAt":(\d+)/.exec(text)?.[1]));
      expect(two - one).to.equal(5_000);
      expect(await ada.packets(/sent CONNECT/).count()).to.equal(1);
    });

    it('"Send without permission" is refused, and the login goes on', async () => {
      const ada = await suite.user('Ada');
      await ada.say('Keep me');
      await ada.press('Send without permission');
      await ada.notice.getByText('insufficient_scope').waitFor();
      expect(await ada.passed(/received unauthorized/)).to.include('"event":"clear"');
      await ada.say('And me');
      await ada.sees('And me');
      expect(await ada.messages()).to.deep.equal(['Keep me', 'And me']);
    });

    it('the same event of an administrator is heard', async () => {
      const ada = await suite.user('Ada');
      await ada.say('Clear me');
      const root = await suite.tab();
      await root.logIn('Root', { admin: true });
      await root.press('Send without permission');
      await ada.passed(/received cleared/);
      expect(await ada.messages()).to.deep.equal([]);
      expect(await root.packets(/received unauthorized/).count()).to.equal(0);
    });

    it('an administrator who logs somebody out gets no list with that person afterwards', async () => {
      await suite.user('Ada');
      const root = await suite.tab();
      await root.logIn('Root', { admin: true });
      await root.passed(/received people.*Ada/);
      await root.press('Log out Ada');
      const later = root
        .packets(/sent log_out/)
        .locator('~ li')
        .filter({ hasText: /received people/ });
      await later.nth(1).waitFor();
      expect((await later.allTextContents()).join())
        .to.include('Root')
        .and.not.include('Ada');
    });

    it('"Revoke this session" ends this login, and not those in other tabs', async () => {
      const [one, two] = [await suite.user('Ada'), await suite.user('Ada')];
      const token = await one.stored('token');
      await one.press('Revoke this session');
      await one.notice.getByText('invalid_token: revoked').waitFor();
      expect(await one.passed(/received unauthorized/)).to.include('"retryable":false');
      expect([token, await one.stored('token')]).to.deep.equal([token, null]);
      await two.say('Still here');
      await two.sees('Still here');
      expect(await two.packets(/received unauthorized/).count()).to.equal(0);
    });

    it('"Log out everywhere" ends every login under this name in this browser, and no other', async () => {
      const [one, two, grace] = [await suite.user('Ada'), await suite.user('Ada'), await suite.user('Grace')];
      await one.press('Log out everywhere');
      for (const tab of [one, two]) await tab.notice.getByText('invalid_token: revoked').waitFor();
      await grace.say('Still here');
      await grace.sees('Still here');
      expect(await grace.people()).to.deep.equal(['Grace']);
      await one.logIn('Ada');
      await grace.page.locator('#people').getByText('Ada').waitFor();
    });
  });

  it('is one line on a phone, which names the last packet and opens', async () => {
    const ada = await suite.user('Ada');
    await ada.resize(390, 844);
    const toggle = ada.page.getByRole('button', { name: /^What happens/ });
    const list = ada.page.getByRole('log', { name: 'Packets' });
    expect(await list.isVisible()).to.equal(false);
    expect((await toggle.boundingBox())?.height).to.be.at.most(48);
    await toggle.getByText('↓ authenticated').waitFor();
    await toggle.click();
    expect([await toggle.getAttribute('aria-expanded'), await list.isVisible()]).to.deep.equal([
      'true',
      true,
    ]);
    await ada.keep('11-panel');
    await ada.resize(390, 844);
    await ada.press('Renew now');
    await ada.passed(/received ACK/);
    await toggle.click();
    expect(await list.isVisible()).to.equal(false);
    await ada.say('Back in the chat');
    await ada.sees('Back in the chat');
  });
});
