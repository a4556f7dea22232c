import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize, resolve } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { TestBrowser } from '../browser/kit';
import { execute } from '../support/project';
import { ROOT } from '../support/repository';

/** What of an element the tests read in the browser. */
interface Element {
  getAttribute(name: string): string | null;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly outerHTML: string;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const WIDTHS = [390, 1280];

describe('the site', () => {
  const browser = new TestBrowser();
  let folder: string;
  let server: Server;
  let url: string;
  let pages: string[];

  before(async function () {
    await browser.launch(this);
    folder = await mkdtemp(join(tmpdir(), 'socketio-authorize-site-'));
    const { code, stdout, stderr } = await execute(
      process.execPath,
      [resolve(ROOT, 'scripts/site/build.mjs'), folder],
      ROOT,
    );
    expect(code, (stdout + stderr).slice(-2000)).to.equal(0);
    pages = readdirSync(join(folder, 'documents')).map((name) => `documents/${name}`);
    server = createServer((request, response) => {
      const asked = decodeURIComponent(new URL(request.url ?? '/', 'http://a').pathname);
      const path = asked === '/' ? '/index.html' : normalize(asked);
      try {
        const body = readFileSync(join(folder, path));
        response.setHeader('content-type', TYPES[extname(path)] ?? 'text/plain');
        response.end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => browser.open());
  afterEach(() => browser.closeProfile());

  async function open(width: number): Promise<Page> {
    const { page } = await browser.tab('about:blank');
    await page.setViewportSize({ width, height: 844 });
    return page;
  }

  it('has every document of docs/ as a page', () => {
    const documents = readdirSync(resolve(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
    for (const name of documents) {
      const [, title = ''] = /^# (.+)$/m.exec(readFileSync(resolve(ROOT, 'docs', name), 'utf8')) ?? [];
      const shown = [...pages, 'index.html'].some((page) =>
        readFileSync(join(folder, page), 'utf8').includes(`<h1>${title.replaceAll('`', '')}</h1>`),
      );
      expect(shown, name).to.equal(true);
    }
  });

  it('opens with getting started', async () => {
    const page = await open(1280);
    await page.goto(url);
    expect(await page.locator('h1').allTextContents()).to.deep.equal(['Getting started']);
  });

  it('has one title a page, and it once; links no host that is a word of the text', async () => {
    const page = await open(1280);
    for (const path of ['index.html', ...pages]) {
      await page.goto(url + path);
      const headings = await page.locator('.col-content :is(h1, h2, h3)').allTextContents();
      const [title = ''] = headings;
      expect(await page.locator('h1').count(), path).to.equal(1);
      expect(
        headings.filter((one) => one.trim() === title.trim()),
        path,
      ).to.have.length(1);
      const hosts = await page
        .locator('.col-content a[href^="http"]')
        .evaluateAll((links) =>
          (links as unknown as Element[]).map((link) => link.getAttribute('href') ?? ''),
        );
      expect(
        hosts.filter((href) => /^http:\/\/Socket\.IO/i.test(href)),
        path,
      ).to.deep.equal([]);
    }
  });

  it('draws every diagram, with files of its own alone', async () => {
    const page = await open(1280);
    const hosts = new Set<string>();
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    let count = 0;
    for (const path of ['index.html', ...pages]) {
      const blocks = readFileSync(join(folder, path), 'utf8').split('<code class="mermaid">').length - 1;
      if (blocks === 0) continue;
      count += blocks;
      await page.goto(url + path);
      await page
        .locator('figure.diagram svg')
        .nth(blocks - 1)
        .waitFor();
      expect(await page.locator('figure.diagram svg').count(), path).to.equal(blocks);
      expect(await page.locator('code.mermaid, .error-icon').count(), path).to.equal(0);
    }
    expect(count).to.be.above(1);
    expect([...hosts]).to.deep.equal([new URL(url).host]);
  });

  it(`reads without sideways scrolling, ${WIDTHS.join(' and ')} pixels wide`, async () => {
    const page = await open(1280);
    for (const path of [
      'index.html',
      ...pages,
      'modules/index.html',
      'interfaces/index.AuthorizeOptions.html',
    ]) {
      await page.goto(url + path);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 844 });
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect(wide, `${path}, ${width} pixels`).to.be.at.most(0);
        if (width > 769) continue;
        const inside = await page
          .locator('.col-content :is(pre, table, p)')
          .evaluateAll((parts) =>
            (parts as unknown as Element[])
              .filter((part) => part.scrollWidth > part.clientWidth + 1)
              .map((part) => part.outerHTML.slice(0, 200)),
          );
        expect(inside, path).to.deep.equal([]);
      }
    }
  });

  it('finds documents by what is in them', async () => {
    const page = await open(1280);
    await page.goto(url);
    await page.keyboard.press('/');
    await page.locator('#tsd-search-input').fill('recheckInterval');
    await page.locator('#tsd-search-results li').first().waitFor();
    const found = await page
      .locator('#tsd-search-results a')
      .evaluateAll((links) => (links as unknown as Element[]).map((link) => link.getAttribute('href') ?? ''));
    expect(found.some((href) => href.includes('documents/'))).to.equal(true);
  });
});
