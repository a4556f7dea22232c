import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import type { RequestHandler } from 'express';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { backchannelLogout } from '../../lib/oidc';
import { Warnings } from '../support/warnings';
import { World } from '../support/world';
import { bad, DONE, Keys, LATER, now, PATH, post, toAnswer } from './kit';
import type { LogoutAnswer } from './kit';

type Logout = ReturnType<typeof backchannelLogout>;

const FORM = 'application/x-www-form-urlencoded';

/** A server of one framework with the endpoint; closed by what it gives back. */
type Mount = (logout: Logout) => Promise<{ url: string; close(): Promise<unknown> }>;

async function listen(listener: RequestListener): Promise<{ url: string; close(): Promise<unknown> }> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const onExpress =
  (...parsers: RequestHandler[]): Mount =>
  (logout) => {
    const app = express();
    for (const parser of parsers) app.use(parser);
    app.all(PATH, logout);
    return listen(app);
  };

const onFastify =
  (setUp: (app: FastifyInstance) => unknown): Mount =>
  async (logout) => {
    const app = Fastify();
    setUp(app);
    app.all(PATH, (request, reply) => {
      reply.hijack();
      logout(Object.assign(request.raw, { body: request.body }), reply.raw);
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return {
      url: `${url}${PATH}`,
      close: () => {
        app.server.closeAllConnections();
        return app.close();
      },
    };
  };

const MOUNTS: [name: string, mount: Mount][] = [
  ['plain http', (logout) => listen(logout)],
  ['Express without a body parser', onExpress()],
  ['Express with its parser of forms', onExpress(express.urlencoded())],
  ['Express with its extended parser of forms', onExpress(express.urlencoded({ extended: true }))],
  ['Express with a parser of JSON alone', onExpress(express.json())],
  // As the parsers of Express 4 do for what they do not read.
  [
    'Express with a parser that leaves an empty body',
    onExpress((request, _response, next) => {
      request.body = {};
      next();
    }),
  ],
  ['Express with a parser of text', onExpress(express.text({ type: FORM }))],
  ['Express with a parser of bytes', onExpress(express.raw({ type: FORM }))],
  [
    'Fastify without a parser',
    onFastify((app) => app.addContentTypeParser(FORM, (_request, _raw, done) => done(null))),
  ],
  [
    'Fastify with a parser of forms',
    onFastify((app) =>
      app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, text, done) =>
        done(null, Object.fromEntries(new URLSearchParams(String(text)))),
      ),
    ),
  ],
  [
    'Fastify with a parser of text',
    onFastify((app) =>
      app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, text, done) => done(null, text)),
    ),
  ],
];

describe('the endpoint for logouts', () => {
  let keys: Keys;
  let world: World;
  let logout: Logout;
  let served: Awaited<ReturnType<Mount>>;

  before(async () => {
    keys = await new Keys().listen();
  });
  beforeEach(async () => {
    world = await new World().listen();
    const auth = world.authorize();
    auth.attach(world.io);
    logout = backchannelLogout(auth, keys.options);
  });
  afterEach(async () => {
    await served.close();
    await world.close();
  });
  after(() => keys.endpoint.close());

  const send = async (type: string, body: string): Promise<LogoutAnswer> =>
    toAnswer(await fetch(served.url, { method: 'POST', headers: { 'content-type': type }, body }));

  for (const [name, mount] of MOUNTS) {
    describe(`on ${name}`, () => {
      beforeEach(async () => {
        served = await mount(logout);
      });

      it('accepts a logout token, and refuses a bad one', async () => {
        expect(await post(served.url, { logout_token: await keys.logoutToken() })).to.deep.equal(DONE);
        const expired = await keys.logoutToken({ exp: now() - 100 });
        expect(await post(served.url, { logout_token: expired })).to.deep.equal(
          bad('logout_token: jwt expired'),
        );
      });

      it('accepts a form with unknown parameters', async () => {
        const form = { state: 'x', logout_token: await keys.logoutToken() };
        expect(await post(served.url, form)).to.deep.equal(DONE);
      });

      for (const [what, form] of [
        ['without a logout token', 'token=x'],
        ['with an empty logout token', 'logout_token='],
        ['with two logout tokens', 'logout_token=a&logout_token=b'],
      ] as const) {
        it(`refuses a form ${what}`, async () => {
          const answer = await send(FORM, form);
          // A parser that keeps the last of two leaves nothing to see of the other.
          expect(answer).to.include({ status: 400, cache: 'no-store' });
        });
      }

      for (const method of ['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
        it(`answers ${method} with 405`, async () => {
          const response = await fetch(served.url, { method });
          expect(response.headers.get('allow')).to.equal('POST');
          expect(await toAnswer(response)).to.deep.equal({ status: 405, cache: 'no-store', text: '' });
        });
      }
    });
  }

  describe('on each of them', () => {
    const start = async (...parsers: RequestHandler[]): Promise<void> => {
      served = await onExpress(...parsers)(logout);
    };
    const MISSING = bad('the body must have one logout_token');
    const TOO_LONG = bad('the body must have at most 65536 bytes');
    const WRONG_TYPE = bad('the body must be application/x-www-form-urlencoded');

    it('accepts the media type in upper or lower case, and with parameters', async () => {
      await start();
      const body = `logout_token=${await keys.logoutToken()}`;
      expect(await send('Application/X-WWW-Form-Urlencoded; charset=UTF-8', body)).to.deep.equal(DONE);
    });

    it('refuses another media type, even if a parser has read the body', async () => {
      await start(express.json());
      const logout_token = await keys.logoutToken();
      expect(await send('application/json', JSON.stringify({ logout_token }))).to.deep.equal(WRONG_TYPE);
      expect(await send('text/plain', `logout_token=${logout_token}`)).to.deep.equal(WRONG_TYPE);
      expect(await send(`${FORM}x`, `logout_token=${logout_token}`)).to.deep.equal(WRONG_TYPE);
      const bare = await fetch(served.url, { method: 'POST' });
      expect(await toAnswer(bare)).to.deep.equal(WRONG_TYPE);
    });

    it('refuses two logout tokens, and one that is not a string', async () => {
      await start();
      const token = await keys.logoutToken();
      expect(await send(FORM, `logout_token=${token}&logout_token=${token}`)).to.deep.equal(MISSING);
      await served.close();
      await start(express.urlencoded({ extended: true }));
      expect(await send(FORM, `logout_token[]=${token}`)).to.deep.equal(MISSING);
      expect(await send(FORM, `logout_token[a]=${token}`)).to.deep.equal(MISSING);
    });

    it('ignores a logout token in the query', async () => {
      await start(express.urlencoded());
      const url = `${served.url}?logout_token=${await keys.logoutToken()}`;
      expect(await post(url, { state: 'x' })).to.deep.equal(MISSING);
    });

    it('ignores a logout token that a body inherits', async () => {
      const logout_token = await keys.logoutToken();
      await start((request, _response, next) => {
        request.body = Object.create({ logout_token }) as object;
        next();
      });
      expect(await send(FORM, 'state=x')).to.deep.equal(MISSING);
    });

    it('does not wait for a body that other code has read and discarded', async () => {
      await start((request, _response, next) => {
        request.on('data', () => undefined).on('end', next);
      });
      expect(await send(FORM, `logout_token=${await keys.logoutToken()}`)).to.deep.equal(MISSING);
    });

    it('accepts 64 KiB and not a byte more, even if a parser has read the body', async () => {
      for (const parsers of [[], [express.text({ type: FORM, limit: '1mb' })]]) {
        await start(...parsers);
        const body = `logout_token=${await keys.logoutToken()}&x=`;
        expect(await send(FORM, body.padEnd(65_536, 'x'))).to.deep.equal(DONE);
        expect(await send(FORM, body.padEnd(65_537, 'x'))).to.deep.equal(TOO_LONG);
        await served.close();
      }
      await start(express.urlencoded({ limit: '1mb' }));
      expect(await send(FORM, `logout_token=${'x'.repeat(65_537)}`)).to.deep.equal(TOO_LONG);
    });

    it('answers an endless body, and closes its connection', async () => {
      await start();
      const { port } = new URL(served.url);
      const socket = connect(Number(port), '127.0.0.1');
      const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
      // The server may close before everything is written.
      socket.on('error', () => undefined);
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.write(
        `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 999999999\r\n\r\n`,
      );
      socket.write('x'.repeat(70_000));
      await closed;
      expect(answer)
        .to.match(/^HTTP\/1\.1 400 /)
        .and.include('at most 65536 bytes');
    });

    it('survives a client that aborts its request', async () => {
      let isOver: (() => void) | undefined;
      const over = new Promise<void>((resolve) => (isOver = resolve));
      await start((_request, response, next) => {
        response.on('close', () => isOver?.());
        next();
      });
      const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
      socket.write(
        `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 99\r\n\r\nlogout`,
        () => socket.destroy(),
      );
      await over;
      expect(await post(served.url, { logout_token: await keys.logoutToken() })).to.deep.equal(DONE);
    });

    it('asks the provider to try again if revoke() rejects with a value that throws when it is looked at', async () => {
      const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
      revoke();
      const warnings = new Warnings();
      // As a wrapper around an authorizer may do.
      served = await listen(backchannelLogout({ revoke: () => Promise.reject(proxy) }, keys.options));
      expect(await post(served.url, { logout_token: await keys.logoutToken() })).to.deep.equal(LATER);
      expect(await warnings.next()).to.include({
        message: 'backchannelLogout(): revoke() failed',
        detail: 'threw a value of type object',
      });
      warnings.close();
    });

    it('sends nothing if the application has answered already', async () => {
      await start((_request, response, next) => {
        response.status(202).end('mine');
        next();
      });
      for (const form of [{ logout_token: await keys.logoutToken() }, { state: 'x' }])
        expect(await post(served.url, form)).to.include({ status: 202, text: 'mine' });
      expect(await (await fetch(served.url)).text()).to.equal('mine');
      // And it is still there.
      expect((await fetch(served.url, { method: 'PUT' })).status).to.equal(202);
    });
  });
});
