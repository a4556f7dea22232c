import { once } from 'node:events';
import { createServer as createHttp2, connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { authorize } from '../../lib';
import type { AuthorizeOptions } from '../../lib';
import { CERTIFICATE } from '../support/certificate';
import { NamespaceInbox } from '../support/namespace-inbox';
import { connectError, refusal, show } from '../support/refusals';
import { createToken, SECRET } from '../support/tokens';
import { Warnings } from '../support/warnings';
import type { ClientOptions } from '../support/world';
import { TestClient, World } from '../support/world';

const COOKIE = `theme=dark; jwt=${createToken({ sub: 'bob' })}`;
const EVIL = 'https://evil.example';

describe("a page that connects with its visitor's cookie", () => {
  let world: World;
  let told: NamespaceInbox;
  let warnings: Warnings;

  beforeEach(async () => {
    warnings = new Warnings();
    world = await new World({ cors: { origin: 'https://app.example' } }).listen();
    told = new NamespaceInbox(world.io.of('/'));
  });

  afterEach(async () => {
    await world.close();
    warnings.close();
  });

  function guard(options: Partial<AuthorizeOptions> = {}): void {
    world.authorize({ cookie: 'jwt', handshake: true, ...options }).attach(world.io);
  }

  const page = (headers: Record<string, string>, transport = 'websocket'): ClientOptions => ({
    transports: [transport],
    extraHeaders: { cookie: COOKIE, ...headers },
  });

  async function expectWarning(origin = EVIL): Promise<void> {
    expect((await warnings.next()).message)
      .to.include(JSON.stringify(origin))
      .and.to.include('options.origins');
  }

  for (const transport of ['websocket', 'polling']) {
    it(`of another origin is refused at the handshake, over ${transport}`, async () => {
      guard();
      for (let times = 0; times < 2; times += 1) {
        const data = await connectError(world.client('/', page({ origin: EVIL }, transport)));
        expect(data).to.include({ code: 'credentials_required' });
      }
      await expectWarning();
    });

    it(`of another origin cannot log in by its first authenticate, over ${transport}`, async () => {
      guard({ handshake: false });
      const client = await world.connected('/', page({ origin: EVIL }, transport));
      client.socket.emit('authenticate');
      expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'malformed' });
      await expectWarning();
    });

    it(`of the server's own origin is accepted, and so is a client that is no page, over ${transport}`, async () => {
      guard();
      for (const headers of [{ origin: world.url }, {}]) {
        await world.client('/', page(headers, transport)).until('authenticated');
      }
    });

    it(`of a listed origin is accepted, over ${transport}`, async () => {
      guard({ origins: ['https://App.example:443', 'capacitor://localhost'] });
      for (const origin of ['https://app.example', 'capacitor://localhost'])
        await world.client('/', page({ origin }, transport)).until('authenticated');
    });
  }

  it("of the server's own origin can log in by its first authenticate", async () => {
    guard({ handshake: false });
    const client = await world.connected('/', page({ origin: world.url }));
    client.socket.emit('authenticate');
    await client.until('authenticated');
    expect(await told.socket('authenticated')).to.have.nested.property('decoded_token.sub', 'bob');
  });

  for (const origin of ['null', 'file://', 'http://127.0.0.1', 'http://127.0.0.1.evil.example', '']) {
    it(`of the origin '${origin}' is refused`, async () => {
      guard();
      expect(await connectError(world.client('/', page({ origin })))).to.include({
        code: 'credentials_required',
      });
      await expectWarning(origin);
    });
  }

  it('is refused whatever it puts into other headers', async () => {
    guard();
    const headers = {
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
      referer: world.url,
    };
    const data = await connectError(world.client('/', page({ origin: EVIL, ...headers })));
    expect(data).to.include({ code: 'credentials_required' });
    await expectWarning();
  });

  it('is accepted with any other token that it has', async () => {
    guard();
    const options = { ...page({ origin: EVIL }), auth: { token: createToken({ sub: 'eve' }) } };
    await world.client('/', options).until('authenticated');
    expect(await told.socket('authenticated')).to.have.nested.property('decoded_token.sub', 'eve');
  });

  it('can send its own token after the server has ignored the cookie', async () => {
    guard({ handshake: false });
    const client = await world.connected('/', page({ origin: EVIL }));
    expect(await show(client, createToken({ sub: 'eve' }))).to.include({ ok: true });
  });

  it('never has its cookie sent to other nodes, even if the server has ignored the cookie', async () => {
    guard({ handshake: false });
    await world.connected('/', page({ origin: EVIL }));
    const [pending] = world.io.of('/').sockets.values();
    expect(pending?.handshake.headers.cookie).to.equal('theme=dark');
  });

  for (const handshake of [true, false]) {
    it(`is refused as a script of another site, which sends no Origin (JSONP), handshake: ${handshake}`, async () => {
      guard({ handshake });
      const base = `${world.url}/socket.io/?EIO=4&transport=polling&j=0`;
      const headers = { cookie: COOKIE };
      const script = await (await fetch(base, { headers })).text();
      // Any page can read this: ___eio[0]("0{\"sid\":\"…\"}");
      const { sid } = JSON.parse(
        (JSON.parse(script.slice(script.indexOf('(') + 1, -2)) as string).slice(1),
      ) as {
        sid: string;
      };
      const session = `${base}&sid=${sid}`;
      const post = (packet: string): Promise<Response> => {
        const form = { 'content-type': 'application/x-www-form-urlencoded', origin: EVIL };
        return fetch(session, {
          method: 'POST',
          headers: { ...headers, ...form },
          body: new URLSearchParams({ d: packet }),
        });
      };
      await post('40');
      if (!handshake) await post('42["authenticate"]');
      let answers = '';
      while (!answers.includes('unauthorized') && !answers.includes('no token provided'))
        answers += await (await fetch(session, { headers })).text();
      expect(answers).not.to.include('authenticated","');
      expect(told.events).not.to.include('authenticated');
      await expectWarning('a script of an unknown page (JSONP)');
    });
  }

  it('is accepted with Engine.IO 3 as with 4', async () => {
    await world.close();
    world = await new World({ allowEIO3: true }).listen();
    guard();
    const handshake = async (origin: string): Promise<string> => {
      const headers = { cookie: COOKIE, origin };
      const base = `${world.url}/socket.io/?EIO=3&transport=polling`;
      const greeting = await (await fetch(base, { headers })).text();
      const { sid } = JSON.parse(/\{.*?\}/.exec(greeting)?.[0] ?? '{}') as { sid: string };
      return (await fetch(`${base}&sid=${sid}`, { headers })).text();
    };
    expect(await handshake(world.url)).to.include('authenticated');
    expect(await handshake(EVIL)).to.include('no token provided');
    await expectWarning();
  });

  describe('over TLS', () => {
    let server: HttpServer;
    let io: Server;
    const clients: TestClient[] = [];

    async function listen(): Promise<string> {
      io.use(auth);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    let auth: ReturnType<typeof authorize>;
    beforeEach(() => {
      auth = authorize({ secret: SECRET, cookie: 'jwt', handshake: true });
    });

    afterEach(async () => {
      for (const client of clients.splice(0)) client.socket.disconnect();
      auth.close();
      await io.close();
    });

    it('of the same host without TLS is refused: whoever controls the network can write such a page', async () => {
      server = createHttps(CERTIFICATE);
      io = new Server(server);
      const host = await listen();
      const open = (origin: string): TestClient => {
        const options = {
          ...page({ origin }),
          rejectUnauthorized: false,
          forceNew: true,
          reconnection: false,
        };
        const client = new TestClient(connect(`https://${host}`, options));
        clients.push(client);
        return client;
      };
      await open(`https://${host}`).until('authenticated');
      expect(await connectError(open(`http://${host}`))).to.include({ code: 'credentials_required' });
      await expectWarning(`http://${host}`);
    });

    it("of the host in HTTP/2's :authority is accepted", async () => {
      server = createHttp2() as unknown as HttpServer;
      io = new Server(server);
      const host = await listen();
      const session = connectHttp2(`http://${host}`);
      const ask = (origin: string): Promise<string> => poll(session, { cookie: COOKIE, origin });
      expect(await ask(`http://${host}`)).to.include('authenticated');
      expect(await ask(EVIL)).to.include('no token provided');
      session.close();
      await expectWarning();
    });
  });
});

/** Connects by polling, over HTTP/2, and tells what the server answered. */
async function poll(session: ClientHttp2Session, headers: Record<string, string>): Promise<string> {
  const send = async (path: string, body?: string): Promise<string> => {
    const method = body === undefined ? 'GET' : 'POST';
    const stream = session.request({
      ...headers,
      ':method': method,
      ':path': path,
      'content-type': 'text/plain',
    });
    stream.setEncoding('utf8');
    stream.end(body);
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  };
  const base = '/socket.io/?EIO=4&transport=polling';
  const { sid } = JSON.parse((await send(base)).slice(1)) as { sid: string };
  await send(`${base}&sid=${sid}`, '40');
  let answers = '';
  while (!answers.includes('authenticated') && !answers.includes('no token'))
    answers += await send(`${base}&sid=${sid}`);
  return answers;
}
