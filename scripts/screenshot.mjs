/** Takes `docs/chat.png`, which the README shows: two people talk in the chat, with the panel "What happens" open. */
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';

const ROOT = resolve(import.meta.dirname, '..');
const FILE = resolve(ROOT, 'docs/chat.png');
const CHROMIUM = '/usr/bin/chromium';
const VIEWPORT = { width: 1280, height: 900 };
const TALK = [
  ['Grace', 'Good morning, Ada'],
  ['Ada', 'Good morning, Grace. My token was renewed while I wrote this.'],
  ['Grace', 'Did anything stop?'],
  ['Ada', 'No. The session only ends later: look at the right.'],
];

if (!existsSync(CHROMIUM)) {
  throw new Error(`There is no ${CHROMIUM}. On Debian: apt-get install chromium`);
}
const { start } = createRequire(import.meta.url)(resolve(ROOT, 'examples/chat/server.js'));
const chat = await start(0);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const pages = { Grace: await logIn('Grace'), Ada: await logIn('Ada') };
  for (const [name, text] of TALK) await say(pages, name, text);
  await press(pages.Ada, 'Renew now');
  await pages.Ada.getByRole('log', { name: 'Packets' }).getByText('ack id 0').last().waitFor();
  await pages.Ada.screenshot({ path: FILE });
  console.log(`docs/chat.png: ${Math.ceil(statSync(FILE).size / 1_024)} KiB`);
} finally {
  await browser.close();
  await chat.close();
}

async function logIn(name) {
  const context = await browser.newContext({ viewport: VIEWPORT, colorScheme: 'light', locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(chat.url);
  await page.getByLabel('Your name').fill(name);
  await press(page, 'Log in');
  await page.getByText(`Logged in as ${name}`).waitFor();
  return page;
}

/** Waits until everybody has got what one says. */
async function say(pages, name, text) {
  await pages[name].getByLabel('Your message').fill(text);
  await press(pages[name], 'Send');
  for (const page of Object.values(pages)) {
    await page.getByRole('log', { name: 'Messages' }).getByText(text).waitFor();
  }
}

async function press(page, name) {
  await page.getByRole('button', { name, exact: true }).click();
}
