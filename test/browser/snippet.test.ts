import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import { readText } from '../support/repository';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import { TestBrowser } from './kit';

/** As in the README, with a token that the page finds in `sessionStorage`. */
const SNIPPET = (url: string): string => `
  const socket = io.connect('${url}');
  socket.on('connect', () => {
    socket
      .on('authenticated', () => { document.title = 'authenticated'; })
      .on('unauthorized', (error) => { document.title = error.data.code; })
      .emit('authenticate', { token: sessionStorage.token });
  });`;

/** With the client's file for a script tag. */
const HELPED = (url: string): string => `
  const socket = io.connect('${url}', { autoConnect: false });
  const auth = SocketioAuthorize.authenticate(socket, { token: sessionStorage.token });
  auth.on('unauthorized', (error) => { document.title = error.code; });
  auth.ready.then(() => { document.title = 'authenticated'; }, () => {});
  socket.connect();`;

describe('A plain page, with the client script of Socket.IO', () => {
  const browser = new TestBrowser();
  let world: World;
  let script: (url: string) => string;

  before(function () {
    return browser.launch(this);
  });
  beforeEach(async () => {
    world = await new World().listen();
    world.http.on('request', serve);
    world.io.on('connection', world.authorize());
    await browser.open();
  });
  afterEach(async () => {
    await browser.closeProfile();
    await world.close();
  });
  after(() => browser.close());

  function url(): string {
    return world.url.replace('127.0.0.1', 'localhost');
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/empty') response.setHeader('Content-Type', 'text/html').end('<title>empty</title>');
    if (request.url === '/client.min.js') response.end(readText('dist/client.min.js'));
    if (request.url !== '/') return;
    response.setHeader('Content-Type', 'text/html').end(`<!doctype html><title>waiting</title>
      <script src="/socket.io/socket.io.js"></script><script src="/client.min.js"></script>
      <script>${script(url())}</script>`);
  }

  /** The title that the page gives itself, with a token in `sessionStorage`. */
  async function outcome(token: string): Promise<string> {
    const tab = await browser.tab(`${url()}/empty`);
    await tab.page.evaluate(`sessionStorage.token = ${JSON.stringify(token)}`);
    await tab.page.goto(url());
    // Looked at and taken at once: a title that is read later may be another one.
    const title = await tab.page.waitForFunction("document.title !== 'waiting' && document.title");
    expect(tab.faults).to.deep.equal([]);
    return String(await title.jsonValue());
  }

  for (const [name, code] of [
    ['the snippet', SNIPPET],
    ['the client for a script tag', HELPED],
  ] as const) {
    it(`logs in with ${name}`, async () => {
      script = code;
      const server = new Promise((resolve) => {
        world.io.on('authenticated', (socket: { decoded_token: unknown }) => resolve(socket.decoded_token));
      });
      expect(await outcome(createToken({ sub: 'bob', name: 'Bob' }))).to.equal('authenticated');
      expect(await server).to.include({ name: 'Bob' });
    });

    it(`is refused with ${name} and a token that is none`, async () => {
      script = code;
      expect(await outcome('nonsense')).to.equal('invalid_token');
    });
  }
});
