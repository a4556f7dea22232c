import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect } from 'chai';
import { ROOT } from '../support/repository';
import { createToken } from '../support/tokens';
import { World } from '../support/world';
import { TestBrowser } from './kit';

/** A page that shows who is logged in, and what was said to all. */
const PAGE = `
  import { createElement, StrictMode, useEffect, useState } from 'react';
  import { createRoot } from 'react-dom/client';
  import { useAuthorizedSocket } from './use-authorized-socket.js';

  function Greeting({ user }) {
    const { socket, state, logIn, logOut } = useAuthorizedSocket(location.origin, () => window.tokens[user]);
    const [text, setText] = useState('nothing');
    useEffect(() => {
      socket?.on('said', setText);
      return () => socket?.off('said', setText);
    }, [socket]);
    return createElement('div', null,
      createElement('p', null, user + ' is ' + state + ', heard ' + text),
      createElement('button', { onClick: logOut }, 'Log out'),
      createElement('button', { onClick: logIn }, 'Log in again'));
  }
  function App() {
    const [user, setUser] = useState('bob');
    return createElement('div', null,
      user && createElement(Greeting, { user, key: user }),
      createElement('button', { onClick: () => setUser('carol') }, 'Be Carol'),
      createElement('button', { onClick: () => setUser(undefined) }, 'Close'));
  }
  createRoot(document.getElementById('root')).render(createElement(StrictMode, null, createElement(App)));
`;

describe('The hook for React, in StrictMode', () => {
  const browser = new TestBrowser();
  let script: string;
  let world: World;

  before(async function () {
    await browser.launch(this);
    const { outputFiles } = await build({
      stdin: { contents: PAGE, resolveDir: join(ROOT, 'examples/react') },
      alias: { 'socketio-authorize/client': join(ROOT, 'dist/client.mjs') },
      bundle: true,
      write: false,
      define: { 'process.env.NODE_ENV': '"development"' },
    });
    script = outputFiles[0]?.text ?? '';
  });
  beforeEach(async () => {
    world = await new World().listen();
    world.http.on('request', serve);
    world.authorize().attach(world.io);
    await browser.open();
  });
  afterEach(async () => {
    await browser.closeProfile();
    await world.close();
  });
  after(() => browser.close());

  function serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/page.js') response.setHeader('Content-Type', 'text/javascript').end(script);
    if (request.url !== '/') return;
    const tokens = { bob: createToken({ sub: 'bob' }), carol: createToken({ sub: 'carol' }) };
    response.setHeader('Content-Type', 'text/html').end(`<!doctype html><title>React</title>
      <link rel="icon" href="data:,"><div id="root"></div>
      <script>window.tokens = ${JSON.stringify(tokens)}</script><script src="/page.js"></script>`);
  }

  /** The users of the sockets that are connected. */
  async function users(): Promise<unknown[]> {
    const sockets = await world.io.fetchSockets();
    return sockets.map(({ data }) => (data as { auth?: { claims: { sub: string } } }).auth?.claims.sub);
  }

  /** Resolves when every socket of now has left. */
  function allGone(): Promise<unknown> {
    return Promise.all(
      [...world.io.sockets.sockets.values()].map(
        (socket) => new Promise<void>((resolve) => socket.on('disconnect', () => resolve())),
      ),
    );
  }

  it('logs in once, follows a change of the user, and leaves with the component', async () => {
    const tab = await browser.tab(world.url);
    await tab.sees('bob is authenticated, heard nothing');
    expect(await users()).to.deep.equal(['bob']);
    world.io.emit('said', 'hello');
    await tab.sees('bob is authenticated, heard hello');

    const bob = allGone();
    await tab.press('Be Carol');
    await bob;
    await tab.sees('carol is authenticated, heard nothing');
    expect(await users()).to.deep.equal(['carol']);

    const carol = allGone();
    await tab.press('Close');
    await carol;
    expect(await users()).to.deep.equal([]);
    expect(tab.faults).to.deep.equal([]);
  });

  it('shows a logout and the next login', async () => {
    const tab = await browser.tab(world.url);
    await tab.sees('bob is authenticated');
    await tab.press('Log out');
    await tab.sees('bob is unauthorized');
    await tab.press('Log in again');
    await tab.sees('bob is authenticated');
    expect(tab.faults).to.deep.equal([]);
  });
});
