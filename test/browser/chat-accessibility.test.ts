import { expect } from 'chai';
import { readText } from '../support/repository';
import { ChatSuite } from './chat-suite';
import type { Tab } from './kit';

const SIZES = [
  [320, 640],
  [390, 844],
  [1280, 800],
] as const;
const SCHEMES = ['light', 'dark'] as const;
/** WCAG 2.2, 1.4.11: what shows where a control is. */
const MIN_CONTRAST = 3;

/** Of each control in sight: its name, and the contrast of its border with what is inside and outside of it. */
const BORDERS = `(() => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/\\d+(\\.\\d+)?/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (...colors) => {
    const [low, high] = colors.map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const backOf = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    const isClear = backgroundColor.endsWith(', 0)');
    return isClear && element.parentElement ? backOf(element.parentElement) : backgroundColor;
  };
  return [...document.querySelectorAll('input:not([type=checkbox]), button.quiet')]
    .filter((control) => control.checkVisibility())
    .map((control) => {
      const { borderTopColor } = getComputedStyle(control);
      const backs = [backOf(control), backOf(control.parentElement)];
      return [control.id || control.textContent, Math.min(...backs.map((back) => contrast(borderTopColor, back)))];
    });
})()`;

describe('The chat, for everybody', () => {
  const suite = new ChatSuite();

  async function eachView(tab: Tab, check: (view: string) => Promise<void>): Promise<void> {
    await tab.page.bringToFront();
    for (const colorScheme of SCHEMES) {
      await tab.page.emulateMedia({ colorScheme });
      for (const [width, height] of SIZES) {
        await tab.resize(width, height);
        await check(`${width} px, ${colorScheme}`);
      }
    }
    await tab.resize(1280, 720);
  }

  /** What axe-core finds on the page as it is, at each size and in each scheme. */
  async function findings(tab: Tab): Promise<string[]> {
    const found: string[] = [];
    if (!(await tab.page.evaluate('"axe" in window'))) {
      await tab.page.evaluate(readText('node_modules/axe-core/axe.min.js'));
    }
    await eachView(tab, async (view) => {
      const { violations, passes } = await tab.page.evaluate<{
        violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
        passes: unknown[];
      }>('axe.run()');
      expect(passes, 'rules that were applied').to.have.length.above(20);
      for (const { id, impact, nodes } of violations) {
        found.push(`${view}: ${impact}: ${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
      }
      const isWide = await tab.page.evaluate('document.documentElement.scrollWidth > innerWidth');
      if (isWide === true) found.push(`${view}: wider than the window`);
    });
    return found;
  }

  it('is without a finding of axe-core at the door, with and without a refusal', async () => {
    const visitor = await suite.tab();
    expect(await findings(visitor)).to.deep.equal([]);
    await visitor.press('Forged token');
    await visitor.notice.waitFor();
    await visitor.page.getByLabel('Your name').fill(' ');
    await visitor.press('Log in');
    expect(await findings(visitor)).to.deep.equal([]);
  });

  it('is without a finding of axe-core in the room, with messages, a refusal, and no connection', async () => {
    const ada = await suite.user('Ada');
    const root = await suite.tab();
    await root.logIn('Root', { admin: true });
    await ada.say('Good morning');
    await root.sees('Good morning');
    expect(await findings(root), 'an administrator').to.deep.equal([]);
    await ada.press('Send without permission');
    await ada.notice.waitFor();
    await ada.page.route('**/token', () => undefined);
    await ada.press('Lose the network');
    await ada.sees('There is no connection: your message waits here.');
    expect(await findings(ada), 'offline').to.deep.equal([]);
  });

  it('is without a finding of axe-core with what opens on a phone opened', async () => {
    const ada = await suite.user('Ada');
    await ada.resize(390, 844);
    await ada.page.getByRole('button', { name: /^Here now/ }).click();
    expect(await findings(ada), 'people').to.deep.equal([]);
    await ada.resize(390, 844);
    await ada.page.getByRole('button', { name: /^What happens/ }).click();
    expect(await findings(ada), 'panel').to.deep.equal([]);
  });

  it('has borders of fields and buttons that can be told from what is around them', async () => {
    const ada = await suite.tab();
    const check = async (view: string): Promise<void> => {
      const borders = await ada.page.evaluate<[string, number][]>(BORDERS);
      expect(borders, view).to.have.length.above(0);
      for (const [name, contrast] of borders) {
        expect(contrast, `${name}, ${view}`).to.be.at.least(MIN_CONTRAST);
      }
    };
    await eachView(ada, check);
    await ada.logIn('Ada');
    await eachView(ada, check);
  });
});
