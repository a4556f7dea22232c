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

/** What a page shows. */
interface SeenPage {
  path: string;
  title: string[];
  headings: string[];
  /** Where its links to other hosts lead. */
  links: string[];
  diagrams: { drawn: number; failed: number };
  /** Pictures that were not found. */
  lost: number;
  /** What a reader would have to scroll sideways for. */
  tooWide: { pixels: string[]; parts: string[] };
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
const WIDTHS = [390, 1280];

describe('the site', () => {
  const browser = new TestBrowser();
  let folder: string;
  let server: Server;
  let url: string;
  let pages: string[];
  const seen: SeenPage[] = [];
  /** The hosts of all requests. */
  const hosts = new Set<string>();

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
    await browser.open();
    const page = await open(1280);
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    const others = ['index.html', 'modules/index.html', 'interfaces/index.AuthorizeOptions.html'];
    for (const path of [...others, ...pages]) seen.push(await look(page, path));
    await browser.closeProfile();
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

  const blocksOf = (path: string): number =>
    readFileSync(join(folder, path), 'utf8').split('<code class="mermaid">').length - 1;

  /** Reads a page once, for all that is asked of it: to load one takes a second. */
  async function look(page: Page, path: string): Promise<SeenPage> {
    await page.setViewportSize({ width: 1280, height: 844 });
    await page.goto(url + path);
    const blocks = blocksOf(path);
    if (blocks > 0)
      await page
        .locator('figure.diagram svg')
        .nth(blocks - 1)
        .waitFor();
    const links = page.locator('.col-content a[href^="http"]');
    return {
      path,
      title: await page.locator('h1').allTextContents(),
      headings: await page.locator('.col-content :is(h1, h2, h3)').allTextContents(),
      links: await links.evaluateAll((all) =>
        (all as unknown as Element[]).map((link) => link.getAttribute('href') ?? ''),
      ),
      diagrams: {
        drawn: await page.locator('figure.diagram svg').count(),
        failed: await page.locator('code.mermaid, .error-icon').count(),
      },
      lost: await page.evaluate<number>('[...document.images].filter((one) => !one.naturalWidth).length'),
      tooWide: await findTooWide(page),
    };
  }

  async function findTooWide(page: Page): Promise<SeenPage['tooWide']> {
    const found: SeenPage['tooWide'] = { pixels: [], parts: [] };
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 });
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (wide > 0) found.pixels.push(`${wide} in ${width}`);
      if (width > 769) continue;
      const parts = page.locator('.col-content :is(pre, table, p)');
      found.parts.push(
        ...(await parts.evaluateAll((all) =>
          (all as unknown as Element[])
            .filter((part) => part.scrollWidth > part.clientWidth + 1)
            .map((part) => part.outerHTML.slice(0, 200)),
        )),
      );
    }
    return found;
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

  it('has one title a page, and it once; links no host that is a word of the text', () => {
    for (const { path, title, headings, links } of seen) {
      expect(title, path).to.have.length(1);
      expect(
        headings.filter((one) => one.trim() === headings[0]?.trim()),
        path,
      ).to.have.length(1);
      expect(
        links.filter((href) => /^http:\/\/Socket\.IO/i.test(href)),
        path,
      ).to.deep.equal([]);
    }
  });

  it('draws every diagram; every page loads, with its pictures, from the site alone', () => {
    let count = 0;
    for (const { path, diagrams, lost } of seen) {
      const blocks = blocksOf(path);
      count += blocks;
      expect(diagrams, path).to.deep.equal({ drawn: blocks, failed: 0 });
      expect(lost, path).to.equal(0);
    }
    expect(count).to.be.above(1);
    expect([...hosts]).to.deep.equal([new URL(url).host]);
  });

  it(`reads without sideways scrolling, ${WIDTHS.join(' and ')} pixels wide`, () => {
    for (const { path, tooWide } of seen) {
      expect(tooWide.pixels, path).to.deep.equal([]);
      expect(tooWide.parts, path).to.deep.equal([]);
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
