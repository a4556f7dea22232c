import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { needs } from '../support/debian';
import { ROOT } from '../support/repository';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';
/** Ms for the browser to do what a test waits for, on a busy machine too. */
const PATIENCE = 120_000;
/**
 * What Chromium does for its own window, and these tests do not need. The first two load a page of the address bar for
 * each new profile: half of what a tab costs.
 * The others are as Playwright has them, since a second `--disable-features` takes the place of its own.
 */
const FEATURES_OFF = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'SpareRendererForSitePerProcess',
  'AimEnabled',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
];
const SCREENSHOTS = resolve(ROOT, 'build/screenshots');
const VIEWS = [
  { name: 'phone-light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'desktop-dark', width: 1280, height: 800, colorScheme: 'dark' },
] as const;

/** The chat of the examples, as a test sees it. */
export interface Chat {
  url: string;
  close: () => Promise<void>;
}

/** What the chat can be started with. */
export interface ChatOptions {
  secret?: string;
  tokenSeconds?: number;
  timeout?: number;
  loginsPerMinute?: number;
  host?: string;
}

/** Starts the chat of the examples on a port of its own, or on that of one before it. */
export function startChat(options: ChatOptions = {}, port = 0): Promise<Chat> {
  // oxlint-disable-next-line typescript/no-require-imports -- plain JavaScript, outside of what is compiled
  const { start } = require(resolve(ROOT, 'examples/chat/server.js')) as {
    start: (port: number, options: ChatOptions) => Promise<Chat>;
  };
  return start(port, options);
}

/** A real Chromium; a test gets a fresh profile by {@link open}. */
export class TestBrowser {
  #browser: Browser | undefined;
  #context: BrowserContext | undefined;

  /** @param context `this` of a `before` hook */
  async launch(context: Mocha.Context): Promise<void> {
    needs(context, 'chromium');
    this.#browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        `--disable-features=${FEATURES_OFF.join(',')}`,
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }

  async open(): Promise<void> {
    this.#context = await this.#browser?.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true });
    this.#context?.setDefaultTimeout(PATIENCE);
  }

  /** A tab of the profile, which shares cookies, but not `sessionStorage`, with the others. */
  async tab(url: string): Promise<Tab> {
    if (this.#context === undefined) throw new Error('no profile is open');
    const tab = new Tab(await this.#context.newPage());
    await tab.page.goto(url);
    return tab;
  }

  async closeProfile(): Promise<void> {
    await this.#context?.close();
    this.#context = undefined;
  }

  async close(): Promise<void> {
    await this.#browser?.close();
  }
}

/** A tab, used as a person uses it: by labels and by what can be read. */
export class Tab {
  /** What the page threw, or the browser refused. */
  readonly faults: string[] = [];
  /** Everything that was asked for. */
  readonly requests: string[] = [];

  constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(message.text());
    });
    page.on('request', (request) => this.requests.push(request.url()));
  }

  get status(): Locator {
    return this.page.getByRole('status');
  }

  get notice(): Locator {
    return this.page.getByRole('alert');
  }

  async press(button: string): Promise<void> {
    // In a tab behind another, a click takes a second.
    await this.page.bringToFront();
    await this.page.getByRole('button', { name: button, exact: true }).click();
  }

  async logIn(name: string, { admin = false } = {}): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    if (admin) await this.page.getByLabel('as administrator').check();
    await this.press('Log in');
    await this.sees(`Logged in as ${name}`);
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel('Your message').fill(text);
    await this.page.getByLabel('Your message').press('Enter');
  }

  /** Waits until the page shows a text, outside of the panel of the chat. */
  async sees(text: string | RegExp): Promise<void> {
    const outside = this.page.locator(':not(#panel *)');
    await this.page.getByText(text).and(outside).filter({ visible: true }).first().waitFor();
  }

  /** Waits until an expression of the page is true. (The page's policy forbids `waitForFunction` its `eval`.) */
  async holds(expression: string): Promise<void> {
    await this.page.evaluate(`new Promise((done) => {
      const look = () => ((${expression}) ? done() : requestAnimationFrame(look));
      look();
    })`);
  }

  /** The packets that the panel lists, or those of them that have a text. */
  packets(text: string | RegExp = ''): Locator {
    return this.page.getByRole('log', { name: 'Packets' }).locator('li').filter({ hasText: text });
  }

  /** Waits until the panel lists a packet, and gives its text. */
  async passed(text: string | RegExp): Promise<string> {
    return (await this.packets(text).first().textContent()) ?? '';
  }

  /** Every message that is shown, as its text alone. */
  messages(): Promise<string[]> {
    return this.page.getByRole('log', { name: 'Messages' }).locator('li p').allTextContents();
  }

  /** Who is shown to be here, by name. */
  people(): Promise<string[]> {
    return this.page.locator('#people bdi').allTextContents();
  }

  stored(key: string): Promise<string | null> {
    return this.page.evaluate(`sessionStorage.getItem(${JSON.stringify(key)})`);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.page.setViewportSize({ width, height });
  }

  /** Keeps what is to be seen on a phone, in light, and on a desktop, in dark, under build/screenshots/. */
  async keep(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    // A tab behind another takes seconds to draw.
    await this.page.bringToFront();
    for (const { name: view, width, height, colorScheme } of VIEWS) {
      await this.page.setViewportSize({ width, height });
      await this.page.emulateMedia({ colorScheme });
      await this.page.screenshot({ path: resolve(SCREENSHOTS, `${name}-${view}.png`) });
      if (await this.page.evaluate('document.documentElement.scrollWidth > innerWidth')) {
        throw new Error(`${name} is wider than a window of ${width} px`);
      }
    }
  }
}
